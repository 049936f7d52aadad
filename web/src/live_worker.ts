// One stream for all pages of this browser: a server may be asked over six connections at most.
import { openStream, type StreamMessage } from './stream';

const ports = new Set<MessagePort>();
let last: StreamMessage = { what: 'lost' };
let close: (() => void) | null = null;

function start(url: string): void {
  close ??= openStream(url, (m) => {
    if (m.what !== 'event') last = m;
    for (const p of ports) p.postMessage(m);
  });
}

self.addEventListener('connect', (e) => {
  const port = (e as MessageEvent).ports[0];
  if (!port) return;
  ports.add(port);
  port.onmessage = (m: MessageEvent<{ url?: string; bye?: boolean }>) => {
    if (m.data.bye) {
      ports.delete(port);
      if (!ports.size) {
        close?.();
        close = null;
      }
    } else if (m.data.url) {
      start(m.data.url);
      port.postMessage(last);
    }
  };
});
