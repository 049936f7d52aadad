// The plot of a panel: its canvases, what they show now, and what the pointer and the keys do to it.
import { four } from '../format';
import type { XAxis } from '../state';
import { Axes, fromX, RIGHT, type Frame } from './axes';
import { bestOf, type Line } from './line';
import { canvasFont } from './token';
import { context, LineLayer, MANY } from './lines';
import { endLabels, limitLine, liveEnd, notFinite, ring } from './marks';
import { drawOverlay, pointAt, type Scene } from './overlay';
import type { PanelSpec } from './panel';
import { leave, pointer, type Pointer } from './pointer';
import { xWords, yRange, type YRange } from './scale';

export interface Drawing {
  lines: Line[];
  x: XAxis;
  zoom: [number, number] | null;
  log: boolean;
  goal: string;
  band: string;
  spec: PanelSpec;
  stale: boolean;
}

interface Handlers {
  zoom: (z: [number, number] | null) => void;
  open: ((run: string) => void) | undefined;
}

const RINGS = 10; // more lines than this carry no ring
const DRAG_PX = 5;

function xRange(lines: Line[], zoom: [number, number] | null): [number, number] {
  if (zoom) return zoom;
  let lo = Infinity;
  let hi = -Infinity;
  for (const l of lines) {
    const n = l.bins.x.length;
    if (!n) continue;
    lo = Math.min(lo, l.bins.columns.x_first?.[0] ?? (l.bins.x[0] as number));
    hi = Math.max(hi, l.bins.columns.x_last?.[n - 1] ?? (l.bins.x[n - 1] as number));
  }
  if (lo > hi) return [0, 1];
  return lo === hi ? [lo - 1, hi + 1] : [lo, hi];
}

export class Plot {
  private axes: Axes;
  private layer: LineLayer;
  private lower: HTMLCanvasElement;
  private upper: HTMLCanvasElement;
  private say: HTMLElement;
  private handlers: Handlers = { zoom: () => undefined, open: undefined };
  private scene: Scene | null = null;
  private drawing: Drawing | null = null;
  private drag: { from: number; at: number; id: number } | null = null;
  private last: Pointer = pointer.value;
  private frame = 0;
  private opening = 0;

  constructor(private host: HTMLElement, private id: string, private onScene: (s: Scene) => void) {
    const under = document.createElement('div');
    under.className = 'axes';
    this.lower = document.createElement('canvas');
    this.upper = document.createElement('canvas');
    this.say = document.createElement('span');
    this.say.className = 'vh';
    this.say.setAttribute('role', 'status');
    host.tabIndex = 0;
    host.setAttribute('role', 'application');
    host.setAttribute('aria-roledescription', 'chart');
    host.append(under, this.lower, this.upper, this.say);
    this.axes = new Axes(under);
    this.layer = new LineLayer(this.lower);
    host.addEventListener('pointermove', this.move);
    host.addEventListener('pointerdown', this.down);
    host.addEventListener('pointerup', this.up);
    host.addEventListener('pointercancel', this.cancel);
    host.addEventListener('pointerleave', this.out);
    host.addEventListener('dblclick', this.fit);
    host.addEventListener('keydown', this.key);
    host.addEventListener('blur', this.out);
  }

  on(handlers: { zoom: Handlers['zoom']; open: Handlers['open'] }): void {
    this.handlers = handlers;
  }

  draw(d: Drawing): void {
    if (!this.host.clientWidth) return;
    this.drawing = d;
    const x = xRange(d.lines, d.zoom);
    const y = this.yRange(d, x);
    const f = this.axes.draw(d.x, x, y, this.room(d), d.x.startsWith('metric:') ? d.x.slice(7) : d.x === 'step' ? 'step' : '');
    this.scene = { id: this.id, kind: d.x, frame: f, lines: d.lines, goal: d.goal, band: d.band, whole: !d.zoom, drag: null };
    this.layer.draw(d.lines, f, d.stale, () => this.finish(f, d));
    this.host.setAttribute('aria-label', this.summary(d, y));
    this.host.dataset['drawn'] = String(d.lines.length);
    this.onScene(this.scene);
    this.overlay();
  }

  point(p: Pointer): void {
    this.last = p;
    this.overlay();
  }

