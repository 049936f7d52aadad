// The line layer: draws in slices of at most 8 ms, so that a panel of a thousand lines never blocks the
// page; until it is done the last picture is shown, stretched to the new range.
import { toX, toY, type Frame } from './axes';
import type { Reals } from './bins';
import type { Line } from './line';
import { canvasFont, runColor, token } from './token';

export const MANY = 20; // above it lines are one device pixel wide: thicker ones cost 20 times as much
const SLICE_MS = 8;
const SLICE_POINTS = 100_000;
const DASH = [[], [5, 3], [1.5, 3], [7, 3, 1.5, 3]];
const TAU = Math.PI * 2;

export function context(canvas: HTMLCanvasElement, f: Frame): CanvasRenderingContext2D {
  const w = Math.round(f.w * f.dpr);
  const h = Math.round(f.h * f.dpr);
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  const g = canvas.getContext('2d') as CanvasRenderingContext2D;
  g.setTransform(f.dpr, 0, 0, f.dpr, 0, 0);
  g.font = canvasFont();
  g.lineJoin = 'round';
  return g;
}

export function clip(g: CanvasRenderingContext2D, f: Frame): void {
  g.save();
  g.beginPath();
  g.rect(f.left, f.top - 2, f.width + 1, f.height + 3);
  g.clip();
}

/** Strokes a path; a value that is not finite (or not positive on a log axis) breaks it. */
export function trace(g: CanvasRenderingContext2D, f: Frame, xs: Float64Array, ys: Reals): void {
  const kx = f.width / (f.x1 - f.x0);
  const log = f.y.log;
  const lo = log ? Math.log(f.y.lo) : f.y.lo;
  const ky = f.height / ((log ? Math.log(f.y.hi) : f.y.hi) - lo);
  const bottom = f.top + f.height;
  let open = false;
  g.beginPath();
  for (let i = 0; i < ys.length; i++) {
    const v = ys[i] as number;
    if (!Number.isFinite(v) || (log && v <= 0)) {
      open = false;
      continue;
    }
    const x = f.left + ((xs[i] as number) - f.x0) * kx;
    const y = bottom - ((log ? Math.log(v) : v) - lo) * ky;
    if (open) g.lineTo(x, y);
    else g.moveTo(x, y);
    open = true;
  }
  g.stroke();
}

/** min…max of the bins as a band. */
export function band(g: CanvasRenderingContext2D, f: Frame, l: Line, alpha: number): void {
  const { min, max } = l.bins.columns;
  if (!min || !max || l.bins.exact) return;
  const floor = f.y.log ? f.y.lo / 2 : -Infinity;
  const idx: number[] = [];
  for (let i = 0; i < min.length; i++) if (Number.isFinite(min[i])) idx.push(i);
  if (!idx.length) return;
  g.beginPath();
  for (const i of idx) g.lineTo(toX(f, l.bins.x[i] as number), toY(f, Math.max(max[i] as number, floor)));
  for (const i of idx.reverse()) g.lineTo(toX(f, l.bins.x[i] as number), toY(f, Math.max(min[i] as number, floor)));
  g.closePath();
  g.globalAlpha = alpha;
  g.fillStyle = runColor(l.color);
  g.fill();
  g.globalAlpha = 1;
}

/** Points so far apart that the eye wants them, and a point that no line touches. */
function dots(g: CanvasRenderingContext2D, f: Frame, l: Line): void {
  const xs = l.bins.x;
  const n = xs.length;
  const shown = ((xs[n - 1] ?? 0) - (xs[0] ?? 0)) * (f.width / (f.x1 - f.x0));
  const sparse = l.bins.exact && shown / Math.max(1, n - 1) > 12;
  const at = (i: number): boolean => Number.isFinite(l.path[i]) && (!f.y.log || (l.path[i] as number) > 0);
  g.fillStyle = runColor(l.color);
  for (let i = 0; i < n; i++) {
    if (!at(i) || (!sparse && (at(i - 1) || at(i + 1)))) continue;
    const x = toX(f, xs[i] as number);
    if (x < f.left - 3 || x > f.left + f.width + 3) continue;
    g.beginPath();
    g.arc(x, toY(f, l.path[i] as number), 2, 0, TAU);
    g.fill();
  }
}

