// One run: its head, its tabs.
import { h, Fragment, useEffect, useState } from '../base';
import { ApiError, get, patch, post, remove } from '../api';
import { duration, group3, dateTime, plain, shortId } from '../format';
import { bind } from '../keys';
import { useLive, useResource, type Resource } from '../resource';
import { go, runPath, TABS, type Tab } from '../router';
import { took } from '../table/columns';
import { num, type Alert, type FileRow, type Run, type RunPage } from '../types';
import { A, CopyButton, Failure, IconButton, Mid, Meter, Notice, Status, Swatch } from '../ui/bits';
import { Confirm } from '../ui/dialog';
import { Icon } from '../ui/icon';
import { useNow } from '../ui/now';
import { Actions } from '../ui/pick';
import { TopBar } from '../ui/top';
import { Alerts } from './alerts';
import { Code } from './code';
import { Console } from './console';
import { Files } from './files';
import { NotFound } from './none';
import { Overview } from './overview';
import { RunCharts } from './runcharts';
import { System } from './system';
import { Texts } from './texts';

export interface Docs {
  code?: { commit?: string; branch?: string; remote?: string; root?: string; changed?: number; patch_bytes?: number; excluded?: string[] };
  command?: { argv?: string[]; cwd?: string; executable?: string };
  host?: Record<string, unknown>;
  environment?: { variables?: Record<string, string> };
  devices?: DevicesDoc;
  missing?: { code?: string; subject?: string; detail?: string }[];
  patch?: number; // its size; the text is fetched by the page that shows it
}

export interface DevicesDoc {
  devices?: { node?: string; device?: string; name?: string; pci?: string; driver?: string; cuda?: string; mem_total_bytes?: number; power_limit_w?: number; lost?: boolean }[];
  missing?: { node?: string; what?: string; why?: string }[];
  nodes?: { node?: string; basis?: string }[];
}

export interface RunProps {
  run: Run;
  docs: Docs;
  now: number;
  reload: () => void;
}


const VIEWS: Record<Tab, (p: RunProps) => ReturnType<typeof h> | null> = {
  overview: Overview, charts: RunCharts, system: System, console: Console, text: Texts, files: Files, code: Code, alerts: Alerts,
};
const TITLES: Record<Tab, string> = {
  overview: 'Overview', charts: 'Charts', system: 'System', console: 'Console', text: 'Text', files: 'Files', code: 'Code', alerts: 'Alerts',
};
const SMALL_DOCS = ['code', 'command', 'host', 'environment', 'devices', 'missing'];

async function fetchDocs(id: string, signal: AbortSignal): Promise<Docs> {
  const { docs } = await get<{ docs: { name: string; size: number }[] }>(`runs/${id}/docs`, { signal });
  const out: Record<string, unknown> = {};
  await Promise.all(docs.filter((d) => SMALL_DOCS.includes(d.name)).map(async (d) => {
    out[d.name] = await get(`runs/${id}/docs/${d.name}`, { signal });
  }));
  const patchSize = docs.find((d) => d.name === 'patch')?.size;
  return patchSize === undefined ? (out as Docs) : ({ ...out, patch: patchSize } as Docs);
}

export function RunView({ project, id, tab }: { project: string; id: string; tab: Tab }) {
  const run = useResource((s) => get<Run>(`runs/${encodeURIComponent(id)}`, { signal: s }), [id], 500);
  const data = run.data.value;
  const docs = useResource((s) => (data ? fetchDocs(data.id, s) : Promise.resolve({})), [data?.id], 2000);
  const now = useNow(data?.state === 'running' ? 1000 : 10000);
  useLive((name, change) => {
    if (name === 'reset' || (name === 'run' && change.run === data?.id)) {
      run.reload();
      docs.reload();
    }
  });
  useEffect(() => {
    if (data) document.title = `${plain(data.name)}${tab === 'overview' ? '' : ` · ${TITLES[tab]}`} · Track`;
  }, [data?.name, tab]);
  const error = run.error.value;
  if (error && error.status === 409) return <NotFound what={`“${plain(id)}” names several runs.`} hint={error.message} />;
  if (error && (error.status === 404 || error.status === 400)) return <NotFound what={`There is no run “${plain(id)}”.`} hint={error.hint || undefined} />;
  if (!data) {
    return (
      <div>
        <TopBar project={project} />
        <main class="page" id="main">{error ? <Failure what="The run could not be read." error={error} onRetry={run.reload} /> : <Meter label="Loading run" />}</main>
      </div>
    );
  }
  const View = VIEWS[tab];
  return (
    <div>
      <TopBar project={data.project_ref} />
      <main class="page" id="main">
        {data.deleted_us !== null && <Deleted run={data} reload={run.reload} />}
        <Head run={data} docs={docs.data.value ?? {}} now={now} reload={run.reload} tab={tab} />
        <Tabs run={data} docs={docs.data.value ?? {}} tab={tab} />
        <View key={tab + data.id} run={data} docs={docs.data.value ?? {}} now={now} reload={run.reload} />
      </main>
    </div>
  );
}

