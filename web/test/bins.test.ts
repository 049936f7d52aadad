import assert from 'node:assert/strict';
import test from 'node:test';
import { COLUMNS, decodeBins, seriesKey } from '../src/chart/bins';
import { yRange } from '../src/chart/scale';
import { bestOf, factsOf, nearest, type Line } from '../src/chart/line';
import { buildGroups, buildLines } from '../src/chart/build';
import { bodyOf, type BinsQuery } from '../src/chart/ask';
import { bandOf, setsOf, smoothAsk } from '../src/chart/ways';

interface Given {
  key: string;
  context?: string;
  unchanged?: boolean;
  narrow?: number;
  bins: number[];
  columns: Partial<Record<(typeof COLUMNS)[number], number[]>>;
}

/** Writes TKBN as schema/formats.md describes it. */
function encode(asked: (typeof COLUMNS)[number][], width: bigint, from: bigint, list: Given[]): ArrayBuffer {
  const out: number[] = [];
  const put = (size: number, set: (v: DataView) => void): void => {
    const b = new DataView(new ArrayBuffer(size));
    set(b);
    out.push(...new Uint8Array(b.buffer));
  };
  const align = (): void => { while (out.length % 8) out.push(0); };
  out.push(...new TextEncoder().encode('TKBN'), 1, 0);
  put(2, (v) => v.setUint16(0, asked.reduce((m, c) => m | (1 << COLUMNS.indexOf(c)), 0), true));
  put(8, (v) => v.setBigInt64(0, width, true));
  put(8, (v) => v.setBigInt64(0, from, true));
  put(8, (v) => v.setBigInt64(0, from + width * 100n, true));
  put(4, (v) => v.setUint32(0, list.length, true));
  put(4, () => undefined);
  put(8, () => undefined);
  for (const [i, s] of list.entries()) {
    align();
    for (let b = 0; b < 16; b++) out.push(b === 15 ? i + 1 : 0);
    put(8, (v) => v.setBigUint64(0, 0x1122334455667788n, true));
    put(8, (v) => v.setBigUint64(0, 7n, true));
    put(4, (v) => v.setUint32(0, s.unchanged ? 2 : 1, true));
    put(4, (v) => v.setUint32(0, s.bins.length, true));
    const key = new TextEncoder().encode(s.key);
    const context = new TextEncoder().encode(s.context ?? '');
    put(2, (v) => v.setUint16(0, key.length, true));
    put(2, (v) => v.setUint16(0, context.length, true));
    put(4, (v) => v.setUint32(0, s.narrow ?? 0, true));
    out.push(...key, ...context);
    align();
    if (s.unchanged) continue;
    for (const b of s.bins) put(4, (v) => v.setUint32(0, b, true));
    for (const c of asked) {
      align();
      const wide = !((s.narrow ?? 0) & (1 << COLUMNS.indexOf(c)));
      for (const x of s.columns[c] ?? []) put(wide ? 8 : 4, (v) => (wide ? v.setFloat64(0, x, true) : v.setFloat32(0, x, true)));
    }
  }
  return new Uint8Array(out).buffer;
}

const NARROW_N = 1 << COLUMNS.indexOf('n');

test('columns are read where they lie, wide and narrow', () => {
  const buffer = encode(['x_first', 'x_last', 'mean', 'n'], 4n, -8n, [
    { key: 'train/loss', bins: [0, 2, 5], narrow: NARROW_N, columns: { x_first: [-8, 1, 12], x_last: [-5, 3, 12], mean: [1.5, NaN, 0.1], n: [4, 2, 1] } },
    { key: 'ü', context: '{"rank":1}', bins: [1], narrow: NARROW_N, columns: { x_first: [0], x_last: [0], mean: [1e308], n: [1] } },
  ]);
  const set = decodeBins(buffer, new Map());
  assert.equal(set.width, 4);
  assert.equal(set.from, -8);
  const [a, b] = set.series;
  assert.ok(a && b);
  assert.equal(a.run, `${'0'.repeat(31)}1`);
  assert.equal(a.id, '1122334455667788');
  assert.equal(a.version, '0000000000000007');
  assert.deepEqual([...a.bin], [0, 2, 5]);
  assert.deepEqual([...a.x], [-6.5, 2, 12]);
  assert.deepEqual([...(a.columns.mean ?? [])], [1.5, NaN, 0.1]);
  assert.ok(a.columns.n instanceof Float32Array);
  assert.equal(b.key, 'ü');
  assert.equal(b.context, '{"rank":1}');
  assert.deepEqual([...(b.columns.mean ?? [])], [1e308]);
});

