// What the server wrote into the page: where the root is, its version, and answers it gave in advance.
// README.md describes the contract.
declare const WORKER_FILE: string;
declare const LICENCES_FILE: string;

interface Boot {
  version?: string;
  have?: Record<string, unknown>;
}

function read(): Boot {
  const text = document.getElementById('boot')?.textContent ?? '';
  try {
    return JSON.parse(text) as Boot;
  } catch {
    return {};
  }
}

const boot = read();
const given = document.documentElement.dataset['base'] ?? './';

/** Path of the root as the browser sees it; begins and ends with "/". */
export const base: string = new URL(given, location.href).pathname.replace(/\/*$/, '/');
// A relative icon would be looked for anew, and elsewhere, after the page has changed its address.
for (const icon of document.querySelectorAll?.<HTMLLinkElement>('link[rel="icon"]') ?? []) icon.href = new URL(icon.href).href;

export const version: string = boot.version ?? '';
export const workerUrl: string = base + WORKER_FILE;
export const licencesUrl: string = base + LICENCES_FILE;

/** The address of this server as a program outside needs it, without the last "/". */
export const serverUrl: string = (location.origin + base).replace(/\/$/, '');

/** An answer that came with the page; each is used once, after that it is old. */
export function takeGiven(path: string): unknown {
  const have = boot.have;
  if (!have || !(path in have)) return undefined;
  const body = have[path];
  delete have[path];
  return body;
}