function Deleted({ run, reload }: { run: Run; reload: () => void }) {
  const [error, setError] = useState<ApiError | null>(null);
  const restore = (): void => {
    post(`runs/${run.id}/restore`).then(reload).catch((e: ApiError) => setError(e));
  };
  return (
    <div class="pad-top">
      <Notice icon="trash" kind="bad">
        <span><b>{plain(run.name)}</b> is in the trash since {dateTime(num(run.deleted_us))}. Nothing of it is gone. {error?.message}</span>
        <span class="gap" /><button type="button" class="btn btn-s" onClick={restore}>Restore</button>
      </Notice>
    </div>
  );
}

function Name({ run, reload }: { run: Run; reload: () => void }) {
  const [text, setText] = useState<string | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const save = (e: Event): void => {
    e.preventDefault();
    const name = (text ?? '').trim();
    if (!name || name === run.name) {
      setText(null);
      return;
    }
    patch(`runs/${run.id}`, { name }).then(() => {
      setText(null);
      setError(null);
      reload();
    }).catch((bad: ApiError) => setError(bad));
  };
  if (text !== null) {
    return (
      <form class="title" onSubmit={save}>
        <input class="input name-input" aria-label="Name of the run" value={text} ref={(el) => { if (el && !el.dataset['set']) { el.dataset['set'] = '1'; el.focus(); el.select(); } }}
          onInput={(e) => setText(e.currentTarget.value)} onKeyDown={(e) => { if (e.key === 'Escape') setText(null); }} />
        <button type="submit" class="btn">Save</button>
        <button type="button" class="btn btn-quiet" onClick={() => setText(null)}>Cancel</button>
        {error && <span class="bad-text small" role="alert">{error.message}</span>}
      </form>
    );
  }
  return (
    <div class="title">
      <Swatch color={0} /><h1><Mid text={plain(run.name)} /></h1><span class="id">{shortId(run.id)}</span>
      <CopyButton text={run.id} label="Copy run id" />
      <IconButton icon="edit" label="Rename" cls="btn-s" onClick={() => setText(run.name)} />
    </div>
  );
}

/** Devices as “8 × H100 80 GB”. */
export function deviceWords(doc: DevicesDoc | undefined): string {
  const counts = new Map<string, number>();
  for (const d of doc?.devices ?? []) counts.set(d.name ?? 'GPU', (counts.get(d.name ?? 'GPU') ?? 0) + 1);
  return [...counts].map(([name, n]) => (n > 1 ? `${n} × ${name}` : name)).join(', ');
}

