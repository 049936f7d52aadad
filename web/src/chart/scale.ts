// Ranges, ticks and labels of the axes; all pure.
import { dateTime, elapsed, four, short } from '../format';
import type { XAxis } from '../state';
import { DRAWABLE, type Line } from './line';

/** A logarithmic axis needs a positive value; without one it is linear. */
export interface YRange {
  lo: number;
  hi: number;
  log: boolean;
}

/** The range of what is drawn between x0 and x1, with a little room. */
export function yRange(lines: Line[], log: boolean, x0: number, x1: number, bands: boolean): YRange {
  let lo = Infinity;
  let hi = -Infinity;
  const see = (v: number | undefined): void => {
    if (v === undefined || !Number.isFinite(v) || Math.abs(v) > DRAWABLE || (log && v <= 0)) return;
    if (v < lo) lo = v;
    if (v > hi) hi = v;
  };
  for (const l of lines) {
    const c = l.bins.columns;
    for (let i = 0; i < l.path.length; i++) {
      const x = l.bins.x[i] as number;
      if (x < x0 || x > x1) continue;
      see(l.path[i]);
      if (l.raw) see(l.raw[i]);
      if (bands) {
        see(c.min?.[i]);
        see(c.max?.[i]);
      }
    }
  }
  if (lo > hi) return log && lines.length ? { ...yRange(lines, false, x0, x1, bands), log: false } : { lo: 0, hi: 1, log: false };
  return pad(lo, hi, log);
}

function pad(lo: number, hi: number, log: boolean): YRange {
  if (log) {
    const k = hi > lo ? (hi / lo) ** 0.045 : 1.5;
    return { lo: lo / k, hi: Math.min(hi * k, Number.MAX_VALUE), log };
  }
  const room = (hi - lo) * 0.05 || Math.abs(hi) * 0.1 || 1;
  return { lo: lo >= 0 && lo - room < 0 ? 0 : lo - room, hi: hi + room, log };
}

/** 1, 2, 5 of each decade, as many as there is room for; within one decade plain steps. */
export function logTicks(lo: number, hi: number, room: number): number[] {
  if (hi / lo < 4) return linearTicks(lo, hi, room);
  const first = Math.floor(Math.log10(lo));
  const last = Math.ceil(Math.log10(hi));
  for (const set of [[1, 2, 3, 5], [1, 2, 5], [1, 3], [1]]) {
    const out: number[] = [];
    for (let e = first; e <= last; e++) {
      for (const m of set) {
        const v = m * 10 ** e;
        if (v >= lo * 0.999 && v <= hi * 1.001) out.push(v);
      }
    }
    if (out.length <= room + 1) return out;
  }
  const every = Math.ceil((last - first) / Math.max(1, room));
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
    .filter((e) => e % every === 0).map((e) => 10 ** e).filter((v) => v >= lo && v <= hi);
}

export function linearTicks(lo: number, hi: number, room: number): number[] {
  const raw = (hi - lo) / Math.max(1, room);
  if (!(raw > 0) || !Number.isFinite(raw)) return [lo];
  const p = 10 ** Math.floor(Math.log10(raw));
  const f = raw / p;
  const step = (f <= 1 ? 1 : f <= 2 ? 2 : f <= 2.5 ? 2.5 : f <= 5 ? 5 : 10) * p;
  const out: number[] = [];
  for (let v = Math.ceil(lo / step - 1e-9) * step; v <= hi + step * 1e-9 && out.length < 64; v += step) {
    out.push(Math.abs(v) < step / 1e6 ? 0 : v);
  }
  return out;
}

const SECOND = 1e6;
const TIME_STEPS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5,
  ...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400].map((s) => s * SECOND),
];

/** Ticks of a time axis in us; `shift` aligns days to the local midnight. */
export function timeTicks(lo: number, hi: number, room: number, shift = 0): number[] {
  const raw = (hi - lo) / Math.max(1, room);
  const step = TIME_STEPS.find((s) => s >= raw) ?? Math.ceil(raw / 86400e6) * 86400e6;
  const out: number[] = [];
  for (let v = Math.ceil((lo + shift) / step) * step - shift; v <= hi && out.length < 64; v += step) out.push(v);
  return out;
}

/** Ticks of whole steps. */
export function stepTicks(lo: number, hi: number, room: number): number[] {
  return linearTicks(lo, hi, Math.min(room, Math.max(1, hi - lo))).filter((v) => Number.isInteger(v));
}

export function xLabel(kind: XAxis, v: number, step: number): string {
  if (kind.startsWith('metric:')) return short(v);
  if (kind === 'step') return short(v);
  if (kind === 'relative') return v === 0 ? '0' : elapsed(v);
  const text = dateTime(v);
  if (step >= 86400e6) return text.slice(5, 10);
  return step >= 60e6 ? text.slice(11, 16) : text.slice(11);
}

/** How x is said in full: at the crosshair and in the tooltip. */
export function xWords(kind: XAxis, v: number): string {
  if (kind.startsWith('metric:')) return `${kind.slice(7)} ${four(v)}`;
  if (kind === 'step') return `step ${String(Math.round(v)).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f').replace('-', '\u2212')}`;
  return kind === 'relative' ? elapsed(v) : dateTime(v);
}

export function yTicks(r: YRange, room: number): number[] {
  return r.log ? logTicks(r.lo, r.hi, room) : linearTicks(r.lo, r.hi, room);
}
