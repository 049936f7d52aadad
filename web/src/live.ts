// What has changed on the server, told to whoever shows it. Events name things; the listener fetches again.
import { signal } from './base';
import { base, workerUrl } from './boot';
import { openStream, type ChangeEvent, type EventName, type StreamMessage } from './stream';

export type LiveState = 'connecting' | 'live' | 'paused';
type Listener = (name: EventName, change: ChangeEvent) => void;

export const liveState = signal<LiveState>('connecting');
/** When the last event or connection was seen, ms. */
export const lastHeard = signal(Date.now());

const listeners = new Set<Listener>();
let lostBefore = false;

function tell(name: EventName, change: ChangeEvent): void {
  for (const l of [...listeners]) l(name, change);
}

function hear(m: StreamMessage): void {
  if (m.what === 'lost') {
    if (liveState.value === 'live') lastHeard.value = Date.now();
    liveState.value = liveState.value === 'connecting' && !lostBefore ? 'connecting' : 'paused';
    lostBefore = true;
    return;
  }
  lastHeard.value = Date.now();
  if (m.what === 'open') {
    const again = liveState.value === 'paused';
    liveState.value = 'live';
    if (again) tell('reset', {});
  } else {
    tell(m.name, m.data);
  }
}

/** Calls on every event until the returned function is called. */
export function listen(on: Listener): () => void {
  listeners.add(on);
  return () => listeners.delete(on);
}

export function startLive(): void {
  const url = new URL(`${base}api/v1/events`, location.href).href;
  if (typeof SharedWorker === 'function') {
    try {
      const worker = new SharedWorker(workerUrl, { type: 'module', name: 'track-live' });
      worker.port.onmessage = (e: MessageEvent<StreamMessage>) => hear(e.data);
      worker.onerror = () => openStream(url, hear);
      worker.port.postMessage({ url });
      addEventListener('pagehide', () => worker.port.postMessage({ bye: true }));
      addEventListener('pageshow', (e) => e.persisted && location.reload());
      return;
    } catch {
      // Some browsers refuse workers in private windows: one stream for this page then.
    }
  }
  openStream(url, hear);
}
