// Bins of a panel: asked for when it is seen, again when its runs have new points; what has not changed
// is not sent again.
import { makeQueue, postRaw } from '../api';
import type { XAxis } from '../state';
import { decodeBins, seriesKey, type BinSeries, type BinSet, type Column } from './bins';

export type Key = string | { name: string; context: string };

export interface BinsQuery {
  runs: string[];
  keys: Key[];
  x: XAxis;
  from: number | null;
  to: number | null;
  bins: number;
}

export interface Answer {
  query: string; // what was asked, to tell old data from new
  set: BinSet;
}

const ALL: Column[] = ['x_first', 'x_last', 'min', 'max', 'mean', 'n', 'nan', 'pinf', 'ninf'];
const FEW: Column[] = ['x_first', 'x_last', 'mean', 'n', 'nan', 'pinf', 'ninf'];
const MANY_RUNS = 50;
const inQueue = makeQueue(4);

export const queryText = (q: BinsQuery): string => JSON.stringify(q);

export class BinsSource {
  private have = new Map<string, BinSeries>();
  private grid = '';

  /** Fetches; series that stayed the same are those of the last answer. */
  async load(q: BinsQuery, signal: AbortSignal): Promise<Answer> {
    const text = queryText(q);
    const columns = q.runs.length * q.keys.length > MANY_RUNS ? FEW : ALL;
    const grid = `${q.x} ${columns.length}`;
    if (grid !== this.grid) this.have.clear();
    this.grid = grid;
    const have: Record<string, string> = {};
    for (const [k, s] of this.have) have[k] = s.version;
    const body = { runs: q.runs, keys: q.keys, x: q.x, from: q.from, to: q.to, bins: q.bins, columns, have };
    const set = await inQueue(async () => {
      const reply = await postRaw('bins', body, { signal, accept: 'application/x-track-bins' });
      return decodeBins(await reply.arrayBuffer(), this.have);
    }, signal);
    this.have = new Map(set.series.map((s) => [seriesKey(s), s]));
    return { query: text, set };
  }
}
