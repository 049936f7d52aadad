// Bins as the server sends them (TKBN, schema/formats.md): columns are read in place.
export const COLUMNS = ['x_first', 'x_last', 'first', 'last', 'min', 'max', 'mean', 'n', 'nan', 'pinf', 'ninf', 'smooth'] as const;
const STATS = ['mean', 'min', 'max', 'std', 'stderr', 'p05', 'p10', 'p25', 'p50', 'p75', 'p90', 'p95'] as const;
export type Column = (typeof COLUMNS)[number];
export type Reals = Float64Array | Float32Array;

export interface BinSeries {
  run: string;
  key: string;
  context: string;
  id: string;
  version: string;
  exact: boolean; // every bin holds at most one point
  bin: Uint32Array;
  columns: Partial<Record<Column, Reals>>;
  x: Float64Array; // where a bin is drawn: the middle of its points
}

/** A group of runs: statistics over their bins. */
export interface BinGroup {
  set: number; // of those that were asked for
  key: string;
  context: string;
  id: string;
  version: string;
  asked: number; // runs of the set, and of them
  runs: number; // those that have the series
  bin: Uint32Array;
  n: Uint32Array; // runs in each bin
  stats: Record<string, Reals>;
  x: Float64Array;
}

export interface BinSet {
  x: 'step' | 'time' | 'relative' | 'metric';
  width: number;
  from: number;
  to: number;
  series: BinSeries[];
  groups: BinGroup[];
  unplaced: number; // points over another metric that have no number there
}

const HEAD = 48;
const X_KINDS = ['step', 'time', 'relative', 'metric'] as const;

class Reader {
  private view: DataView;
  at = 0;
  constructor(private buffer: ArrayBuffer) {
    this.view = new DataView(buffer);
  }
  private take(size: number): number {
    const at = this.at;
    if (at + size > this.buffer.byteLength) throw new Error(`bins end at byte ${this.buffer.byteLength}, ${at + size} are needed`);
    this.at = at + size;
    return at;
  }
  u8(): number { return this.view.getUint8(this.take(1)); }
  u16(): number { return this.view.getUint16(this.take(2), true); }
  u32(): number { return this.view.getUint32(this.take(4), true); }
  f64(): number { return this.view.getFloat64(this.take(8), true); }
  i64(): number { return Number(this.view.getBigInt64(this.take(8), true)); }
  hex64(): string { return this.view.getBigUint64(this.take(8), true).toString(16).padStart(16, '0'); }
  hex(size: number): string {
    const at = this.take(size);
    return Array.from(new Uint8Array(this.buffer, at, size), (b) => b.toString(16).padStart(2, '0')).join('');
  }
  text(size: number): string { return new TextDecoder().decode(new Uint8Array(this.buffer, this.take(size), size)); }
  u32s(n: number): Uint32Array { return new Uint32Array(this.buffer, this.take(4 * n), n); }
  f32s(n: number): Float32Array { return new Float32Array(this.buffer, this.take(4 * n), n); }
  f64s(n: number): Float64Array { return new Float64Array(this.buffer, this.take(8 * n), n); }
  align(): void { this.at = (this.at + 7) & ~7; }
}

function middle(columns: BinSeries['columns'], bin: Uint32Array, from: number, width: number): Float64Array {
  const a = columns.x_first;
  const b = columns.x_last;
  const x = new Float64Array(bin.length);
  for (let i = 0; i < x.length; i++) {
    x[i] = a && b ? ((a[i] as number) + (b[i] as number)) / 2 : from + ((bin[i] as number) + 0.5) * width;
  }
  return x;
}

export const seriesKey = (s: { run: string; id: string }): string => `${s.run}:${s.id}`;
export const groupKey = (g: { id: string }): string => `group:${g.id}`;

interface Head {
  asked: Column[];
  real: boolean; // x is another metric
  from: number;
  width: number;
}

