// A project: its runs on the left, the charts of those that are selected on the right.
import { h, Fragment, useEffect, useMemo, useRef, useState } from '../base';
import { ApiError, get, post, query, remove } from '../api';
import { group3, plain } from '../format';
import { useLive, useResource } from '../resource';
import { search, setSearch } from '../router';
import { parseView, printView, type View } from '../state';
import { columnOf, defaultColumns, paramColumn, tagColumn, type Column } from '../table/columns';
import { RunTable } from '../table/runtable';
import { RunWindow } from '../table/window';
import { num, type Goal, type Project, type ProjectSeries, type RunPage } from '../types';
import { Failure, Field, Notice } from '../ui/bits';
import { TopBar } from '../ui/top';
import { isMetric } from '../table/columns';
import { lazy } from '../lazy';
import { useNow } from '../ui/now';
import { fetchSeries, Metrics, MetricsBar } from './metrics';
import { NotFound } from './none';
import { useDrawn, withRun } from './selection';

const FirstSteps = lazy(async () => (await import('./first')).FirstSteps);
const Confirm = lazy(async () => (await import('../later')).Confirm);
const TableBar = lazy(async () => (await import('../later')).TableBar, <div class="bar" />);
const TagDialog = lazy(async () => (await import('../later')).TagDialog);

export interface Keys {
  series: ProjectSeries[];
  params: string[];
  tags: string[];
}

const KEYS_MAX = 300;

async function fetchKeys(ref: string, signal: AbortSignal): Promise<Keys> {
  const path = `projects/${encodeURIComponent(ref)}`;
  const names = async (kind: string): Promise<string[]> =>
    (await get<{ keys: { key: string }[] }>(`${path}/keys${query({ kind, limit: KEYS_MAX })}`, { signal })).keys.map((k) => k.key);
  const [series, params, tags] = await Promise.all([fetchSeries(path, { limit: KEYS_MAX }, signal), names('param'), names('tag')]);
  return { series, params, tags };
}

/** The best value of each metric column over all runs of the filter. */
async function fetchBest(project: string, filter: string, columns: Column[], signal: AbortSignal): Promise<Map<string, number>> {
  const out = new Map<string, number>();
  await Promise.all(columns.filter((c) => c.kind === 'metric' && c.goal !== 'none').map(async (c) => {
    const body: Record<string, unknown> = { project, order: c.goal === 'max' ? `-${c.id}` : c.id, columns: [c.id], limit: 1 };
    if (filter) body['filter'] = filter;
    const v = (await post<RunPage>('runs/search', body, { signal })).runs[0]?.values[0];
    if (isMetric(v) && Number.isFinite(num(v.value))) out.set(c.id, num(v.value));
  }));
  return out;
}

export function Workspace({ project }: { project: string }) {
  const info = useResource((s) => get<Project>(`projects/${encodeURIComponent(project)}`, { signal: s }), [project], 1000);
  useLive((name) => {
    if (name === 'run' || name === 'project' || name === 'reset') info.reload();
  });
  const data = info.data.value;
  const error = info.error.value;
  useEffect(() => { document.title = `${data ? plain(data.name) : project} · Track`; }, [data?.name]);
  if (error && error.status === 404) return <NotFound what={`There is no project “${plain(project)}”.`} hint="A project is made by the first run that names it." />;
  if (data && data.runs === 0) {
    return <div><TopBar project={project} /><main class="page" id="main"><FirstSteps project={data.name} /></main></div>;
  }
  return <Loaded project={project} info={data} error={error} retry={info.reload} />;
}

function useView(): [View, (patch: Partial<View>, push?: boolean) => void] {
  const text = search.value;
  const view = useMemo(() => parseView(text), [text]);
  const latest = useRef(view);
  latest.current = view;
  return [view, (patch, push = false) => {
    latest.current = { ...latest.current, ...patch };
    setSearch(printView(latest.current), push);
  }];
}