export class LineLayer {
  private back: HTMLCanvasElement;
  private shown: Frame | null = null;
  private turn = 0;
  private channel = new MessageChannel();
  private next: (() => void) | null = null;

  constructor(private canvas: HTMLCanvasElement) {
    this.back = document.createElement('canvas');
    this.channel.port1.onmessage = () => {
      const go = this.next;
      this.next = null;
      go?.();
    };
  }

  /** Draws all lines; `done` is called when the last slice is on the screen. */
  draw(lines: Line[], f: Frame, stale: boolean, done: () => void): void {
    const turn = ++this.turn;
    const work = this.tasks(lines, f, stale);
    const g = context(this.back, f);
    g.clearRect(0, 0, f.w, f.h);
    clip(g, f);
    let first = true;
    const slice = (): void => {
      if (turn !== this.turn) return;
      const until = performance.now() + SLICE_MS;
      let points = 0;
      while (work.length && performance.now() < until && points < SLICE_POINTS) points += (work.shift() as (g: CanvasRenderingContext2D) => number)(g);
      if (work.length) {
        if (first) this.stretch(f);
        first = false;
        this.next = slice;
        this.channel.port2.postMessage(0);
        return;
      }
      g.restore();
      this.show(f);
      done();
    };
    slice();
  }

  destroy(): void {
    this.turn++;
    this.channel.port1.close();
  }

  /** Everything that is to be drawn, one line at a time: bands, raw shadows, then lines from the last to the first. */
  private tasks(lines: Line[], f: Frame, stale: boolean): ((g: CanvasRenderingContext2D) => number)[] {
    const n = lines.length;
    const out: ((g: CanvasRenderingContext2D) => number)[] = [];
    for (const l of lines) if (n <= 2 || l.group) out.push((g) => { band(g, f, l, 0.16); return l.path.length * 2; });
    for (const l of lines) {
      const raw = l.raw;
      if (raw) out.push((g) => { this.stroke(g, f, l, raw, n > MANY ? 1 / f.dpr : 1, 0.26, 0); return raw.length; });
    }
    const width = n > MANY ? 1 / f.dpr : 1.5;
    const alpha = Math.min(1, Math.max(0.2, 72 / n));
    for (let i = n - 1; i >= 0; i--) {
      const l = lines[i] as Line;
      const dash = n > MANY ? 0 : l.dash;
      out.push((g) => {
        this.stroke(g, f, l, l.path, width, alpha, dash);
        if (n <= MANY) dots(g, f, l);
        return l.path.length;
      });
    }
    if (stale) out.push((g) => { g.globalAlpha = 0.55; g.fillStyle = token('bg'); g.fillRect(f.left, f.top - 2, f.width + 1, f.height + 3); g.globalAlpha = 1; return 0; });
    return out;
  }

  private stroke(g: CanvasRenderingContext2D, f: Frame, l: Line, ys: Reals, width: number, alpha: number, dash: number): void {
    g.strokeStyle = runColor(l.color);
    g.lineWidth = width;
    g.globalAlpha = alpha;
    g.setLineDash(DASH[dash % DASH.length] ?? []);
    trace(g, f, l.bins.x, ys);
    g.setLineDash([]);
    g.globalAlpha = 1;
  }

  private show(f: Frame): void {
    const g = context(this.canvas, f);
    g.setTransform(1, 0, 0, 1, 0, 0);
    g.clearRect(0, 0, this.canvas.width, this.canvas.height);
    g.drawImage(this.back, 0, 0);
    this.shown = f;
  }

  /** The last picture, moved to where its x range lies now. */
  private stretch(f: Frame): void {
    const old = this.shown;
    if (!old || old.w !== f.w || old.h !== f.h || old.dpr !== f.dpr) return;
    const copy = document.createElement('canvas');
    copy.width = this.canvas.width;
    copy.height = this.canvas.height;
    copy.getContext('2d')?.drawImage(this.canvas, 0, 0);
    const g = context(this.canvas, f);
    g.clearRect(0, 0, f.w, f.h);
    clip(g, f);
    const left = toX(f, old.x0);
    const right = toX(f, old.x1);
    g.drawImage(copy, old.left * f.dpr, 0, old.width * f.dpr, copy.height, left, 0, right - left, f.h);
    g.restore();
  }
}
