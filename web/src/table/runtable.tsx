// The run table: fixed row height, only the rows near the screen exist.
import { h, useEffect, useLayoutEffect, useRef, useState } from '../base';
import { focusRun, pointer } from '../chart/pointer';
import { group3 } from '../format';
import { bind } from '../keys';
import { go, runPath } from '../router';
import type { RunRow } from '../types';
import { Check, Meter } from '../ui/bits';
import { Icon } from '../ui/icon';
import { Cell, Front, type RowActions, type RowState } from './cells';
import { sortKeys, type Column } from './columns';
import type { RunWindow } from './window';

const OVER = 8; // rows beyond the screen
const FRONT = 32 + 24 + 152 + 104;

export interface TableProps {
  rows: RunWindow;
  columns: Column[];
  best: Map<string, number>;
  sort: string;
  now: number;
  stateOf: (id: string) => RowState;
  all: 'none' | 'some' | 'all';
  onAll: (on: boolean) => void;
  onSort: (order: string) => void;
  onSolo: (id: string) => void;
  on: RowActions;
}

/** First and last row on the screen. */
function useRange(box: { current: HTMLElement | null }, height: number, total: number): [number, number] {
  const [range, setRange] = useState<[number, number]>([0, 40]);
  useLayoutEffect(() => {
    const el = box.current;
    if (!el || !height) return;
    const see = (): void => {
      const first = Math.max(0, Math.floor(el.scrollTop / height) - OVER);
      const last = Math.min(Math.max(0, total - 1), Math.ceil((el.scrollTop + el.clientHeight) / height) + OVER);
      setRange((r) => (r[0] === first && r[1] === last ? r : [first, last]));
    };
    see();
    el.addEventListener('scroll', see, { passive: true });
    const watch = new ResizeObserver(see);
    watch.observe(el);
    return () => {
      el.removeEventListener('scroll', see);
      watch.disconnect();
    };
  }, [height, total]);
  return range;
}

function useRowHeight(): number {
  const read = (): number => (matchMedia('(max-width: 859px)').matches ? 36 : 28);
  const [height, setHeight] = useState(read());
  useEffect(() => {
    const again = (): void => setHeight(read());
    addEventListener('resize', again);
    return () => removeEventListener('resize', again);
  }, []);
  return height;
}

function Head({ p }: { p: TableProps }) {
  const button = (title: string, orders: [string, string], metric?: Column) => {
    const at = orders.indexOf(p.sort);
    const down = p.sort.startsWith('-');
    const arrow = at >= 0 ? <Icon name="sortdown" small cls={down ? '' : 'flip'} /> : null;
    const sorted = at < 0 ? undefined : down ? ('descending' as const) : ('ascending' as const);
    const click = (): void => p.onSort(at === 0 ? orders[1] : orders[0]);
    return { sorted, node: (
      <button type="button" tabIndex={-1} onClick={click} title={`Sort by ${title}`}>
        {metric ? [<span class="v" key="v">{arrow}<span class="head-text">{title}</span></span>, <span class="at" key="a">{metric.goal === 'none' ? 'last' : metric.goal}</span>] : [arrow, title]}
      </button>
    ) };
  };
  const name = button('Name', ['name', '-name']);
  const status = button('Status', ['status', '-status']);
  return (
    <div class="row row-head" role="row" aria-rowindex={1}>
      <div class="cell-check" role="columnheader">
        <Check checked={p.all === 'all'} mixed={p.all === 'some'} label="Select all runs of this table" onChange={p.onAll} />
      </div>
      <div class="cell-swatch" role="columnheader" title="Drawn in the charts"><Icon name="eye" small /><span class="vh">Drawn</span></div>
      <div class="cell-name" role="columnheader" aria-sort={name.sorted}>{name.node}</div>
      <div class="cell-status" role="columnheader" aria-sort={status.sorted}>{status.node}</div>
      {p.columns.map((c) => {
        const b = button(c.title, sortKeys(c), c.kind === 'metric' ? c : undefined);
        const cls = c.kind === 'metric' ? 'metric' : c.kind === 'param' || c.id === 'started' || c.id === 'ended' || c.id === 'duration' ? 'num' : '';
        return <div key={c.id} class={cls} role="columnheader" aria-sort={b.sorted}>{b.node}</div>;
      })}
    </div>
  );
}