function Loaded({ project, info, error, retry }: { project: string; info: Project | undefined; error: ApiError | undefined; retry: () => void }) {
  const [view, onView] = useView();
  const now = useNow(5000);
  const keys = useResource((s) => fetchKeys(project, s), [project], 5000);
  const known = keys.data.value;
  const goals = useMemo(() => new Map<string, Goal>((known?.series ?? []).map((s) => [s.key, s.goal])), [known]);
  const ids = view.columns ?? (known ? defaultColumns(known.series, known.params) : ['started', 'duration', 'user']);
  const columns = useMemo(() => ids.map((id) => columnOf(id, goals)).filter((c): c is Column => c !== null), [ids.join('\n'), goals]);
  const rows = useMemo(() => new RunWindow(), [project]);
  const asked = columns.filter((c) => c.ask).map((c) => c.id);
  useEffect(() => rows.ask({ project, filter: view.filter, order: view.sort, columns: asked }), [rows, view.filter, view.sort, asked.join('\n')]);
  useEffect(() => () => rows.cancel(), [rows]);
  const bestKey = columns.filter((c) => c.kind === 'metric').map((c) => c.id + c.goal).join('\n');
  const best = useResource((s) => fetchBest(project, view.filter, columns, s), [project, view.filter, bestKey], 5000);
  const drawn = useDrawn(project, view);
  useLive((name) => {
    if (name === 'points') {
      rows.refresh(3000);
      best.reload();
      if (known && !known.series.length) keys.reload();
    }
    if (name === 'run' || name === 'project' || name === 'reset') {
      rows.refresh(800);
      keys.reload();
    }
  });
  const path = `projects/${encodeURIComponent(project)}`;
  const groups = useMemo(() => groupsBy(known), [known]);
  const metrics = { path, view, runs: drawn.runs, onView, openRun: project, groups, total: rows.total.value };
  return (
    <div class="app">
      <TopBar project={project} running={info?.running} />
      <ViewBar view={view} onView={onView} rows={rows} all={info?.runs} name={info?.name ?? project} />
      <div class="tabs front narrow-only">
        <button type="button" aria-pressed={view.front === 'runs'} onClick={() => onView({ front: 'runs' })}>Runs <span class="count">{rows.total.value === null ? '' : group3(rows.total.value)}</span></button>
        <button type="button" aria-pressed={view.front === 'charts'} onClick={() => onView({ front: 'charts' })}>Charts</button>
      </div>
      <main class="split" id="main" data-front={view.front}>
        <section class="side" aria-label="Runs">
          <TableBar view={view} onView={onView} ids={ids} columns={columns} keys={known} />
          {error && <Failure what="The project could not be read." error={error} onRetry={retry} />}
          <Runs view={view} onView={onView} rows={rows} columns={columns} best={best.data.value ?? new Map()} now={now} drawn={drawn} />
        </section>
        <section class="charts" aria-label="Charts">
          <MetricsBar p={metrics} />
          {drawn.rows.data.value && !drawn.runs.length && rows.known.value > 0 && (
            <div class="pad"><Notice icon="eye"><span>No run is drawn. Check one in the table.</span><span class="gap" /><button type="button" class="btn btn-s" onClick={() => onView({ selection: { kind: 'auto' }, hidden: [] }, true)}>Draw the first ten</button></Notice></div>
          )}
          <Metrics {...metrics} />
        </section>
      </main>
    </div>
  );
}

/** What runs may be grouped by. */
function groupsBy(keys: Keys | undefined): { id: string; text: string; part: string }[] {
  return [
    ...(keys?.params ?? []).map((k) => ({ id: paramColumn(k), text: k, part: 'Params' })),
    ...(keys?.tags ?? []).map((k) => ({ id: tagColumn(k), text: k, part: 'Tags' })),
  ];
}

type OnView = (patch: Partial<View>, push?: boolean) => void;

/** The filter; a mistake is shown below its column. */
function ViewBar({ view, onView, rows, all, name }: { view: View; onView: OnView; rows: RunWindow; all: number | undefined; name: string }) {
  const [text, setText] = useState(view.filter);
  const timer = useRef(0);
  useEffect(() => setText(view.filter), [view.filter]);
  const apply = (t: string, push: boolean): void => {
    clearTimeout(timer.current);
    onView({ filter: t.trim() }, push);
  };
  const error = rows.error.value;
  const wrong = error?.status === 400;
  const total = rows.total.value;
  return (
    <section class="view" aria-label="View and filter">
      <h1 class="vh">{plain(name)}, workspace</h1>
      <span class="view-field" data-filter>
        <Field
          label="Filter runs" mono placeholder="Filter runs: status:running params.lr<1e-2 best(val/loss)<0.3   ( / )" value={text} wrong={wrong} describedBy={wrong ? 'filter-error' : undefined}
          onInput={(t) => {
            setText(t);
            clearTimeout(timer.current);
            timer.current = setTimeout(() => apply(t, false), 500) as unknown as number;
          }}
          onKey={(e) => {
            if (e.key === 'Enter') apply(text, true);
            if (e.key === 'Escape') (e.currentTarget as HTMLElement).blur();
          }}
        >
          {total !== null && !wrong && <span class="num">{view.filter && all !== undefined ? `${group3(total)} of ${group3(all)} runs` : `${group3(total)} ${total === 1 ? 'run' : 'runs'}`}</span>}
        </Field>
        {wrong && <p class="wrong wrong-below" id="filter-error" role="alert">{error.offset !== null && `${' '.repeat([...text.slice(0, error.offset)].length)}^ `}<span>{firstLine(error.message)}</span></p>}
      </span>
      {view.filter && <button type="button" class="btn btn-quiet" onClick={() => { setText(''); apply('', true); }}>Clear filter</button>}
    </section>
  );
}

const firstLine = (text: string): string => text.split('\n')[0] ?? text;

interface RunsProps {
  view: View;
  onView: OnView;
  rows: RunWindow;
  columns: Column[];
  best: Map<string, number>;
  now: number;
  drawn: ReturnType<typeof useDrawn>;
}

