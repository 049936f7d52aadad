// Lines of a panel from the bins of its runs: colours, labels, smoothing, units.
import { plain } from '../format';
import type { BinGroup, BinSeries, BinSet, Reals } from './bins';
import type { Line } from './line';
import type { PanelSpec } from './panel';
import { bandOf, type Band, type GroupSet } from './ways';

export interface DrawnRun {
  id: string;
  name: string;
  color: number;
  live: boolean;
  group?: string | null; // what runs are grouped by; null: it has no value
}

const EMPTY = new Float64Array(0);
const END_LABELS = 8;

function scaled(values: Reals | undefined, by: number): Reals | undefined {
  return values && (values.map((v) => v / by) as Reals);
}

function inUnit(s: BinSeries, by: number): BinSeries {
  if (by === 1) return s;
  const c = s.columns;
  return { ...s, columns: { ...c, min: scaled(c.min, by), max: scaled(c.max, by), mean: scaled(c.mean, by), smooth: scaled(c.smooth, by) } };
}

/** `train/loss` among `train/loss`, `val/loss` is `train`; otherwise the last part that differs. */
export function shortLabel(key: string, keys: string[]): string {
  const parts = key.split('/');
  const others = keys.filter((k) => k !== key).map((k) => k.split('/'));
  const differing = parts.filter((p, i) => others.some((o) => o[i] !== p));
  return differing.join('/') || key;
}

/** One line for each series, in the order of the runs, then of the keys. */
export function buildLines(set: BinSet, spec: PanelSpec, runs: DrawnRun[]): Line[] {
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
    const smooth = s.columns.smooth;
    const at = Math.max(0, keyAt(s));
    const single = runs.length === 1;
    const name = spec.label ? spec.label(s.key, s.context) : shortLabel(s.key, names);
    const label = !several ? run.name : single ? name : `${run.name} · ${name}`;
    return {
      id: `${s.run}:${s.id}`, run: s.run, key: s.key, label, color: several && single ? run.color + at : run.color,
      dash: several && !single ? at % 4 : Math.floor(i / 10) % 4, bins: s,
      path: smooth ?? mean, raw: smooth ? mean : null, live: run.live,
      end: several && single && spec.keys.length <= END_LABELS ? plain(name) : '', group: null,
    };
  });
}

/** The bins of a group as those of a line: its mean, and the band as least and greatest. */
function groupBins(g: BinGroup, band: Band, by: number): BinSeries {
  const lower = new Float64Array(g.bin.length);
  const upper = new Float64Array(g.bin.length);
  const one: Record<string, number> = {};
  for (let i = 0; i < lower.length; i++) {
    for (const stat in g.stats) one[stat] = g.stats[stat]?.[i] as number;
    const [a, b] = band.ends(one);
    lower[i] = Number.isFinite(a) ? a : (one['mean'] as number); // one run has no deviation
    upper[i] = Number.isFinite(b) ? b : (one['mean'] as number);
  }
  const columns = { mean: g.stats['mean'] ?? EMPTY, min: lower, max: upper, n: Float64Array.from(g.n) };
  return inUnit({ run: '', key: g.key, context: g.context, id: g.id, version: g.version, exact: false, bin: g.bin, columns, x: g.x }, by);
}

/** One line for each group of runs and key. */
export function buildGroups(set: BinSet, spec: PanelSpec, sets: GroupSet[], runs: DrawnRun[], band: string): Line[] {
  const colors = new Map(runs.map((r) => [r.id, r.color]));
  const names = spec.keys.map((k) => (typeof k === 'string' ? k : k.name));
  return set.groups.filter((g) => g.runs > 0).map((g) => {
    const name = sets[g.set]?.name;
    const bins = groupBins(g, bandOf(band), spec.divide ?? 1);
    const words = name === null || name === undefined ? 'no value' : name;
    return {
      id: `group:${g.id}`, run: '', key: g.key, label: names.length > 1 ? `${words} \u00b7 ${shortLabel(g.key, names)}` : words,
      color: colors.get(sets[g.set]?.runs[0] ?? '') ?? g.set % 20, dash: names.length > 1 ? Math.max(0, names.indexOf(g.key)) % 4 : Math.floor(g.set / 10) % 4, bins, path: bins.columns.mean ?? EMPTY,
      raw: null, live: false, end: '', group: { runs: g.runs, asked: g.asked },
    };
  });
}
