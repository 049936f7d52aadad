// Axes of a panel; the only file that imports uPlot. It draws ticks, grid and labels and maps values to
// pixels; lines are ours (lines.ts), because uPlot's own cost too much above a few dozen.
import uPlot from 'uplot';
import type { XAxis } from '../state';
import { short } from '../format';
import { linearTicks, stepTicks, timeTicks, xLabel, yTicks, type YRange } from './scale';
import { token } from './token';

export interface Frame {
  x0: number;
  x1: number;
  y: YRange;
  left: number;
  top: number;
  width: number;
  height: number;
  w: number; // of the whole panel, css px
  h: number;
  dpr: number;
}

export const LEFT = 52;
export const RIGHT = 12;
export const TOP = 20;
export const BOTTOM = 22;

export const toX = (f: Frame, v: number): number => f.left + ((v - f.x0) / (f.x1 - f.x0)) * f.width;
export const fromX = (f: Frame, px: number): number => f.x0 + ((px - f.left) / f.width) * (f.x1 - f.x0);

export function toY(f: Frame, v: number): number {
  const { lo, hi, log } = f.y;
  const share = log ? (v > 0 ? Math.log(v / lo) / Math.log(hi / lo) : -1) : (v - lo) / (hi - lo);
  return f.top + (1 - share) * f.height;
}

/** Rounds a text down so that the last label never runs into the unit at the right end. */
function labels(kind: XAxis, ticks: number[], f: Frame, unit: string): string[] {
  const step = ticks.length > 1 ? (ticks[1] as number) - (ticks[0] as number) : 1;
  const limit = f.left + f.width - (unit ? unit.length * 6 + 10 : -RIGHT);
  return ticks.map((v) => {
    const text = xLabel(kind, v, step);
    return toX(f, v) + text.length * 3 > limit ? '' : text;
  });
}

export class Axes {
  private plot: uPlot | null = null;
  private frame: Frame | null = null;
  private kind: XAxis = 'step';
  private log = false;

  constructor(private host: HTMLElement) {}

  /** Draws the axes for this range and returns where the plot area lies. */
  draw(kind: XAxis, x: [number, number], y: YRange, right: number, unit: string): Frame {
    const w = this.host.clientWidth;
    const h = this.host.clientHeight;
    const dpr = devicePixelRatio || 1;
    const f: Frame = {
      x0: x[0], x1: x[1] > x[0] ? x[1] : x[0] + 1, y, left: LEFT, top: TOP,
      width: Math.max(10, w - LEFT - right), height: Math.max(10, h - TOP - BOTTOM), w, h, dpr,
    };
    const rebuilt = !this.plot || this.kind !== kind || this.log !== y.log || this.frame?.dpr !== dpr;
    this.frame = f;
    this.unit = unit;
    this.right = right;
    if (rebuilt) {
      this.kind = kind;
      this.log = y.log;
      this.plot?.destroy();
      this.plot = this.make(w, h);
    } else if (this.plot) {
      if (this.plot.width !== w || this.plot.height !== h) this.plot.setSize({ width: w, height: h });
      const plot = this.plot;
      plot.batch(() => {
        plot.setScale('x', { min: f.x0, max: f.x1 });
        plot.setScale('y', { min: y.lo, max: y.hi });
      });
    }
    return f;
  }

  destroy(): void {
    this.plot?.destroy();
    this.plot = null;
  }

  private unit = '';
  private right = RIGHT;

  private xTicks = (): number[] => {
    const f = this.frame as Frame;
    if (this.kind === 'step') return stepTicks(f.x0, f.x1, f.width / 52);
    if (this.kind.startsWith('metric:')) return linearTicks(f.x0, f.x1, f.width / 60);
    const shift = this.kind === 'time' ? -new Date(f.x0 / 1000).getTimezoneOffset() * 60e6 : 0;
    return timeTicks(f.x0, f.x1, f.width / 72, shift);
  };

  private make(width: number, height: number): uPlot {
    const font = `11px ${getComputedStyle(document.documentElement).fontFamily}`;
    const muted = (): string => token('muted');
    const frame = (): Frame => this.frame as Frame;
    const options: uPlot.Options = {
      width, height,
      padding: [TOP, () => this.right, 0, 0] as unknown as uPlot.Padding,
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, auto: false, range: () => [frame().x0, frame().x1] },
        y: { auto: false, distr: this.log ? 3 : 1, range: () => [frame().y.lo, frame().y.hi] },
      },
      series: [{}, { show: true, paths: () => null, points: { show: false } }],
      axes: [
        {
          size: BOTTOM, gap: 4, font, stroke: muted, grid: { show: false }, border: { show: true, width: 1, stroke: () => token('axis') },
          ticks: { show: true, size: 3, width: 1, stroke: () => token('axis') },
          splits: this.xTicks, values: (_, ticks) => labels(this.kind, ticks, frame(), this.unit),
        },
        {
          size: LEFT, gap: 6, font, stroke: muted, grid: { show: true, width: 1, stroke: () => token('grid') }, border: { show: false },
          ticks: { show: false, size: 0 }, filter: (_, ticks) => ticks,
          splits: () => yTicks(frame().y, frame().height / 34), values: (_, ticks) => ticks.map((v) => short(v)),
        },
      ],
      hooks: { draw: [(u) => this.drawUnit(u)] },
    };
    return new uPlot(options, [[frame().x0, frame().x1], [null, null]], this.host);
  }

  private drawUnit(u: uPlot): void {
    const f = this.frame;
    if (!this.unit || !f) return;
    const g = u.ctx;
    g.save();
    g.font = `${11 * f.dpr}px ${getComputedStyle(document.documentElement).fontFamily}`;
    g.fillStyle = token('muted');
    g.textAlign = 'right';
    g.textBaseline = 'alphabetic';
    g.fillText(this.unit, (f.left + f.width) * f.dpr, (f.h - 6) * f.dpr);
    g.restore();
  }
}