test('a series that is only named is that of the last answer', () => {
  const first = decodeBins(encode(['mean'], 1n, 0n, [{ key: 'a', bins: [3], columns: { mean: [9] } }]), new Map());
  const old = new Map(first.series.map((s) => [seriesKey(s), s]));
  const again = decodeBins(encode(['mean'], 1n, 0n, [{ key: 'a', unchanged: true, bins: [], columns: {} }]), old);
  assert.equal(again.series[0], first.series[0]);
  assert.equal(decodeBins(encode(['mean'], 1n, 0n, [{ key: 'a', unchanged: true, bins: [], columns: {} }]), new Map()).series.length, 0);
});

test('what is cut short or not ours is refused', () => {
  const whole = encode(['mean'], 1n, 0n, [{ key: 'a', bins: [3, 4], columns: { mean: [9, 8] } }]);
  for (const size of [0, 3, 20, whole.byteLength - 1]) assert.throws(() => decodeBins(whole.slice(0, size), new Map()));
  assert.throws(() => decodeBins(new TextEncoder().encode('NOPE'.repeat(20)).buffer as ArrayBuffer, new Map()));
});

function lineOf(xs: number[], mean: number[], columns: Record<string, number[]> = {}): Line {
  const c = Object.fromEntries(Object.entries(columns).map(([k, v]) => [k, Float64Array.from(v)]));
  const path = Float64Array.from(mean);
  const bins = { run: 'r', key: 'k', context: '', id: '1', version: '1', exact: false, bin: Uint32Array.from(xs), columns: { mean: path, ...c }, x: Float64Array.from(xs) };
  return { id: 'l', run: 'r', key: 'k', label: 'l', color: 0, dash: 0, bins, path, raw: null, live: false, end: '', group: null };
}

test('ways of smoothing are read from the address', () => {
  assert.deepEqual(smoothAsk('0.9'), { kind: 'ema', by: 'point', weight: 0.9 });
  assert.deepEqual(smoothAsk('step:100'), { kind: 'ema', by: 'step', half_life: 100 });
  assert.deepEqual(smoothAsk('time:1.5'), { kind: 'ema', by: 'time', half_life: 1500000 });
  assert.deepEqual(smoothAsk('median:51'), { kind: 'median', by: 'point', window: 51 });
  for (const bad of ['', '1', '0', '-0.5', 'step:', 'step:0', 'mean:3', 'median:2.5', 'max:99999']) assert.equal(smoothAsk(bad), null, bad);
});

const QUERY: BinsQuery = { runs: ['a'], keys: ['k'], x: 'step', from: null, to: null, bins: 64, smooth: '', sets: null, band: '' };

test('the server smooths and groups', () => {
  assert.deepEqual(Object.keys(bodyOf(QUERY)), ['runs', 'keys', 'x', 'from', 'to', 'bins', 'columns']);
  const body = bodyOf({ ...QUERY, smooth: 'step:5', x: 'metric:tokens', sets: [{ name: 'x', runs: ['a'] }], band: 'std' });
  assert.deepEqual(body['smooth'], { kind: 'ema', by: 'step', half_life: 5 });
  assert.deepEqual(body['x'], { metric: 'tokens' });
  assert.deepEqual(body['group'], { sets: [{ name: 'x', runs: ['a'] }], stats: ['mean', 'std'] });
  assert.ok((body['columns'] as string[]).includes('smooth'));
});

