// Columns of the run table: what they are called, asked for, sorted by and shown as.
import { ago, dateTime, duration, plain, shortId } from '../format';
import { num, type Goal, type MetricCell, type ProjectSeries, type RunRow } from '../types';

export type ColumnKind = 'metric' | 'param' | 'tag' | 'attribute';

export interface Column {
  id: string; // as in the URL and in `columns` of a search: best(val/loss), params.lr, started
  kind: ColumnKind;
  key: string;
  title: string;
  goal: Goal;
  width: number;
  ask: boolean; // the search must be asked for it; attributes come with every row
}

export const ATTRIBUTES: Record<string, { title: string; width: number; text: (r: RunRow, now: number) => string; full?: (r: RunRow) => string }> = {
  started: { title: 'Started', width: 72, text: (r, now) => ago(num(r.started_us ?? r.created_us), now), full: (r) => dateTime(num(r.started_us ?? r.created_us)) },
  duration: { title: 'Took', width: 84, text: (r, now) => duration(took(r, now)) },
  user: { title: 'User', width: 84, text: (r) => plain(r.user) },
  host: { title: 'Host', width: 96, text: (r) => plain(r.host) },
  ended: { title: 'Ended', width: 72, text: (r, now) => (r.ended_us === null ? '' : ago(num(r.ended_us), now)), full: (r) => (r.ended_us === null ? '' : dateTime(num(r.ended_us))) },
  kind: { title: 'Kind', width: 72, text: (r) => plain(r.kind) },
  id: { title: 'Id', width: 84, text: (r) => shortId(r.id), full: (r) => r.id },
};

export function took(r: { started_us: RunRow['started_us']; created_us: RunRow['created_us']; ended_us: RunRow['ended_us'] }, now: number): number {
  return (r.ended_us === null ? now : num(r.ended_us)) - num(r.started_us ?? r.created_us);
}

/** A key as the filter language wants it. */
export function quoteKey(key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_./-]*$/.test(key) ? key : `\`${key.replace(/`/g, '``')}\``;
}

function unquoteKey(text: string): string {
  return text.startsWith('`') && text.endsWith('`') && text.length > 1 ? text.slice(1, -1).replace(/``/g, '`') : text;
}

/** The column that an id names; null when it names none. */
export function columnOf(id: string, goals: Map<string, Goal>): Column | null {
  const best = /^best\((.+)\)$/s.exec(id);
  if (best) {
    const key = unquoteKey(best[1] as string);
    return { id, kind: 'metric', key, title: key, goal: goals.get(key) ?? 'none', width: 110, ask: true };
  }
  const other = /^(params|tags)\.(.+)$/s.exec(id);
  if (other) {
    const key = unquoteKey(other[2] as string);
    return { id, kind: other[1] === 'params' ? 'param' : 'tag', key, title: key, goal: 'none', width: 72, ask: true };
  }
  const attribute = ATTRIBUTES[id];
  return attribute ? { id, kind: 'attribute', key: id, title: attribute.title, goal: 'none', width: attribute.width, ask: false } : null;
}

export const metricColumn = (key: string): string => `best(${quoteKey(key)})`;
export const paramColumn = (key: string): string => `params.${quoteKey(key)}`;
export const tagColumn = (key: string): string => `tags.${quoteKey(key)}`;

const VALIDATION = /(^|[/_.])(val|valid|eval|test)/i;
const RATE = /(^|[._/])(lr|learning_rate)$/i;
const USUAL = /(^|[._/])(lr|learning_rate|batch|batch_size|seed)$/i;

/** What is shown before anybody has chosen: metrics with a goal, else with a telling name; usual params; time. */
export function defaultColumns(series: ProjectSeries[], params: string[]): string[] {
  const own = series.filter((s) => !s.key.startsWith('system/')).sort((a, b) => Number(VALIDATION.test(b.key)) - Number(VALIDATION.test(a.key)));
  const withGoal = own.filter((s) => s.goal !== 'none');
  const telling = own.filter((s) => /loss|acc|score|error|reward/i.test(s.key));
  const metrics = (withGoal.length ? withGoal : telling.length ? telling : own).slice(0, 2);
  const usual = params.filter((p) => USUAL.test(p)).sort((a, b) => Number(RATE.test(b)) - Number(RATE.test(a))).slice(0, 2);
  const cols = usual.map(paramColumn);
  return [...metrics.map((s) => metricColumn(s.key)), ...cols.slice(0, 1), 'started', ...cols.slice(1), 'duration', 'user'];
}

/** How a header sorts when it is pressed: best first for metrics, newest first for times. */
export function sortKeys(c: Column): [string, string] {
  const down = c.kind === 'metric' ? c.goal === 'max' : c.kind === 'attribute' && (c.id === 'started' || c.id === 'ended' || c.id === 'duration');
  return down ? [`-${c.id}`, c.id] : [c.id, `-${c.id}`];
}

export const isMetric = (v: unknown): v is MetricCell => typeof v === 'object' && v !== null;

/** A cell as text, for copies. */
export function cellText(c: Column, r: RunRow, asked: Column[], now: number): string {
  if (!c.ask) return ATTRIBUTES[c.id]?.text(r, now) ?? '';
  const v = r.values[asked.indexOf(c)];
  return v === null || v === undefined ? '' : isMetric(v) ? String(v.value) : v;
}