  destroy(): void {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.opening);
    this.layer.destroy();
    this.axes.destroy();
    this.host.replaceChildren();
    for (const [name, f] of [
      ['pointermove', this.move], ['pointerdown', this.down], ['pointerup', this.up], ['pointercancel', this.cancel],
      ['pointerleave', this.out], ['dblclick', this.fit], ['keydown', this.key], ['blur', this.out],
    ] as [string, EventListener][]) this.host.removeEventListener(name, f);
  }

  private yRange(d: Drawing, x: [number, number]): YRange {
    const y = yRange(d.lines, d.log, x[0], x[1], (d.lines.length <= 2 || d.lines.some((l) => l.group)) && !d.log);
    if (y.log) return y;
    const lo = d.spec.floor ?? y.lo;
    const hi = d.spec.ceiling ?? y.hi;
    return { lo: Math.min(lo, y.lo), hi: Math.max(hi, y.hi, lo + 1e-9), log: false };
  }

  /** Room at the right for the longest end-of-line label. */
  private room(d: Drawing): number {
    const g = this.upper.getContext('2d');
    const ends = d.lines.filter((l) => l.end);
    if (!g || !ends.length) return RIGHT;
    g.font = canvasFont();
    return Math.min(this.host.clientWidth / 3, Math.max(...ends.map((l) => g.measureText(l.end).width)) + 22);
  }

  private finish(f: Frame, d: Drawing): void {
    const g = context(this.lower, f);
    for (const l of d.lines) {
      if (!d.zoom && d.lines.length <= MANY) liveEnd(g, f, l);
      notFinite(g, f, l);
    }
    if (d.lines.length <= RINGS && !d.zoom) for (const l of d.lines) ring(g, f, l, d.goal);
    if (d.spec.ceiling !== undefined && d.spec.floor === undefined) limitLine(g, f, d.spec.ceiling, `limit ${four(d.spec.ceiling)} ${d.spec.unit}`);
    endLabels(g, f, d.lines);
    this.host.dataset['done'] = '1';
  }

  private summary(d: Drawing, y: YRange): string {
    const best = d.lines.map((l) => ({ l, b: bestOf(l, d.goal) })).filter((e) => e.b)
      .sort((p, q) => ((p.b?.y ?? 0) - (q.b?.y ?? 0)) * (d.goal === 'max' ? -1 : 1))[0];
    const words = best?.b ? ` Best ${four(best.b.y)} of ${best.l.label} at ${xWords(d.x, best.b.x)}.` : '';
    const n = d.lines.length;
    return `${d.spec.title}: ${n} ${n === 1 ? 'line' : 'lines'}, ${four(y.lo)} to ${four(y.hi)} ${d.spec.unit}.${words} Arrow keys move the cursor.`;
  }

  private overlay(): void {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      if (this.scene) drawOverlay(this.upper, this.scene, this.last);
    });
  }

  private place(e: PointerEvent): [number, number] {
    const r = this.host.getBoundingClientRect();
    return [e.clientX - r.left, e.clientY - r.top];
  }

  private move = (e: Event): void => {
    const s = this.scene;
    if (!s) return;
    const [x, y] = this.place(e as PointerEvent);
    if (this.drag) {
      const f = s.frame;
      this.drag.at = Math.max(f.left, Math.min(f.left + f.width, x));
      if (Math.abs(this.drag.at - this.drag.from) > DRAG_PX) s.drag = [this.drag.from, this.drag.at];
      this.overlay();
      return;
    }
    pointer.value = pointAt(s, x, y);
  };

  private down = (e: Event): void => {
    const ev = e as PointerEvent;
    const s = this.scene;
    if (!s || ev.button) return;
    const [x] = this.place(ev);
    if (x < s.frame.left - 4) return;
    this.host.setPointerCapture(ev.pointerId);
    this.drag = { from: Math.max(s.frame.left, x), at: x, id: ev.pointerId };
  };

  private up = (e: Event): void => {
    const s = this.scene;
    const drag = this.drag;
    this.drag = null;
    if (!s || !drag) return;
    const range = s.drag;
    s.drag = null;
    if (range) {
      const a = fromX(s.frame, Math.min(...range));
      const b = fromX(s.frame, Math.max(...range));
      if (s.kind.startsWith('metric:')) this.handlers.zoom(b > a ? [a, b] : null);
      else this.handlers.zoom(Math.ceil(b) > Math.floor(a) ? [Math.floor(a), Math.ceil(b)] : null);
    } else {
      const [x, y] = this.place(e as PointerEvent);
      const hit = pointAt(s, x, y);
      if (hit.run && (e as PointerEvent).pointerType === 'mouse') this.openSoon(hit.run);
    }
    this.overlay();
  };

  /** A click opens the run, unless it is the first half of a double click. */
  private openSoon(run: string): void {
    clearTimeout(this.opening);
    this.opening = setTimeout(() => this.handlers.open?.(run), 250) as unknown as number;
  }

  private cancel = (): void => {
    this.drag = null;
    if (this.scene) this.scene.drag = null;
    this.overlay();
  };

  private out = (): void => {
    if (!this.drag) leave();
  };

  private fit = (): void => {
    clearTimeout(this.opening);
    this.handlers.zoom(null);
  };

  private key = (e: Event): void => {
    const ev = e as KeyboardEvent;
    const s = this.scene;
    const d = { ArrowRight: 1, ArrowLeft: -1 }[ev.key];
    if (!s || !this.drawing) return;
    if (ev.key === 'Escape') leave();
    if (ev.key === 'Enter' && pointer.value.run) this.handlers.open?.(pointer.value.run);
    if (!d) return;
    ev.preventDefault();
    const line = s.lines.find((l) => l.id === pointer.value.line) ?? s.lines[0];
    if (!line?.path.length) return;
    const now = pointer.value.panel === this.id ? pointer.value.x : null;
    const xs = line.bins.x;
    let at = now === null ? Math.floor(xs.length / 2) : xs.findIndex((v) => v >= now) + d;
    if (at < 0) at = xs.length - 1;
    at = Math.max(0, Math.min(xs.length - 1, at));
    const x = xs[at] as number;
    const v = line.path[at] as number;
    pointer.value = { x, panel: this.id, run: line.run, line: line.id };
    this.say.textContent = `${line.label}, ${xWords(s.kind, x)}: ${four(v)}`;
  };
}
