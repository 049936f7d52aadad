// Numbers, times and sizes as people read them: narrow no-break space between thousands, a real minus.
const THIN = '\u202f';
const MINUS = '\u2212';

export function group3(v: number | string): string {
  const text = String(v);
  const sign = text.startsWith('-') ? MINUS : '';
  return sign + text.replace(/^-/, '').replace(/\B(?=(\d{3})+(?!\d))/g, THIN);
}

/** Four significant digits. */
export function four(v: number): string {
  if (Number.isNaN(v)) return 'NaN';
  if (v === Infinity) return '+Inf';
  if (v === -Infinity) return `${MINUS}Inf`;
  const a = Math.abs(v);
  if (a >= 1e15) return v.toExponential(3).replace('e+', 'e').replace('-', MINUS);
  if (a >= 10000) return group3(Math.round(v));
  if (a !== 0 && a < 0.001) return v.toExponential(2).replace('e-', `e${MINUS}`).replace(/^-/, MINUS);
  if (Number.isInteger(v)) return group3(v);
  return v.toPrecision(4).replace('-', MINUS);
}

/** A step or a count in few characters: 9.2k, 1.3M. */
export function short(v: number): string {
  const a = Math.abs(v);
  if (!Number.isFinite(v)) return four(v);
  let text: string;
  if (a >= 1e15) text = v.toExponential(2).replace(/\.?0+e/, 'e').replace('e+', 'e');
  else if (a >= 1e9) text = `${+(v / 1e9).toPrecision(3)}G`;
  else if (a >= 1e6) text = `${+(v / 1e6).toPrecision(3)}M`;
  else if (a >= 1000) text = `${+(v / 1000).toPrecision(3)}k`;
  else if (a !== 0 && a < 0.001) text = v.toExponential(2).replace(/\.?0+e/, 'e');
  else text = String(+v.toPrecision(3));
  return text.replace('e-', `e${MINUS}`).replace(/^-/, MINUS);
}

/** A length of time: 12 s, 41 min, 2 h 14 m, 3 d 4 h. */
export function duration(us: number): string {
  if (!Number.isFinite(us)) return '';
  const s = Math.max(0, us) / 1e6;
  if (s < 10 && s > 0) return `${+s.toFixed(s < 1 ? 2 : 1)} s`;
  if (s < 60) return `${Math.floor(s)} s`;
  const m = Math.floor(s / 60);
  if (m < 60) return `${m} min`;
  const h = Math.floor(m / 60);
  if (h < 24) return `${h} h ${String(m % 60).padStart(2, '0')} m`;
  const d = Math.floor(h / 24);
  return d < 10 ? `${d} d ${h % 24} h` : `${d} d`;
}

/** How long ago, in one unit. */
export function ago(us: number, now: number): string {
  const s = Math.max(0, now - us) / 1e6;
  if (!Number.isFinite(s)) return '';
  if (s < 60) return `${Math.floor(s)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86400)} d`;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

export function bytes(v: number): string {
  let i = 0;
  let x = v;
  while (Math.abs(x) >= 1024 && i < UNITS.length - 1) {
    x /= 1024;
    i++;
  }
  return `${i === 0 ? x : +x.toPrecision(3)} ${UNITS[i]}`;
}

const two = (v: number): string => String(v).padStart(2, '0');

/** 2026-11-20 09:48:12, in the time zone of the browser. */
export function dateTime(us: number): string {
  const d = new Date(us / 1000);
  if (Number.isNaN(d.getTime())) return '';
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

/** 15:00:02.689 */
export function clock(us: number): string {
  const d = new Date(us / 1000);
  if (Number.isNaN(d.getTime())) return '';
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${String(d.getMilliseconds()).padStart(3, '0')}`;
}

/** 0:41, 1:02:09: a label of a relative time axis. */
export function elapsed(us: number): string {
  const neg = us < 0 ? MINUS : '';
  const s = Math.abs(us) / 1e6;
  if (s < 1 && s > 0) return `${neg}${+(s * 1000).toPrecision(3)} ms`;
  if (s < 60) return `${neg}${+s.toFixed(2)} s`;
  const h = Math.floor(s / 3600);
  const m = Math.floor((s % 3600) / 60);
  const r = Math.floor(s % 60);
  if (h) return `${neg}${h} h${m ? ` ${two(m)} m` : ''}`;
  return `${neg}${m} m${r ? ` ${two(r)} s` : ''}`;
}

/** The end of an id: the front of a UUIDv7 is a clock and nearly equal for runs started together. */
export function shortId(id: string): string {
  return id.slice(-8);
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${group3(n)}\u00a0${n === 1 ? one : many}`;
}

/** Takes control characters and direction overrides out of a text that stands in a line of the page. */
export function plain(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}
