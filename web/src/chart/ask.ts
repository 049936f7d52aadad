// What a panel asks the server for.
import type { XAxis } from '../state';
import type { Column } from './bins';
import { bandOf, smoothAsk, type GroupSet } from './ways';

export type Key = string | { name: string; context: string };

export interface BinsQuery {
  runs: string[];
  keys: Key[];
  x: XAxis;
  from: number | null;
  to: number | null;
  bins: number;
  smooth: string;
  sets: GroupSet[] | null; // runs that are drawn as one
  band: string;
}

export const queryText = (q: BinsQuery): string => JSON.stringify(q);

const ALL: Column[] = ['x_first', 'x_last', 'min', 'max', 'mean', 'n', 'nan', 'pinf', 'ninf'];
const FEW: Column[] = ['x_first', 'x_last', 'mean', 'n', 'nan', 'pinf', 'ninf'];
const MANY_RUNS = 50;

/** The request; `have` apart. */
export function bodyOf(q: BinsQuery): Record<string, unknown> {
  const smooth = smoothAsk(q.smooth);
  const columns = q.runs.length * q.keys.length > MANY_RUNS ? FEW : ALL;
  return {
    runs: q.runs, keys: q.keys, x: q.x.startsWith('metric:') ? { metric: q.x.slice(7) } : q.x, from: q.from, to: q.to, bins: q.bins,
    columns: smooth ? [...columns, 'smooth'] : columns,
    ...(smooth ? { smooth } : {}), ...(q.sets ? { group: { sets: q.sets, stats: ['mean', ...bandOf(q.band).stats] } } : {}),
  };
}
