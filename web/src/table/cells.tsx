// Cells of the run table.
import { h } from '../base';
import { four, group3, plain, short, shortId } from '../format';
import { runPath } from '../router';
import { num, type RunRow } from '../types';
import { A, Check, Mid, Status, Swatch } from '../ui/bits';
import { Icon } from '../ui/icon';
import { ATTRIBUTES, isMetric, type Column } from './columns';

export interface RowState {
  selected: boolean;
  drawn: boolean;
  color: number;
}

export interface RowActions {
  select: (id: string, on: boolean) => void;
  draw: (id: string) => void;
}

function MetricCellView({ c, row, at, best }: { c: Column; row: RunRow; at: number; best: number | undefined }) {
  const v = row.values[at];
  if (!isMetric(v)) return <div class="metric" role="gridcell"><span class="v muted">{row.state === 'queued' || row.state === 'running' ? '–' : ''}</span><span class="at" /></div>;
  const value = num(v.value);
  const step = num(v.step);
  const isBest = best !== undefined && value === best;
  const bad = v.bad > 0 ? `; ${group3(v.bad)} points were not finite` : '';
  return (
    <div class={`metric${isBest ? ' is-best' : ''}`} role="gridcell" title={`${v.how} of ${c.key}: ${v.value} at step ${group3(v.step)}${isBest ? ', the best of these runs' : ''}${bad}`}>
      <span class="v">
        {v.bad > 0 && <Icon name="warn" small />}
        {isBest && <Icon name="ring" small />}
        {four(value)}
      </span>
      <span class="at">@{short(step)}</span>
    </div>
  );
}

export function Cell({ c, row, at, now, best }: { c: Column; row: RunRow; at: number; now: number; best: number | undefined }) {
  if (c.kind === 'metric') return <MetricCellView c={c} row={row} at={at} best={best} />;
  if (c.kind === 'attribute') {
    const a = ATTRIBUTES[c.id];
    const times = c.id === 'started' || c.id === 'ended' || c.id === 'duration';
    return <div class={times ? 'num muted' : 'muted'} role="gridcell" title={a?.full?.(row) ?? a?.text(row, now)}>{a?.text(row, now)}</div>;
  }
  const v = row.values[at];
  const text = typeof v === 'string' ? plain(v) : '';
  return <div class={text !== '' && Number.isFinite(Number(text)) ? 'num' : ''} role="gridcell" title={text}>{text}</div>;
}

/** The three columns that stay: check, colour, name. */
export function Front({ row, state, on }: { row: RunRow; state: RowState; on: RowActions }) {
  const name = plain(row.name);
  return [
    <div class="cell-check" role="gridcell" key="c">
      <Check checked={state.selected} label={`Select ${name}`} tabIndex={-1} onChange={(v) => on.select(row.id, v)} />
    </div>,
    <div class="cell-swatch" role="gridcell" key="s">
      <button
        type="button" class="swatch-btn" tabIndex={-1} aria-label={`${name}: ${state.drawn ? 'drawn' : 'not drawn'}`} aria-pressed={state.drawn}
        title={state.drawn ? 'Drawn; press to hide' : 'Not drawn; press to draw'} onClick={() => on.draw(row.id)}
      >
        <Swatch color={state.color} on={state.drawn} />
      </button>
    </div>,
    <div class="cell-name" role="gridcell" key="n">
      <A class="name" to={runPath(row.project_ref, row.id)}><Mid text={name} /></A>
      <span class="id">{shortId(row.id)}</span>
    </div>,
    <div class="cell-status" role="gridcell" key="st"><Status state={row.state} /></div>,
  ];
}