/** Reads an answer; a series or group that is only named is taken from `old`. */
export function decodeBins(buffer: ArrayBuffer, old: Map<string, BinSeries>, oldGroups: Map<string, BinGroup> = new Map()): BinSet {
  const r = new Reader(buffer);
  if (r.text(4) !== 'TKBN' || r.u8() !== 1) throw new Error('these are not bins of version 1');
  const x = X_KINDS[r.u8()] ?? 'step';
  const mask = r.u16();
  const real = x === 'metric';
  const [width, from, to] = [0, 1, 2].map(() => (real ? r.f64() : r.i64())) as [number, number, number];
  const count = r.u32();
  const groupCount = r.u32();
  r.at = HEAD;
  const head = { asked: COLUMNS.filter((_, i) => mask & (1 << i)), real, from, width };
  const set: BinSet = { x, width, from, to, series: [], groups: [], unplaced: 0 };
  for (let s = 0; s < count; s++) {
    r.align();
    const found = readSeries(r, head);
    const known = found.unchanged ? old.get(seriesKey(found.series)) : found.series;
    if (known) set.series.push(known);
    set.unplaced += found.unplaced;
  }
  for (let g = 0; g < groupCount; g++) {
    r.align();
    const found = readGroup(r, head);
    const known = found.unchanged ? oldGroups.get(groupKey(found.group)) : found.group;
    if (known) set.groups.push(known.set === found.group.set ? known : { ...known, set: found.group.set });
  }
  return set;
}

function readSeries(r: Reader, head: Head): { unchanged: boolean; unplaced: number; series: BinSeries } {
  const run = r.hex(16);
  const id = r.hex64();
  const version = r.hex64();
  const flags = r.u32();
  const n = r.u32();
  const keySize = r.u16();
  const contextSize = r.u16();
  const narrow = r.u32();
  const key = r.text(keySize);
  const context = r.text(contextSize);
  r.align();
  const unplaced = head.real ? r.i64() : 0;
  const unchanged = (flags & 2) !== 0;
  const columns: BinSeries['columns'] = {};
  let bin = new Uint32Array(0);
  if (!unchanged) {
    bin = r.u32s(n) as Uint32Array<ArrayBuffer>;
    for (const c of head.asked) {
      r.align();
      columns[c] = narrow & (1 << COLUMNS.indexOf(c)) ? r.f32s(n) : r.f64s(n);
    }
  }
  const out = { run, key, context, id, version, exact: (flags & 1) !== 0, bin, columns, x: middle(columns, bin, head.from, head.width) };
  return { unchanged, unplaced, series: out };
}

function readGroup(r: Reader, head: Head): { unchanged: boolean; group: BinGroup } {
  const set = r.u32();
  const flags = r.u32();
  const id = r.hex64();
  const version = r.hex64();
  const asked = r.u32();
  const runs = r.u32();
  const count = r.u32();
  const nameSize = r.u16();
  const keySize = r.u16();
  const contextSize = r.u16();
  const mask = r.u16();
  const narrow = r.u32();
  r.text(nameSize);
  const key = r.text(keySize);
  const context = r.text(contextSize);
  r.align();
  const unchanged = (flags & 2) !== 0;
  const stats: BinGroup['stats'] = {};
  let bin = new Uint32Array(0);
  let n = new Uint32Array(0);
  if (!unchanged && count) {
    bin = r.u32s(count) as Uint32Array<ArrayBuffer>;
    r.align();
    n = r.u32s(count) as Uint32Array<ArrayBuffer>;
    for (const [i, stat] of STATS.entries()) {
      if (!(mask & (1 << i))) continue;
      r.align();
      stats[stat] = narrow & (1 << i) ? r.f32s(count) : r.f64s(count);
    }
  }
  return { unchanged, group: { set, key, context, id, version, asked, runs, bin, n, stats, x: middle({}, bin, head.from, head.width) } };
}
