// From bins to what is drawn: the path of a line, its raw shadow, and facts about a panel's lines.
import type { BinSeries, Reals } from './bins';

export interface Line {
  id: string;
  run: string;
  key: string;
  label: string;
  color: number;
  dash: number;
  bins: BinSeries;
  path: Reals;
  raw: Reals | null; // with smoothing: the means as they are
  live: boolean;
  end: string; // label behind the line, or ""
  group: { runs: number; asked: number } | null; // of many runs: min and max of the bins are the band, n the runs
}

export interface Best {
  at: number; // index of the bin
  x: number;
  y: number;
}

/** The best bin by goal; y is the best value in it, not its mean. */
export function bestOf(line: Line, goal: string): Best | null {
  if (goal !== 'min' && goal !== 'max') return null;
  const c = line.bins.columns;
  const values = (goal === 'min' ? c.min : c.max) ?? c.mean;
  if (!values) return null;
  let at = -1;
  for (let i = 0; i < values.length; i++) {
    const v = values[i] as number;
    if (!Number.isFinite(v)) continue;
    const best = at < 0 ? NaN : (values[at] as number);
    if (at < 0 || (goal === 'min' ? v < best : v > best)) at = i;
  }
  return at < 0 ? null : { at, x: line.bins.x[at] as number, y: values[at] as number };
}

/** Index of the bin nearest to x, or -1 when the line has ended before it or has not begun. */
export function nearest(line: Line, x: number): number {
  const xs = line.bins.x;
  if (!xs.length) return -1;
  let lo = 0;
  let hi = xs.length - 1;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if ((xs[mid] as number) < x) lo = mid + 1;
    else hi = mid;
  }
  if (lo && Math.abs((xs[lo - 1] as number) - x) < Math.abs((xs[lo] as number) - x)) lo--;
  const last = xs.length - 1;
  const gap = last > 0 ? Math.abs((xs[last] as number) - (xs[0] as number)) / last * 1.5 : Infinity;
  const beyond = x < (xs[0] as number) || x > (xs[last] as number);
  return beyond && Math.abs((xs[lo] as number) - x) > gap ? -1 : lo;
}

/** Beyond it the length of an axis is no number any more. */
export const DRAWABLE = 1e307;

export interface Facts {
  exact: boolean;
  factor: number; // mean count of a bin, of the line with the most
  nan: number;
  inf: number;
  notPositive: number; // bins that a logarithmic axis cannot show
  clipped: number; // bins beyond what any axis can show
}

export function factsOf(lines: Line[], log: boolean, x0: number, x1: number): Facts {
  const f: Facts = { exact: true, factor: 1, nan: 0, inf: 0, notPositive: 0, clipped: 0 };
  for (const l of lines) {
    const c = l.bins.columns;
    let points = 0;
    let bins = 0;
    for (let i = 0; i < l.path.length; i++) {
      const x = l.bins.x[i] as number;
      if (x < x0 || x > x1) continue;
      if (!l.group) {
        const n = c.n?.[i] ?? 1;
        points += n;
        bins++;
        if (n > 1) f.exact = false;
      }
      f.nan += c.nan?.[i] ?? 0;
      f.inf += (c.pinf?.[i] ?? 0) + (c.ninf?.[i] ?? 0);
      if (log && (l.path[i] as number) <= 0) f.notPositive++;
      if (Number.isFinite(l.path[i]) && Math.abs(l.path[i] as number) > DRAWABLE) f.clipped++;
    }
    if (bins) f.factor = Math.max(f.factor, Math.round(points / bins));
  }
  return f;
}
