// The state of the workspace, as the query string holds it. Defaults are left out; lists are joined by commas.
import { BANDS, smoothAsk } from './chart/ways';

export type XAxis = 'step' | 'relative' | 'time' | `metric:${string}`;
export const DRAWN_FIRST = 10; // runs drawn before anybody has chosen
export const COLORS = 20;

export interface Picked {
  id: string;
  color: number;
}

/** `auto`: the first runs of the table; `all`: every run that the filter admits, but for `except`. */
export type Selection =
  | { kind: 'auto' }
  | { kind: 'all'; except: string[] }
  | { kind: 'some'; runs: Picked[] };

export interface View {
  filter: string;
  columns: string[] | null; // null: chosen by what the project logs
  sort: string;
  selection: Selection;
  hidden: string[]; // selected runs that are not drawn
  panels: string[][]; // panels of several metrics, or pinned ones
  toggled: string[]; // sections of the metric tree that are not as they are by default
  find: string;
  x: XAxis;
  smooth: string; // chart/ways.ts; "": off
  group: string; // a column (params.KEY, tags.KEY) whose values make groups of runs; *: all runs are one; "": none
  band: string; // chart/ways.ts, of groups
  zoom: [number, number] | null;
  log: string[]; // panels with a logarithmic y
  front: 'runs' | 'charts'; // on narrow screens
}

export function defaultView(): View {
  return {
    filter: '', columns: null, sort: '-started', selection: { kind: 'auto' }, hidden: [], panels: [], toggled: [],
    find: '', x: 'step', smooth: '', group: '', band: 'minmax', zoom: null, log: [], front: 'runs',
  };
}

const esc = (s: string): string => s.replace(/[%,+]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
const unesc = (s: string): string => s.replace(/%(25|2C|2B)/g, (_, h: string) => String.fromCharCode(parseInt(h, 16)));

function printList(items: string[]): string {
  return items.map(esc).join(',');
}
function parseList(text: string | null): string[] {
  return text ? text.split(',').map(unesc) : [];
}

/** The lowest colour that is not taken; beyond all of them they begin again. */
export function freeColor(taken: Iterable<number>): number {
  const counts = new Array<number>(COLORS).fill(0);
  for (const c of taken) counts[c % COLORS] = (counts[c % COLORS] ?? 0) + 1;
  return counts.indexOf(Math.min(...counts));
}

/** A colour is written only where it is not the one that reading would give. */
function printRuns(runs: Picked[]): string {
  const seen: number[] = [];
  return runs.map((r) => {
    const given = freeColor(seen);
    seen.push(r.color);
    return r.color === given ? r.id : `${r.id}.${r.color}`;
  }).join(',');
}

function parseRuns(text: string): Picked[] {
  const out: Picked[] = [];
  for (const item of text.split(',')) {
    const m = /^([0-9a-f]{32})(?:\.(\d{1,2}))?$/.exec(item);
    if (!m || out.some((r) => r.id === m[1])) continue;
    const color = m[2] === undefined ? freeColor(out.map((r) => r.color)) : Number(m[2]) % COLORS;
    out.push({ id: m[1] as string, color });
  }
  return out;
}

function printSelection(s: Selection): string | null {
  if (s.kind === 'auto') return null;
  if (s.kind === 'all') return ['*', ...s.except].join(',');
  return printRuns(s.runs);
}

function parseSelection(text: string | null): Selection {
  if (text === null) return { kind: 'auto' };
  if (text === '*' || text.startsWith('*,')) return { kind: 'all', except: text.split(',').slice(1) };
  return { kind: 'some', runs: parseRuns(text) };
}

function printZoom(z: [number, number] | null): string | null {
  return z ? `${z[0]}..${z[1]}` : null;
}

function parseZoom(text: string | null): [number, number] | null {
  const m = /^(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)\.\.(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)$/.exec(text ?? '');
  if (!m) return null;
  const lo = Number(m[1]);
  const hi = Number(m[2]);
  return lo < hi ? [lo, hi] : null;
}

/** Query string with "?", or "" for the default view. */
export function printView(v: View): string {
  const q = new URLSearchParams();
  const put = (k: string, text: string | null): void => {
    if (text !== null && (text !== '' || k === 'sel')) q.set(k, text);
  };
  put('q', v.filter);
  put('cols', v.columns === null ? null : printList(v.columns) || '-');
  put('sort', v.sort === '-started' ? null : v.sort);
  put('sel', printSelection(v.selection));
  put('hid', v.hidden.join(','));
  put('panels', v.panels.map((p) => p.map(esc).join('+')).join(','));
  put('open', printList(v.toggled));
  put('m', v.find);
  put('x', v.x === 'step' ? null : v.x);
  put('sm', v.smooth);
  put('g', v.group);
  put('band', v.band === 'minmax' ? null : v.band);
  put('z', printZoom(v.zoom));
  put('log', printList(v.log));
  put('front', v.front === 'runs' ? null : v.front);
  const text = q.toString();
  return text ? `?${text}` : '';
}

/** Reads a query string; what makes no sense is as if it were not there. */
export function parseView(search: string): View {
  const q = new URLSearchParams(search);
  const v = defaultView();
  const x = q.get('x');
  const sm = q.get('sm') ?? '';
  const group = q.get('g') ?? '';
  const band = q.get('band') ?? '';
  const cols = q.get('cols');
  v.filter = q.get('q') ?? '';
  v.columns = cols === null ? null : cols === '-' ? [] : parseList(cols);
  v.sort = q.get('sort') ?? v.sort;
  v.selection = parseSelection(q.get('sel'));
  v.hidden = parseList(q.get('hid')).filter((id) => /^[0-9a-f]{32}$/.test(id));
  v.panels = (q.get('panels') ?? '').split(',').filter((p) => p).map((p) => p.split('+').map(unesc));
  v.toggled = parseList(q.get('open'));
  v.find = q.get('m') ?? '';
  v.x = x === 'relative' || x === 'time' || x?.startsWith('metric:') ? (x as XAxis) : 'step';
  v.smooth = smoothAsk(sm) ? sm : '';
  v.group = /^(\*|(params|tags)\..+)$/s.test(group) ? group : '';
  v.band = band in BANDS ? band : 'minmax';
  v.zoom = parseZoom(q.get('z'));
  v.log = parseList(q.get('log'));
  v.front = q.get('front') === 'charts' ? 'charts' : 'runs';
  return v;
}