test('a smoothed line has its means as a shadow', () => {
  const set = decodeBins(encode(['mean', 'smooth'], 1n, 0n, [{ key: 'k', bins: [0, 1], columns: { mean: [4, 2], smooth: [4, 3] } }]), new Map());
  const spec = { id: 'k', title: 'k', keys: ['k'], goal: 'none' as const, unit: '' };
  const [line] = buildLines(set, spec, [{ id: `${'0'.repeat(31)}1`, name: 'r', color: 0, live: false }]);
  assert.deepEqual([...(line?.path ?? [])], [4, 3]);
  assert.deepEqual([...(line?.raw ?? [])], [4, 2]);
});

test('runs fall into groups by their value, and those without one into their own', () => {
  assert.deepEqual(setsOf([{ id: 'a', group: 'x' }, { id: 'b', group: null }, { id: 'c', group: 'x' }]), [{ name: 'x', runs: ['a', 'c'] }, { name: null, runs: ['b'] }]);
  assert.equal(setsOf([{ id: 'a' }]), null);
  assert.equal(setsOf([]), null);
});

test('a group is its mean with a band, and one run has no deviation', () => {
  const group = { set: 1, key: 'k', context: '', id: '5', version: '1', asked: 3, runs: 2, bin: Uint32Array.of(0, 4), n: Uint32Array.of(2, 1), x: Float64Array.of(0, 4), stats: { mean: Float64Array.of(5, 6), std: Float64Array.of(1, NaN) } };
  const set = { x: 'step' as const, width: 1, from: 0, to: 5, series: [], groups: [group], unplaced: 0 };
  const spec = { id: 'k', title: 'k', keys: ['k'], goal: 'none' as const, unit: '' };
  const [line] = buildGroups(set, spec, [{ name: 'x', runs: [] }, { name: null, runs: ['b'] }], [{ id: 'b', name: 'b', color: 7, live: false }], 'std');
  assert.equal(line?.color, 7);
  assert.equal(line?.label, 'no value');
  assert.deepEqual([...(line?.bins.columns.min ?? [])], [4, 6]);
  assert.deepEqual([...(line?.bins.columns.max ?? [])], [6, 6]);
  assert.deepEqual(line?.group, { runs: 2, asked: 3 });
  assert.equal(factsOf(line ? [line] : [], false, 0, 9).exact, true, 'runs are no points of a bin');
  assert.equal(bandOf('nonsense').words, bandOf('minmax').words);
});

test('the best is the best value of a bin, never NaN', () => {
  const l = lineOf([0, 10, 20], [5, NaN, 3], { min: [4.5, NaN, 1], max: [6, NaN, 3.5] });
  assert.deepEqual(bestOf(l, 'min'), { at: 2, x: 20, y: 1 });
  assert.deepEqual(bestOf(l, 'max'), { at: 0, x: 0, y: 6 });
  assert.equal(bestOf(l, 'none'), null);
  assert.equal(bestOf(lineOf([0], [NaN]), 'min'), null);
});

test('the crosshair finds the nearest bin and none beyond the end', () => {
  const l = lineOf([0, 10, 20, 30], [1, 2, 3, 4]);
  assert.equal(nearest(l, 14), 1);
  assert.equal(nearest(l, 16), 2);
  assert.equal(nearest(l, 500), -1);
  assert.equal(nearest(l, -500), -1);
  assert.equal(nearest(lineOf([], []), 1), -1);
  assert.equal(nearest(lineOf([7], [1]), 7), 0);
});

test('values that no axis can show are counted, not lost', () => {
  const l = lineOf([0, 10, 20], [1e308, 2, -1e308]);
  assert.equal(factsOf([l], false, 0, 20).clipped, 2);
  const y = yRange([l], false, 0, 20, false);
  assert.ok(y.lo < 2 && y.hi > 2 && Number.isFinite(y.hi - y.lo));
});

test('exact means that no bin in view holds two points', () => {
  const l = lineOf([0, 10, 20], [1, 2, -3], { n: [1, 1, 9], nan: [0, 0, 2], pinf: [0, 0, 1], ninf: [0, 0, 1] });
  assert.deepEqual(factsOf([l], false, 0, 12), { exact: true, factor: 1, nan: 0, inf: 0, notPositive: 0, clipped: 0 });
  assert.deepEqual(factsOf([l], true, 0, 20), { exact: false, factor: 4, nan: 2, inf: 2, notPositive: 1, clipped: 0 });
});
