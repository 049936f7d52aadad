// Bins as the server sends them (TKBN, schema/formats.md): columns are read in place.
export const COLUMNS = ['x_first', 'x_last', 'first', 'last', 'min', 'max', 'mean', 'n', 'nan', 'pinf', 'ninf'] as const;
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

export interface BinSet {
  x: 'step' | 'time' | 'relative';
  width: number;
  from: number;
  to: number;
  series: BinSeries[];
}

const HEAD = 48;
const X_KINDS = ['step', 'time', 'relative'] as const;

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

/** Reads an answer; a series that is only named is taken from `old`. */
export function decodeBins(buffer: ArrayBuffer, old: Map<string, BinSeries>): BinSet {
  const r = new Reader(buffer);
  if (r.text(4) !== 'TKBN' || r.u8() !== 1) throw new Error('these are not bins of version 1');
  const x = X_KINDS[r.u8()] ?? 'step';
  const mask = r.u16();
  const width = r.i64();
  const from = r.i64();
  const to = r.i64();
  const count = r.u32();
  r.at = HEAD;
  const asked = COLUMNS.filter((_, i) => mask & (1 << i));
  const series: BinSeries[] = [];
  for (let s = 0; s < count; s++) {
    r.align();
    const found = readSeries(r, asked, from, width);
    const known = found.unchanged ? old.get(seriesKey(found.series)) : found.series;
    if (known) series.push(known);
  }
  return { x, width, from, to, series };
}

function readSeries(r: Reader, asked: Column[], from: number, width: number): { unchanged: boolean; series: BinSeries } {
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
  const unchanged = (flags & 2) !== 0;
  const columns: BinSeries['columns'] = {};
  let bin = new Uint32Array(0);
  if (!unchanged) {
    bin = r.u32s(n) as Uint32Array<ArrayBuffer>;
    for (const c of asked) {
      r.align();
      columns[c] = narrow & (1 << COLUMNS.indexOf(c)) ? r.f32s(n) : r.f64s(n);
    }
  }
  const out = { run, key, context, id, version, exact: (flags & 1) !== 0, bin, columns, x: middle(columns, bin, from, width) };
  return { unchanged, series: out };
}

/** Points of a bin that are numbers, for weights. */
export function finite(c: BinSeries['columns'], i: number): number {
  const n = c.n?.[i] ?? 1;
  return n - (c.nan?.[i] ?? 0) - (c.pinf?.[i] ?? 0) - (c.ninf?.[i] ?? 0);
}
