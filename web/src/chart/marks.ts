// What stands on and beside the lines: marks for what is not finite, best rings, live ends, end labels.
import { toX, toY, type Frame } from './axes';
import { bestOf, type Line } from './line';
import { runColor, token } from './token';

const TAU = Math.PI * 2;

export function dot(g: CanvasRenderingContext2D, x: number, y: number, color: string): void {
  g.beginPath();
  g.arc(x, y, 4.5, 0, TAU);
  g.fillStyle = token('bg');
  g.fill();
  g.beginPath();
  g.arc(x, y, 3, 0, TAU);
  g.fillStyle = color;
  g.fill();
}

function lastAt(l: Line, f: Frame): number {
  for (let i = l.path.length - 1; i >= 0; i--) {
    const v = l.path[i] as number;
    if (Number.isFinite(v) && (!f.y.log || v > 0) && (l.bins.x[i] as number) <= f.x1) return i;
  }
  return -1;
}

/** NaN and infinities: triangles in the lane above the plot, in the run's colour. */
export function notFinite(g: CanvasRenderingContext2D, f: Frame, l: Line): void {
  const { nan, pinf, ninf } = l.bins.columns;
  const y = f.top - 9;
  let last = -Infinity;
  g.fillStyle = runColor(l.color);
  for (let i = 0; i < l.path.length; i++) {
    if (!((nan?.[i] ?? 0) + (pinf?.[i] ?? 0) + (ninf?.[i] ?? 0))) continue;
    const x = toX(f, l.bins.x[i] as number);
    if (x - last < 5 || x < f.left || x > f.left + f.width) continue;
    last = x;
    g.beginPath();
    g.moveTo(x - 3.5, y);
    g.lineTo(x + 3.5, y);
    g.lineTo(x, y + 6);
    g.closePath();
    g.fill();
  }
}

export function ring(g: CanvasRenderingContext2D, f: Frame, l: Line, goal: string): void {
  const b = bestOf(l, goal);
  if (!b || b.x < f.x0 || b.x > f.x1) return;
  const y = toY(f, b.y);
  if (y < f.top - 3 || y > f.top + f.height + 3) return;
  g.beginPath();
  g.arc(toX(f, b.x), y, 3, 0, TAU);
  g.fillStyle = token('bg');
  g.fill();
  g.lineWidth = 1.5;
  g.strokeStyle = runColor(l.color);
  g.stroke();
}

export function liveEnd(g: CanvasRenderingContext2D, f: Frame, l: Line): void {
  if (!l.live) return;
  const i = lastAt(l, f);
  if (i < 0 || i < l.path.length - 1) return;
  dot(g, toX(f, l.bins.x[i] as number), toY(f, l.path[i] as number), runColor(l.color));
}

/** Labels behind the lines, pushed apart to 13 px. */
export function endLabels(g: CanvasRenderingContext2D, f: Frame, lines: Line[]): void {
  const list = lines.filter((l) => l.end).flatMap((l) => {
    const i = lastAt(l, f);
    return i < 0 ? [] : [{ l, y: toY(f, l.path[i] as number) }];
  }).sort((a, b) => a.y - b.y);
  list.forEach((p, i) => {
    const before = list[i - 1];
    if (before && p.y - before.y < 13) p.y = before.y + 13;
  });
  let floor = f.top + f.height;
  for (const p of [...list].reverse()) {
    p.y = Math.min(p.y, floor);
    floor = p.y - 13;
  }
  for (const p of list) {
    const x = f.left + f.width + 3;
    g.strokeStyle = runColor(p.l.color);
    g.lineWidth = 1.5;
    g.beginPath();
    g.moveTo(x, p.y);
    g.lineTo(x + 8, p.y);
    g.stroke();
    g.textAlign = 'left';
    g.textBaseline = 'middle';
    g.fillStyle = token('text');
    g.fillText(p.l.end, x + 12, p.y);
  }
}

/** Text with a halo, so that it can be read on lines. */
export function tag(g: CanvasRenderingContext2D, text: string, x: number, y: number, align: CanvasTextAlign, color: string): void {
  g.textAlign = align;
  g.textBaseline = 'alphabetic';
  g.lineWidth = 3;
  g.strokeStyle = token('bg');
  g.strokeText(text, x, y);
  g.fillStyle = color;
  g.fillText(text, x, y);
}

/** A named limit of the quantity: a dotted line. */
export function limitLine(g: CanvasRenderingContext2D, f: Frame, at: number, text: string): void {
  const y = Math.round(toY(f, at)) + 0.5;
  if (y < f.top || y > f.top + f.height) return;
  g.strokeStyle = token('cross');
  g.lineWidth = 1;
  g.setLineDash([2, 3]);
  g.beginPath();
  g.moveTo(f.left, y);
  g.lineTo(f.left + f.width, y);
  g.stroke();
  g.setLineDash([]);
  tag(g, text, f.left + 4, y < f.top + 14 ? y + 13 : y - 4, 'left', token('muted'));
}
