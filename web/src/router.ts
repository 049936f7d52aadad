// Addresses of the pages, relative to the root; Back, refresh and a pasted link restore the screen.
import { signal } from './base';
import { base } from './boot';

export const TABS = ['overview', 'charts', 'system', 'console', 'text', 'files', 'code', 'alerts'] as const;
export type Tab = (typeof TABS)[number];

export type Route =
  | { page: 'home' }
  | { page: 'trash' }
  | { page: 'project'; project: string }
  | { page: 'run'; project: string; run: string; tab: Tab }
  | { page: 'none'; path: string };

/** Reads a path below the root, without its first "/". */
export function parsePath(path: string): Route {
  const parts = path.split('/').filter((p) => p !== '');
  let names: string[];
  try {
    names = parts.map(decodeURIComponent);
  } catch {
    return { page: 'none', path };
  }
  const [first, project, r, run, tab] = names;
  if (first === undefined) return { page: 'home' };
  if (first === 'trash' && names.length === 1) return { page: 'trash' };
  if (first !== 'p' || project === undefined) return { page: 'none', path };
  if (names.length === 2) return { page: 'project', project };
  if (r !== 'r' || run === undefined || names.length > 5) return { page: 'none', path };
  const found = TABS.find((t) => t === (tab ?? 'overview'));
  return found ? { page: 'run', project, run, tab: found } : { page: 'none', path };
}

const part = encodeURIComponent;
export const homePath = (): string => '';
export const projectPath = (ref: string): string => `p/${part(ref)}`;
export const runPath = (ref: string, run: string, tab: Tab = 'overview'): string =>
  `p/${part(ref)}/r/${part(run)}${tab === 'overview' ? '' : `/${tab}`}`;

function below(pathname: string): string {
  return pathname.startsWith(base) ? pathname.slice(base.length) : pathname.replace(/^\//, '');
}

export const route = signal<Route>(parsePath(below(location.pathname)));
/** The query string with its "?", or "". */
export const search = signal(location.search);

function sync(): void {
  route.value = parsePath(below(location.pathname));
  search.value = location.search;
}

addEventListener('popstate', sync);

/** The theme of an embedding page stays through all links. */
function keepTheme(query: string): string {
  const theme = new URLSearchParams(location.search).get('theme');
  if (!theme) return query;
  const q = new URLSearchParams(query);
  if (!q.has('theme')) q.set('theme', theme);
  return `?${q}`;
}

/** Full address of a page, for href. */
export function href(path: string, query = ''): string {
  return base + path + keepTheme(query);
}

/** Goes to a page below the root. */
export function go(path: string, query = ''): void {
  history.pushState(null, '', href(path, query));
  sync();
  scrollTo(0, 0);
}

/** Changes the query string of this page; `push` makes it a step of Back. */
export function setSearch(query: string, push: boolean): void {
  const next = keepTheme(query);
  if (next === location.search) return;
  const url = location.pathname + next;
  if (push) history.pushState(null, '', url);
  else history.replaceState(null, '', url);
  search.value = location.search;
}
