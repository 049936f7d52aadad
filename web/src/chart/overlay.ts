// The upper canvas: crosshair, the line in focus, the range being chosen. Nothing here touches the lines below.
import { four } from '../format';
import type { XAxis } from '../state';
import { fromX, toX, toY, type Frame } from './axes';
import { nearest, type Line } from './line';
import { band, clip, context, trace } from './lines';
import { dot, liveEnd, ring, tag } from './marks';
import type { Pointer } from './pointer';
import { xWords } from './scale';
import { canvasFont, runColor, token } from './token';

export interface Scene {
  id: string;
  kind: XAxis;
  frame: Frame;
  lines: Line[];
  goal: string;
  band: string;
  whole: boolean; // the whole range is shown, so a line's best and its end are in it
  drag: [number, number] | null; // px
}

export function inFocus(scene: Scene, p: Pointer): Line | undefined {
  if (p.line && p.panel === scene.id) return scene.lines.find((l) => l.id === p.line);
  const own = p.run ? scene.lines.filter((l) => l.run === p.run) : [];
  return own.length === 1 ? own[0] : undefined;
}

function wash(g: CanvasRenderingContext2D, s: Scene, focus: Line): void {
  const f = s.frame;
  clip(g, f);
  g.globalAlpha = 0.5;
  g.fillStyle = token('bg');
  g.fillRect(f.left, f.top - 2, f.width + 1, f.height + 3);
  g.globalAlpha = 1;
  if (focus.raw || focus.group) band(g, f, focus, 0.16);
  if (focus.raw) {
    g.globalAlpha = 0.4;
    g.lineWidth = 1;
    g.strokeStyle = runColor(focus.color);
    trace(g, f, focus.bins.x, focus.raw);
    g.globalAlpha = 1;
  }
  g.strokeStyle = runColor(focus.color);
  g.lineWidth = 2.25;
  trace(g, f, focus.bins.x, focus.path);
  g.restore();
  if (!s.whole) return;
  ring(g, f, focus, focus.raw ? '' : s.goal);
  liveEnd(g, f, focus);
}

function chip(g: CanvasRenderingContext2D, f: Frame, text: string, x: number): void {
  g.font = canvasFont();
  const w = Math.ceil(g.measureText(text).width) + 10;
  const left = Math.max(2, Math.min(f.w - w - 2, Math.round(x - w / 2)));
  g.fillStyle = token('chip');
  g.beginPath();
  g.roundRect(left, f.top + f.height + 2, w, 17, 2);
  g.fill();
  g.fillStyle = token('on-chip');
  g.textAlign = 'left';
  g.textBaseline = 'middle';
  g.fillText(text, left + 5, f.top + f.height + 11);
}

function range(g: CanvasRenderingContext2D, s: Scene, drag: [number, number]): void {
  const f = s.frame;
  const a = Math.min(...drag);
  const b = Math.max(...drag);
  g.globalAlpha = 0.16;
  g.fillStyle = token('accent');
  g.fillRect(a, f.top, b - a, f.height);
  g.globalAlpha = 1;
  chip(g, f, `${xWords(s.kind, fromX(f, a))} – ${xWords(s.kind, fromX(f, b))}`, (a + b) / 2);
}

/** Draws the layer for where the pointer is now. */
export function drawOverlay(canvas: HTMLCanvasElement, s: Scene, p: Pointer): void {
  const f = s.frame;
  const g = context(canvas, f);
  g.clearRect(0, 0, f.w, f.h);
  const focus = inFocus(s, p);
  if (focus && s.lines.length > 1) wash(g, s, focus);
  if (s.drag) range(g, s, s.drag);
  if (p.x === null || s.drag) return;
  const x = Math.round(toX(f, p.x)) + 0.5;
  if (x < f.left - 1 || x > f.left + f.width + 1) return;
  g.strokeStyle = token('cross');
  g.lineWidth = 1;
  g.globalAlpha = 0.7;
  g.beginPath();
  g.moveTo(x, f.top - 4);
  g.lineTo(x, f.top + f.height);
  g.stroke();
  g.globalAlpha = 1;
  for (const l of s.lines) {
    const own = l === focus;
    if ((focus || s.lines.length > 10) && !own) continue;
    const i = nearest(l, p.x);
    const v = i < 0 ? NaN : (l.path[i] as number);
    if (!Number.isFinite(v) || (f.y.log && v <= 0)) continue;
    const px = toX(f, l.bins.x[i] as number);
    const py = toY(f, v);
    dot(g, px, py, runColor(l.color));
    if (!own || p.panel === s.id) continue;
    const right = px + 60 < f.left + f.width;
    tag(g, four(v), right ? px + 7 : px - 7, py - 7, right ? 'left' : 'right', token('text'));
  }
  if (p.panel === s.id) chip(g, f, xWords(s.kind, p.x), x);
}

/** The pointer for a place in the plot: the nearest line within 28 px is in focus. */
export function pointAt(s: Scene, px: number, py: number): Pointer {
  const x = Math.max(s.frame.x0, Math.min(s.frame.x1, fromX(s.frame, px)));
  let near: Line | null = null;
  let gap = 28;
  for (const l of s.lines) {
    const i = nearest(l, x);
    const v = i < 0 ? NaN : (l.path[i] as number);
    if (!Number.isFinite(v)) continue;
    const d = Math.abs(toY(s.frame, v) - py);
    if (d < gap) {
      gap = d;
      near = l;
    }
  }
  if (!near) return { x, panel: s.id, run: null, line: null };
  return { x: near.bins.x[nearest(near, x)] as number, panel: s.id, run: near.run || null, line: near.id };
}
