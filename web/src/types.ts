// Bodies of the API, as schema/openapi.yaml has them. An int64 is text beyond 2^53, a real is text
// where JSON has no number for it.
export type Int64 = number | string;
export type Real = number | string;
export type Goal = 'none' | 'min' | 'max';
export type State =
  | 'queued' | 'running' | 'preempting' | 'finished' | 'failed' | 'stopped' | 'preempted' | 'unconfirmed';

export interface Project {
  id: string;
  number: number;
  name: string;
  ref: string;
  note: string;
  runs: number;
  running: number;
  last_us: Int64 | null;
  created_us: Int64;
  updated_us: Int64;
}

export interface RunHead {
  id: string;
  project: string;
  project_number: number;
  project_ref: string;
  name: string;
  kind: string;
  state: State;
  user: string;
  host: string;
  created_us: Int64;
  started_us: Int64 | null;
  ended_us: Int64 | null;
  seen_us: Int64;
  deleted_us: Int64 | null;
}

/** The run that another one was forked from, and where. */
export interface ForkedFrom {
  run: string;
  name: string;
  deleted: boolean;
  project_ref: string;
  step: Int64;
}

export interface Rewind {
  epoch: number;
  step: Int64;
  at_us: Int64;
}

export interface Run extends RunHead {
  note: string;
  capture_mode: string;
  client: string;
  parent: string | null;
  exit_code: number | null;
  signal: number | null;
  stop: boolean;
  lost: number;
  epoch: number;
  forked_from: ForkedFrom | null;
  forks: number;
  rewinds: Rewind[];
  params: Record<string, string>;
  tags: Record<string, string>;
}

export interface MetricCell {
  value: Real;
  step: Int64;
  how: string;
  bad: number;
}
export type Cell = string | MetricCell | null;

export interface RunRow extends RunHead {
  labels: string[];
  values: Cell[];
}

export interface RunPage {
  runs: RunRow[];
  next: string | null;
  total: number | null;
}

export interface SeriesGroup {
  name: string;
  prefix: string;
  n: number;
}

export interface ProjectSeries {
  key: string;
  runs: number;
  goal: Goal;
  unit: string;
}

export interface Series {
  key: string;
  context: string;
  id: string;
  n: number;
  bad: number;
  goal: Goal;
  unit: string;
  first_step: Int64;
  last: Real;
  last_step: Int64;
  last_us: Int64;
  min: Real | null;
  min_step: Int64;
  max: Real | null;
  max_step: Int64;
}

export interface Tree<T> {
  prefix: string;
  groups: SeriesGroup[];
  series: T[];
  next: string | null;
}

export interface TextSample {
  key: string;
  step: Int64;
  time_us: Int64;
  text: string;
}

export interface Line {
  n: number;
  time_us: Int64;
  stream: 'stdout' | 'stderr';
  rank: number | null;
  text: string;
}

export interface LinePage {
  lines: Line[];
  total: number;
  next: number;
}

export interface Alert {
  id: string;
  title: string;
  text: string;
  level: 'info' | 'warning' | 'error';
  count: number;
  first_us: Int64;
  last_us: Int64;
}

export interface FileRow {
  path: string;
  digest: string;
  size: Int64;
  media: string;
  at_us: Int64;
}

export interface InputRow {
  name: string;
  digest: string;
  size: Int64;
  uri: string;
  role: string;
  at_us: Int64;
  stored: boolean;
}

export interface Writer {
  writer: string;
  name: string;
  rank: number | null;
  host: string;
  pid: number;
  next_seq: number;
  last_seq: number;
  closed: boolean;
  seen_us: Int64;
  lost: number;
}

/** A number as JSON or as text; what is neither is NaN. */
export function num(v: Int64 | Real | null | undefined): number {
  if (typeof v === 'number') return v;
  return v === null || v === undefined || v === '' ? NaN : Number(v);
}