export function RunTable(p: TableProps) {
  const box = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState(-1);
  const total = p.rows.total.value ?? p.rows.known.value;
  const height = useRowHeight();
  const [first, last] = useRange(box, height, total);
  const asked = p.columns.filter((c) => c.ask);
  const version = p.rows.version.value;
  useEffect(() => p.rows.show(first, last), [first, last, version]);
  useTableKeys(p, box, current, setCurrent, height, total);

  const hot = pointer.value.run;
  const narrow = height > 28;
  const columns = narrow ? p.columns.slice(0, 1) : p.columns;
  const widths = columns.map((c) => `${c.width}px`).join(' ');
  const cols = narrow ? `36px minmax(90px, 1fr) 100px ${widths}` : `32px 24px minmax(152px, 1fr) 104px ${widths}`;
  const width = narrow ? 0 : FRONT + columns.reduce((w, c) => w + c.width, 0);
  const shown: (RunRow | undefined)[] = [];
  for (let i = first; i <= last && i < total; i++) shown.push(p.rows.row(i));
  const stale = p.rows.stale.value && p.rows.busy.value;
  return (
    <div class="scroll" ref={box} data-rows>
      {p.rows.busy.value && (stale || !version) && <div class="table-meter"><Meter label="Loading runs" /></div>}
      <div
        class="rows runs" role="grid" aria-label="Runs" aria-rowcount={total + 1} aria-multiselectable="true" tabIndex={0} data-grid
        aria-activedescendant={current >= first && current <= last ? `row-${current}` : undefined}
        style={{ '--cols': cols, width: `max(100%, ${width}px)` }}
      >
        <Head p={{ ...p, columns }} />
        <div class="spacer" role="presentation" style={{ height: `${first * height}px` }} />
        {shown.map((row, k) => {
          const i = first + k;
          if (!row) return <div key={i} class="row" role="row" aria-rowindex={i + 2}><div role="gridcell" class="cell-wait muted">…</div></div>;
          const state = p.stateOf(row.id);
          return (
            <div
              key={row.id} id={`row-${i}`} role="row" aria-rowindex={i + 2} aria-selected={state.selected} data-run={row.id}
              class={`row${hot === row.id ? ' is-hot' : ''}${current === i ? ' is-current' : ''}${stale ? ' is-stale' : ''}`}
              onPointerEnter={() => focusRun(row.id)} onPointerLeave={() => focusRun(null)}
            >
              <Front row={row} state={state} on={p.on} />
              {columns.map((c) => <Cell key={c.id} c={c} row={row} at={asked.indexOf(c)} now={p.now} best={p.best.get(c.id)} />)}
            </div>
          );
        })}
        <div class="spacer" role="presentation" style={{ height: `${Math.max(0, total - 1 - last) * height}px` }} />
      </div>
      {p.rows.version.value > 0 && p.rows.total.value !== null && <p class="vh" role="status">{group3(total)} runs</p>}
    </div>
  );
}

/** j k x v s and Enter, and the arrow keys when the table has the focus. */
function useTableKeys(
  p: TableProps, box: { current: HTMLDivElement | null }, current: number, setCurrent: (i: number) => void, height: number, total: number,
): void {
  const now = useRef({ p, current, total });
  now.current = { p, current, total };
  useEffect(() => {
    const move = (d: number): void => {
      const to = Math.max(0, Math.min(now.current.total - 1, now.current.current + d));
      setCurrent(to);
      const el = box.current;
      if (!el) return;
      const top = to * height;
      if (top < el.scrollTop) el.scrollTop = top;
      else if (top + 3 * height > el.scrollTop + el.clientHeight) el.scrollTop = top + 3 * height - el.clientHeight;
    };
    const withRow = (f: (r: RunRow) => void) => (): void => {
      const r = now.current.p.rows.row(now.current.current);
      if (r) f(r);
    };
    const unbind = [
      bind('down', () => move(1)), bind('up', () => move(-1)),
      bind('select', withRow((r) => now.current.p.on.select(r.id, !now.current.p.stateOf(r.id).selected))),
      bind('visible', withRow((r) => now.current.p.on.draw(r.id))),
      bind('solo', withRow((r) => now.current.p.onSolo(r.id))),
      bind('open', withRow((r) => go(runPath(r.project_ref, r.id)))),
    ];
    const key = (e: KeyboardEvent): void => {
      const d = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20 }[e.key];
      if (d && (e.target as HTMLElement).matches('[data-grid]')) {
        e.preventDefault();
        move(d);
      }
      if (e.key === ' ' && (e.target as HTMLElement).matches('[data-grid]')) {
        e.preventDefault();
        withRow((r) => now.current.p.on.select(r.id, !now.current.p.stateOf(r.id).selected))();
      }
    };
    const el = box.current;
    el?.addEventListener('keydown', key);
    return () => {
      unbind.forEach((u) => u());
      el?.removeEventListener('keydown', key);
    };
  }, [height]);
}
