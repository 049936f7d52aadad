// Lines of a panel from the bins of its runs: colours, labels, smoothing, units.
import { plain } from '../format';
import type { BinSeries, BinSet, Reals } from './bins';
import { smooth, type Line } from './line';
import type { PanelSpec } from './panel';

export interface DrawnRun {
  id: string;
  name: string;
  color: number;
  live: boolean;
}

const EMPTY = new Float64Array(0);
const END_LABELS = 8;

function scaled(values: Reals | undefined, by: number): Reals | undefined {
  return values && (values.map((v) => v / by) as Reals);
}

function inUnit(s: BinSeries, by: number): BinSeries {
  if (by === 1) return s;
  const c = s.columns;
  return { ...s, columns: { ...c, min: scaled(c.min, by), max: scaled(c.max, by), mean: scaled(c.mean, by) } };
}

/** `train/loss` among `train/loss`, `val/loss` is `train`; otherwise the last part that differs. */
export function shortLabel(key: string, keys: string[]): string {
  const parts = key.split('/');
  const others = keys.filter((k) => k !== key).map((k) => k.split('/'));
  const differing = parts.filter((p, i) => others.some((o) => o[i] !== p));
  return differing.join('/') || key;
}

/** One line for each series, in the order of the runs, then of the keys. */
export function buildLines(set: BinSet, spec: PanelSpec, runs: DrawnRun[], weight: number): Line[] {
  const names = spec.keys.map((k) => (typeof k === 'string' ? k : k.name));
  const order = new Map(runs.map((r, i) => [r.id, i]));
  const several = spec.keys.length > 1;
  const list = set.series.filter((s) => order.has(s.run));
  const keyAt = (s: BinSeries): number => spec.keys.findIndex((k) => (typeof k === 'string' ? k === s.key : k.name === s.key && k.context === s.context));
  list.sort((a, b) => (order.get(a.run) as number) - (order.get(b.run) as number) || keyAt(a) - keyAt(b));
  return list.map((raw, i) => {
    const s = inUnit(raw, spec.divide ?? 1);
    const run = runs[order.get(s.run) as number] as DrawnRun;
    const mean = s.columns.mean ?? EMPTY;
    const at = Math.max(0, keyAt(s));
    const single = runs.length === 1;
    const name = spec.label ? spec.label(s.key, s.context) : shortLabel(s.key, names);
    const label = !several ? run.name : single ? name : `${run.name} · ${name}`;
    return {
      id: `${s.run}:${s.id}`, run: s.run, key: s.key, label, color: several && single ? run.color + at : run.color,
      dash: several && !single ? at % 4 : Math.floor(i / 10) % 4, bins: s,
      path: weight ? smooth(mean, s, weight) : mean, raw: weight ? mean : null, live: run.live,
      end: several && single && spec.keys.length <= END_LABELS ? plain(name) : '',
    };
  });
}
