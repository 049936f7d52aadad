// One stream of server-sent events with its own retry; used in the page and in the shared worker.
export type EventName = 'points' | 'run' | 'lines' | 'text' | 'files' | 'alerts' | 'project' | 'reset';
export const EVENT_NAMES: EventName[] = ['points', 'run', 'lines', 'text', 'files', 'alerts', 'project', 'reset'];

export interface ChangeEvent {
  project?: number;
  run?: string;
  keys?: string[];
  fields?: string[];
}

export type StreamMessage =
  | { what: 'event'; name: EventName; data: ChangeEvent }
  | { what: 'open' }
  | { what: 'lost' };

const RETRY_MS = [500, 1000, 2000, 5000, 10000];

/** Opens the stream and keeps it open; returns what closes it. */
export function openStream(url: string, say: (m: StreamMessage) => void): () => void {
  let source: EventSource | null = null;
  let timer = 0;
  let tries = 0;
  let last = '';
  let closed = false;

  const connect = (): void => {
    source = new EventSource(last ? `${url}?last=${encodeURIComponent(last)}` : url);
    source.onopen = () => {
      tries = 0;
      say({ what: 'open' });
    };
    for (const name of EVENT_NAMES) {
      source.addEventListener(name, (e) => {
        const m = e as MessageEvent<string>;
        if (m.lastEventId) last = m.lastEventId;
        let data: ChangeEvent = {};
        try {
          data = JSON.parse(m.data) as ChangeEvent;
        } catch {
          data = {};
        }
        say({ what: 'event', name, data });
      });
    }
    source.onerror = () => {
      say({ what: 'lost' });
      source?.close();
      if (closed) return;
      timer = setTimeout(connect, RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)]) as unknown as number;
    };
  };

  connect();
  return () => {
    closed = true;
    clearTimeout(timer);
    source?.close();
  };
}
