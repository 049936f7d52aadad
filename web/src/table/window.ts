// The rows of a search, fetched in windows of 200 as they come into view.  How many there are is asked
// apart, so that no row waits for a count.
import { signal } from '../base';
import { ApiError, post } from '../api';
import type { RunPage, RunRow } from '../types';

export const WINDOW = 200;

export interface RunQuery {
  project?: string;
  filter: string;
  order: string;
  columns: string[];
  deleted?: boolean;
}

export class RunWindow {
  total = signal<number | null>(null); // exact; null: not known yet
  known = signal(0); // so many there are at least
  error = signal<ApiError | null>(null);
  busy = signal(false);
  /** Goes up whenever rows have changed. */
  version = signal(0);
  stale = signal(false); // rows are those of the query before
  private pages = new Map<number, RunRow[]>();
  private asked = new Map<number, AbortController>();
  private counting: AbortController | null = null;
  private seen: [number, number] = [0, 0];
  private query: RunQuery | null = null;
  private text = '';
  private timer = 0;
  private last = 0;

  row(i: number): RunRow | undefined {
    return this.pages.get(Math.floor(i / WINDOW))?.[i % WINDOW];
  }

  find(id: string): RunRow | undefined {
    for (const page of this.pages.values()) {
      const found = page.find((r) => r.id === id);
      if (found) return found;
    }
    return undefined;
  }

  /** All rows that are here, in order. */
  rows(): RunRow[] {
    return [...this.pages.entries()].sort((a, b) => a[0] - b[0]).flatMap((e) => e[1]);
  }

  ask(query: RunQuery): void {
    const text = JSON.stringify(query);
    if (text === this.text) return;
    this.text = text;
    this.query = query;
    this.cancel();
    this.stale.value = this.pages.size > 0;
    this.need(0, 1);
  }

  /** Rows first..last are on the screen. */
  show(first: number, last: number): void {
    this.seen = [first, last];
    for (let p = Math.floor(first / WINDOW); p <= Math.floor(last / WINDOW); p++) if (!this.pages.has(p)) this.need(p, 0);
  }

  /** What is on the screen may have changed; asked again at most once in `gap` ms. */
  refresh(gap: number): void {
    if (this.timer) return;
    const wait = Math.max(0, this.last + gap - Date.now());
    this.timer = setTimeout(() => {
      this.timer = 0;
      for (let p = Math.floor(this.seen[0] / WINDOW); p <= Math.floor(this.seen[1] / WINDOW); p++) this.need(p, 0);
    }, wait) as unknown as number;
  }

  cancel(): void {
    clearTimeout(this.timer);
    this.timer = 0;
    for (const a of this.asked.values()) a.abort();
    this.asked.clear();
    this.counting?.abort();
    this.counting = null;
    this.busy.value = false;
  }

  private need(page: number, fresh: 0 | 1): void {
    if (this.asked.has(page) || !this.query) return;
    const own = new AbortController();
    this.asked.set(page, own);
    this.busy.value = true;
    this.last = Date.now();
    post<RunPage>('runs/search', this.body(this.query, { limit: WINDOW, offset: page * WINDOW }), { signal: own.signal })
      .then((reply) => {
        if (this.asked.get(page) !== own) return;
        if (fresh || this.stale.value) this.pages.clear();
        this.stale.value = false;
        this.pages.set(page, reply.runs);
        this.note(page * WINDOW + reply.runs.length, !reply.next && (page === 0 || reply.runs.length > 0), fresh);
        this.error.value = null;
        this.version.value++;
      })
      .catch((e: unknown) => {
        if (this.asked.get(page) !== own) return;
        this.error.value = e instanceof ApiError ? e : new ApiError(0, 'page', String(e), '', '', null);
      })
      .finally(() => {
        if (this.asked.get(page) === own) this.asked.delete(page);
        this.busy.value = this.asked.size > 0;
      });
  }

  private body({ filter, ...rest }: RunQuery, more: Record<string, unknown>): Record<string, unknown> {
    return { ...rest, ...more, ...(filter ? { filter } : {}) };
  }

  /** A window has come that ends at row `end`, and perhaps is the last. */
  private note(end: number, last: boolean, fresh: 0 | 1): void {
    if (last) {
      this.counting?.abort();
      this.counting = null;
      this.total.value = this.known.value = end;
      return;
    }
    if (fresh) this.total.value = null;
    this.known.value = fresh ? end : Math.max(this.known.value, end);
    this.count();
  }

  private count(): void {
    if (this.counting || !this.query) return;
    const own = new AbortController();
    this.counting = own;
    post<RunPage>('runs/search', this.body(this.query, { limit: 0, total: true }), { signal: own.signal })
      .then((reply) => {
        if (this.counting !== own) return;
        this.total.value = reply.total;
        this.version.value++;
      })
      .catch(() => undefined) // rows are shown without a count
      .finally(() => {
        if (this.counting === own) this.counting = null;
      });
  }
}
