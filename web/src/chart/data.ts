// Bins of a panel: asked for when it is seen, again when its runs have new points; what has not changed
// is not sent again.
import { makeQueue, postRaw } from '../api';
import { decodeBins, groupKey, seriesKey, type BinGroup, type BinSeries, type BinSet } from './bins';
import { bodyOf, queryText, type BinsQuery } from './ask';
import type { GroupSet } from './ways';

export interface Answer {
  query: string; // what was asked, to tell old data from new
  sets: GroupSet[] | null; // of it
  set: BinSet;
}

const inQueue = makeQueue(4);

export class BinsSource {
  private have = new Map<string, BinSeries>();
  private groups = new Map<string, BinGroup>();
  private kind = '';

  /** Fetches; series and groups that stayed the same are those of the last answer. */
  async load(q: BinsQuery, signal: AbortSignal): Promise<Answer> {
    const body = bodyOf(q);
    const kind = JSON.stringify([q.x, body['columns'], q.smooth, q.band]);
    if (kind !== this.kind) {
      this.have.clear();
      this.groups.clear();
    }
    this.kind = kind;
    const have: Record<string, string> = {};
    for (const [k, s] of [...this.have, ...this.groups]) have[k] = s.version;
    const set = await inQueue(async () => {
      const reply = await postRaw('bins', { ...body, have }, { signal, accept: 'application/x-track-bins' });
      return decodeBins(await reply.arrayBuffer(), this.have, this.groups);
    }, signal);
    this.have = new Map(set.series.map((s) => [seriesKey(s), s]));
    this.groups = new Map(set.groups.map((g) => [groupKey(g), g]));
    return { query: queryText(q), sets: q.sets, set };
  }
}
