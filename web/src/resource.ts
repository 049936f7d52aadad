// An answer of the server as a page shows it: old data stays while new data is fetched.
import { useEffect, useMemo, useRef, signal, type Signal } from './base';
import { ApiError } from './api';
import { listen, type LiveState } from './live';
import type { ChangeEvent, EventName } from './stream';

export type { LiveState };

export interface Resource<T> {
  data: Signal<T | undefined>;
  error: Signal<ApiError | undefined>;
  busy: Signal<boolean>;
  reload: () => void;
}

const RETRY_MS = 5000;

class Loader<T> implements Resource<T> {
  data = signal<T | undefined>(undefined);
  error = signal<ApiError | undefined>(undefined);
  busy = signal(false);
  load: (signal: AbortSignal) => Promise<T> = () => Promise.reject(new Error('not started'));
  gap = 0; // least time between two requests, ms
  private running: AbortController | null = null;
  private again = false;
  private timer = 0;
  private last = 0;

  reload = (): void => {
    if (this.running) {
      this.again = true;
      return;
    }
    if (this.timer) return;
    const wait = this.last + this.gap - Date.now();
    if (wait > 0 && this.last) {
      this.timer = setTimeout(() => {
        this.timer = 0;
        this.reload();
      }, wait) as unknown as number;
      return;
    }
    void this.run();
  };

  /** What is asked has changed: the running request is of no use. */
  restart(): void {
    this.stop();
    this.last = 0;
    this.reload();
  }

  stop(): void {
    this.running?.abort();
    this.running = null;
    this.again = false;
    clearTimeout(this.timer);
    this.timer = 0;
    this.busy.value = false;
  }

  private async run(): Promise<void> {
    const own = new AbortController();
    this.running = own;
    this.busy.value = true;
    this.last = Date.now();
    try {
      const data = await this.load(own.signal);
      if (this.running !== own) return;
      this.data.value = data;
      this.error.value = undefined;
    } catch (e) {
      if (this.running !== own) return;
      this.error.value = e instanceof ApiError ? e : new ApiError(0, 'page', String(e), '', '', null);
      if (this.error.value.status === 0 || this.error.value.status >= 500) this.retryLater();
    }
    this.running = null;
    this.busy.value = false;
    if (this.again) {
      this.again = false;
      this.reload();
    }
  }

  private retryLater(): void {
    if (this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = 0;
      this.reload();
    }, RETRY_MS) as unknown as number;
  }
}

/** Fetches when `deps` change, and on reload(); at most one request at a time, `gap` ms apart. */
export function useResource<T>(load: (signal: AbortSignal) => Promise<T>, deps: unknown[], gap = 0): Resource<T> {
  const loader = useMemo(() => new Loader<T>(), []);
  loader.load = load;
  loader.gap = gap;
  useEffect(() => {
    loader.restart();
    return () => loader.stop();
  }, deps);
  return loader;
}

/** Calls `on` for each event while the component is shown; a hidden page hears them when it is shown again. */
export function useLive(on: (name: EventName, change: ChangeEvent) => void): void {
  const latest = useRef(on);
  latest.current = on;
  useEffect(() => {
    let missed = false;
    const shown = (): void => {
      if (!document.hidden && missed) {
        missed = false;
        latest.current('reset', {});
      }
    };
    document.addEventListener('visibilitychange', shown);
    const stop = listen((name, change) => {
      if (document.hidden) missed = true;
      else latest.current(name, change);
    });
    return () => {
      document.removeEventListener('visibilitychange', shown);
      stop();
    };
  }, []);
}