function Runs({ view, onView, rows, columns, best, now, drawn }: RunsProps) {
  const byId = useMemo(() => new Map(drawn.picked.map((p) => [p.id, p.color])), [drawn.picked]);
  const hidden = useMemo(() => new Set(view.hidden), [view.hidden.join()]);
  const total = rows.total.value;
  const error = rows.error.value;
  if (error && error.status !== 400 && !rows.version.value) return <div class="pad"><Failure what="Runs could not be read." error={error} onRetry={() => rows.refresh(0)} /></div>;
  if (total === 0 && !error) {
    return (
      <div class="pad scroll">
        <Notice icon="search">
          <span>No run matches{view.filter ? <> <code>{plain(view.filter)}</code></> : ''}.</span><span class="gap" />
          {view.filter && <button type="button" class="btn btn-s" onClick={() => onView({ filter: '' }, true)}>Clear filter</button>}
        </Notice>
      </div>
    );
  }
  const select = (id: string, on: boolean): void => onView({ selection: withRun(view.selection, drawn.picked, id, on), hidden: view.hidden.filter((x) => x !== id) });
  const draw = (id: string): void => {
    if (!byId.has(id)) select(id, true);
    else onView({ hidden: hidden.has(id) ? view.hidden.filter((x) => x !== id) : [...view.hidden, id] });
  };
  const solo = (id: string): void => {
    const others = drawn.picked.map((p) => p.id).filter((x) => x !== id);
    const isSolo = others.length > 0 && others.every((x) => hidden.has(x)) && !hidden.has(id);
    onView({ hidden: isSolo ? [] : others, ...(byId.has(id) ? {} : { selection: withRun(view.selection, drawn.picked, id, true) }) });
  };
  const kind = view.selection.kind;
  const all = kind === 'all' && !view.selection.except.length ? 'all' : drawn.picked.length ? 'some' : 'none';
  return (
    <>
      <RunTable
        rows={rows} columns={columns} best={best} sort={view.sort} now={now} all={all}
        stateOf={(id) => ({ selected: byId.has(id), drawn: byId.has(id) && !hidden.has(id), color: byId.get(id) ?? 0 })}
        onAll={(on) => onView({ selection: on ? { kind: 'all', except: [] } : { kind: 'some', runs: [] }, hidden: [] }, true)}
        onSort={(sort) => onView({ sort }, true)} onSolo={solo} on={{ select, draw }}
      />
      <Foot view={view} onView={onView} rows={rows} drawn={drawn} />
    </>
  );
}

/** What the selection can do. */
function Foot({ view, onView, rows, drawn }: { view: View; onView: OnView; rows: RunWindow; drawn: RunsProps['drawn'] }) {
  const [dialog, setDialog] = useState<'none' | 'trash' | 'tag'>('none');
  const [failed, setFailed] = useState<ApiError | null>(null);
  const ids = drawn.picked.map((p) => p.id);
  const auto = view.selection.kind === 'auto';
  const trash = async (): Promise<void> => {
    const done = await Promise.allSettled(ids.map((id) => remove(`runs/${id}`)));
    const bad = done.find((d) => d.status === 'rejected') as PromiseRejectedResult | undefined;
    setFailed(bad ? (bad.reason as ApiError) : null);
    onView({ selection: { kind: 'auto' }, hidden: [] });
    rows.refresh(0);
  };
  const n = drawn.picked.length;
  const whole = (rows.total.value ?? Infinity) <= n ? (n === 1 ? 'The run is drawn' : `All ${n} runs are drawn`) : `The first ${n} of the table are drawn`;
  const words = auto ? whole : `${group3(drawn.picked.length)} selected`;
  return (
    <div class="foot">
      <span class={auto ? 'muted' : 'strong'}>{words}</span>
      <span class="gap" />
      {failed && <span class="bad-text">{failed.message}</span>}
      {!auto && ids.length > 0 && (
        <>
          <button type="button" class="btn" onClick={() => setDialog('tag')}>Tag</button>
          <button type="button" class="btn btn-danger" onClick={() => setDialog('trash')}>Move to trash</button>
        </>
      )}
      {view.hidden.length > 0 && <button type="button" class="btn btn-quiet" onClick={() => onView({ hidden: [] })}>Draw all</button>}
      {!auto && <button type="button" class="btn btn-quiet" onClick={() => onView({ selection: { kind: 'auto' }, hidden: [] }, true)}>Clear</button>}
      {dialog === 'trash' && (
        <Confirm
          title={`Move ${ids.length} ${ids.length === 1 ? 'run' : 'runs'} to the trash?`} text="Points, files and everything else stay; Trash brings the runs back."
          yes="Move to trash" onYes={() => void trash()} onClose={() => setDialog('none')}
        />
      )}
      {dialog === 'tag' && <TagDialog runs={ids} onClose={() => setDialog('none')} onDone={() => rows.refresh(0)} />}
    </div>
  );
}