function Head({ run, docs, now, reload, tab }: RunProps & { tab: Tab }) {
  const [ask, setAsk] = useState<'none' | 'stop' | 'trash'>('none');
  const [error, setError] = useState<ApiError | null>(null);
  const act = (work: Promise<unknown>): void => {
    work.then(() => { setError(null); reload(); }).catch((e: ApiError) => setError(e));
  };
  const step = (d: number) => (): void => {
    post<RunPage>('runs/search', { project: run.project_ref, order: '-started', limit: 1000 }).then((page) => {
      const at = page.runs.findIndex((r) => r.id === run.id);
      const to = page.runs[at + d];
      if (at >= 0 && to) go(runPath(to.project_ref, to.id, tab));
    }).catch((e: ApiError) => setError(e));
  };
  useEffect(() => {
    const un = [bind('prev', step(-1)), bind('next', step(1))];
    return () => un.forEach((u) => u());
  }, [run.id, tab]);
  const devices = deviceWords(docs.devices);
  const commit = docs.code?.commit;
  return (
    <header class="page-head">
      <div class="what">
        <Name run={run} reload={reload} />
        <ul class="facts">
          <li><Status state={run.state} /></li>
          {run.stop && run.state === 'running' && <li class="warn-text">stop asked, waiting for the program</li>}
          <li><b>{duration(took(run, now))}</b></li>
          {(run.user || run.host) && <li>{plain(run.user)} {run.host && <>on <b>{plain(run.host)}</b></>}</li>}
          {devices && <li>{plain(devices)}</li>}
          {commit && <li><Icon name="commit" small /><A class="mono" to={runPath(run.project_ref, run.id, 'code')}>{commit.slice(0, 7)}</A>{docs.code?.changed ? ` + ${group3(docs.code.changed)} changed ${docs.code.changed === 1 ? 'file' : 'files'}` : ''}</li>}
          <li>started {dateTime(num(run.started_us ?? run.created_us))}</li>
          {run.lost > 0 && <li class="warn-text"><Icon name="warn" small />{group3(run.lost)} records were dropped by its writers</li>}
        </ul>
        {error && <Failure what="That did not work." error={error} />}
      </div>
      <div class="actions">
        <IconButton icon="left" label="Newer run" title="Newer run  [" onClick={step(-1)} />
        <IconButton icon="right" label="Older run" title="Older run  ]" onClick={step(1)} />
        {run.state === 'running' && !run.stop && <button type="button" class="btn btn-danger" onClick={() => setAsk('stop')}>Stop</button>}
        <Actions
          label="More actions"
          options={run.deleted_us === null ? [{ id: 'trash', text: 'Move to trash', icon: 'trash', danger: true }] : [{ id: 'restore', text: 'Restore', icon: 'trash' }]}
          onChoose={(id) => (id === 'trash' ? setAsk('trash') : act(post(`runs/${run.id}/restore`)))}
        />
      </div>
      {ask === 'stop' && (
        <Confirm title={`Ask ${plain(run.name)} to stop?`} text="The program learns it with its next batch of points and ends by itself, if it looks: track_should_stop, or the launcher’s signal." yes="Ask it to stop"
          onYes={() => act(post(`runs/${run.id}/stop`))} onClose={() => setAsk('none')} />
      )}
      {ask === 'trash' && (
        <Confirm title={`Move ${plain(run.name)} to the trash?`} text="Points, files and everything else stay; Trash brings it back." yes="Move to trash"
          onYes={() => act(remove(`runs/${run.id}`))} onClose={() => setAsk('none')} />
      )}
    </header>
  );
}

function useCount<T>(load: (s: AbortSignal) => Promise<T>, id: string, event: string): Resource<T> {
  const r = useResource(load, [id], 3000);
  useLive((name, change) => {
    if (name === 'reset' || (name === event && change.run === id)) r.reload();
  });
  return r;
}

function Tabs({ run, docs, tab }: { run: Run; docs: Docs; tab: Tab }) {
  const files = useCount((s) => get<{ files: FileRow[]; next: string | null }>(`runs/${run.id}/files?limit=1000`, { signal: s }), run.id, 'files');
  const alerts = useCount((s) => get<{ alerts: Alert[] }>(`runs/${run.id}/alerts`, { signal: s }), run.id, 'alerts');
  const nFiles = files.data.value?.files.length;
  const counts: Partial<Record<Tab, string>> = {
    files: nFiles ? `${group3(nFiles)}${files.data.value?.next ? '+' : ''}` : '',
    alerts: alerts.data.value?.alerts.length ? String(alerts.data.value.alerts.length) : '',
  };
  const shown = TABS.filter((t) => t !== 'code' || docs.code || docs.patch !== undefined || tab === 'code');
  return (
    <nav class="tabs" aria-label="Run">
      {shown.map((t) => (
        <A key={t} to={runPath(run.project_ref, run.id, t)} current={t === tab}>{TITLES[t]}{counts[t] && <span class="count">{counts[t]}</span>}</A>
      ))}
    </nav>
  );
}
