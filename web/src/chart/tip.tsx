// What the lines hold at the crosshair, best first; stands in the half of the panel where the lines are not.
import { h, useLayoutEffect, useRef } from '../base';
import { four, group3, plain } from '../format';
import { Swatch } from '../ui/bits';
import { toX, toY } from './axes';
import { nearest, type Line } from './line';
import type { Scene } from './overlay';
import { pointer } from './pointer';
import { xWords } from './scale';
import { bandOf } from './ways';

const ROWS = 9;

interface Row {
  line: Line;
  at: number;
  value: number;
  n: number;
}

function rowsAt(s: Scene, x: number): Row[] {
  const rows = s.lines.flatMap((line) => {
    const at = nearest(line, x);
    return at < 0 ? [] : [{ line, at, value: line.path[at] as number, n: line.bins.columns.n?.[at] ?? 1 }];
  });
  const order = (v: number): number => (Number.isNaN(v) ? Infinity : s.goal === 'max' ? -v : v);
  return rows.sort((a, b) => order(a.value) - order(b.value));
}

function foot(s: Scene, rows: Row[]): string {
  const group = rows.find((r) => r.line.group);
  if (group) return `mean of n runs \u00b7 ${bandOf(s.band).words}`;
  const first = rows.find((r) => r.n > 1);
  if (!first) return rows.some((r) => r.line.raw) ? 'smoothed' : '';
  const c = first.line.bins.columns;
  const a = c.x_first?.[first.at] ?? NaN;
  const b = c.x_last?.[first.at] ?? NaN;
  if (s.kind.startsWith('metric:')) return `${first.line.raw ? 'smoothed \u00b7 raw' : 'mean \u00b7'} min\u2026max of ${xWords(s.kind, a)}\u2013${four(b)}`;
  const range = s.kind === 'step' ? `steps ${group3(a)}–${group3(b)}` : `${xWords(s.kind, a)} to ${xWords(s.kind, b)}`;
  return `${first.line.raw ? 'smoothed · raw min…max of ' : 'mean · min…max of '}${range}`;
}

export function Tip({ scene, host }: { scene: Scene; host: HTMLElement | null }) {
  const box = useRef<HTMLDivElement>(null);
  const p = pointer.value;
  const shown = p.panel === scene.id && p.x !== null && !scene.drag;
  const rows = shown ? rowsAt(scene, p.x as number) : [];
  useLayoutEffect(() => {
    const el = box.current;
    if (!el || !host || p.x === null) return;
    const plot = host.getBoundingClientRect();
    const f = scene.frame;
    const vw = document.documentElement.clientWidth;
    const x = plot.left + toX(f, p.x);
    const ys = rows.map((r) => toY(f, r.value)).filter(Number.isFinite);
    const mean = ys.reduce((a, y) => a + y, 0) / Math.max(1, ys.length);
    const low = mean > f.top + f.height / 2;
    const top = low ? plot.top - 24 : plot.top + f.top + f.height - el.offsetHeight - 4;
    const left = x + 14 + el.offsetWidth > vw - 8 ? Math.max(8, x - 14 - el.offsetWidth) : x + 14;
    el.style.left = `${Math.round(left)}px`;
    el.style.top = `${Math.round(Math.max(8, Math.min(innerHeight - el.offsetHeight - 8, top)))}px`;
  });
  if (!rows.length) return null;
  const binned = rows.some((r) => r.n > 1 || r.line.group);
  const at = rows.findIndex((r) => r.line.id === p.line);
  const from = Math.max(0, Math.min(at - ROWS + 2, rows.length - ROWS));
  const last = foot(scene, rows);
  return (
    <div class="tip" ref={box} aria-hidden="true">
      {rows.slice(from, from + ROWS).map((r) => {
        const c = r.line.bins.columns;
        return (
          <div key={r.line.id} class={`tip-row${r.line.id === p.line ? ' is-near' : ''}`}>
            <Swatch color={r.line.color} />
            <span class="tip-name">{plain(r.line.label)}</span>
            <span class="num">{four(r.value)}</span>
            {binned && <span class="num tip-range">{(r.n > 1 || r.line.group) && c.min && c.max && Number.isFinite(c.min[r.at]) ? `${four(c.min[r.at] as number)}…${four(c.max[r.at] as number)}${r.line.group ? ` n ${group3(r.n)}` : ''}` : ''}</span>}
          </div>
        );
      })}
      {rows.length > ROWS && <div class="tip-foot">{rows.length - ROWS} more</div>}
      {last && <div class="tip-foot">{last}</div>}
    </div>
  );
}
