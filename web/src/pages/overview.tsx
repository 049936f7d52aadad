// What a run was and what came of it.
import { h, Fragment, useMemo, useState } from '../base';
import { ApiError, get, patch, post } from '../api';
import type { DrawnRun } from '../chart/build';
import { Panel } from '../chart/panel';
import { bytes, dateTime, four, group3, plain, shortId } from '../format';
import { useLive, useResource } from '../resource';
import { projectPath, runPath } from '../router';
import { num, type FileRow, type ForkedFrom, type InputRow, type Rewind, type Run, type Series, type Tree } from '../types';
import { A, Badge, CopyButton, Failure, Field, Meter, Mid } from '../ui/bits';
import { Icon } from '../ui/icon';
import { Markdown } from './markdown';
import { specOf } from './metrics';
import type { Docs, RunProps } from './run';

const SHOWN = 30;

async function fetchMetrics(id: string, signal: AbortSignal): Promise<{ list: Series[]; more: boolean }> {
  const tree = await get<Tree<Series>>(`runs/${id}/series?flat=1&limit=1000`, { signal });
  return { list: tree.series.filter((s) => !s.key.startsWith('system/')), more: tree.next !== null };
}

/** Losses with a goal first, then what else has one, then telling names, then the rest. */
export function byWeight(list: Series[]): Series[] {
  const weight = (s: Series): number => {
    const loss = /loss/i.test(s.key);
    if (s.goal !== 'none') return loss ? 0 : /(^|[/_.])(val|valid|eval|test)/i.test(s.key) ? 1 : 2;
    return loss || /acc|ppl|perplexity|score|reward/i.test(s.key) ? 3 : 4;
  };
  return [...list].sort((a, b) => weight(a) - weight(b) || a.key.localeCompare(b.key));
}

export function Overview({ run, docs, reload }: RunProps) {
  const metrics = useResource((s) => fetchMetrics(run.id, s), [run.id], 2000);
  useLive((name, change) => {
    if (name === 'reset' || (name === 'points' && change.run === run.id)) metrics.reload();
  });
  const list = useMemo(() => byWeight(metrics.data.value?.list ?? []), [metrics.data.value]);
  return (
    <div class="cols">
      <div class="stack">
        <Charts run={run} list={list} />
        <section aria-labelledby="h-sum">
          <div class="sec-head"><h2 id="h-sum">Summary</h2><span class="count">{list.length > SHOWN ? `${SHOWN} of ${group3(list.length)}${metrics.data.value?.more ? '+' : ''} metrics` : `${list.length} metrics`}</span></div>
          {metrics.error.value && !metrics.data.value && <Failure what="Metrics could not be read." error={metrics.error.value} onRetry={metrics.reload} />}
          {!metrics.data.value && !metrics.error.value && <Meter label="Loading metrics" />}
          {metrics.data.value && !list.length && <p class="small muted">No metric yet. They appear with the first point.</p>}
          {list.length > 0 && <Summary run={run} list={list.slice(0, SHOWN)} />}
        </section>
        <Params run={run} />
      </div>
      <aside class="stack" aria-label="About this run">
        <Note run={run} reload={reload} />
        <Tags run={run} reload={reload} />
        <InOut run={run} />
        <Details run={run} docs={docs} />
        <Missing docs={docs} />
      </aside>
    </div>
  );
}

function Charts({ run, list }: { run: Run; list: Series[] }) {
  const [zoom, setZoom] = useState<[number, number] | null>(null);
  const [log, setLog] = useState<string[]>([]);
  const top = [...new Map(list.map((s) => [s.key, s])).values()].slice(0, 2);
  const text = top.map((s) => s.key + s.goal + s.unit).join('\n');
  const specs = useMemo(() => top.map(specOf), [text]);
  const runs = useMemo<DrawnRun[]>(() => [{ id: run.id, name: plain(run.name), color: 0, live: run.state === 'running' }], [run.id, run.name, run.state]);
  if (!specs.length) return null;
  return (
    <section aria-labelledby="h-pin"><h2 class="vh" id="h-pin">First charts</h2>
      <div class="pair">
        {specs.map((spec) => (
          <Panel key={spec.id} spec={spec} runs={runs} x="step" smooth="" zoom={zoom} log={log.includes(spec.id)} onZoom={setZoom}
            onLog={(on) => setLog(on ? [...log, spec.id] : log.filter((l) => l !== spec.id))} />
        ))}
      </div>
    </section>
  );
}

function valueOf(s: Series): [number, number] {
  if (s.goal === 'min' && s.min !== null) return [num(s.min), num(s.min_step)];
  if (s.goal === 'max' && s.max !== null) return [num(s.max), num(s.max_step)];
  return [num(s.last), num(s.last_step)];
}

function Summary({ run, list }: { run: Run; list: Series[] }) {
  return (
    <div class="scroll-x">
      <table class="table">
        <thead><tr><th class="grow">Metric</th><th>Goal</th><th class="num">Value</th><th class="num">Step</th><th class="num">Last</th><th class="num o2">Min</th><th class="num o2">Max</th><th class="num o2">Points</th></tr></thead>
        <tbody>
          {list.map((s) => {
            const [value, step] = valueOf(s);
            return (
              <tr key={s.key + s.context}>
                <td class="grow"><A to={runPath(run.project_ref, run.id, 'charts')} query={`?m=${encodeURIComponent(s.key)}`}><Mid text={plain(s.key)} /></A>{s.context && <span class="muted xs"> {plain(s.context)}</span>}</td>
                <td class="muted">{s.goal === 'none' ? 'last' : s.goal}</td>
                <td class="num strong" title={String(value)}>{four(value)}{s.unit && <span class="muted"> {plain(s.unit)}</span>}</td>
                <td class="num muted">{group3(step)}</td>
                <td class="num">{four(num(s.last))}</td>
                <td class="num o2">{s.min === null ? '–' : four(num(s.min))}</td>
                <td class="num o2">{s.max === null ? '–' : four(num(s.max))}</td>
                <td class="num muted o2">{s.bad > 0 && <span class="warn-text" title={`${s.bad} are NaN or infinite`}>{group3(s.bad)} bad of </span>}{group3(s.n)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Params({ run }: { run: Run }) {
  const [find, setFind] = useState('');
  const all = useMemo(() => Object.entries(run.params).sort((a, b) => a[0].localeCompare(b[0])), [run.params]);
  const shown = all.filter(([k, v]) => `${k} ${v}`.toLowerCase().includes(find.toLowerCase()));
  return (
    <section aria-labelledby="h-par">
      <div class="sec-head">
        <h2 id="h-par">Params</h2><span class="count">{group3(all.length)}</span><span class="gap" />
        {all.length > 0 && <Field label="Find param" placeholder="Find" value={find} onInput={setFind} />}
      </div>
      {!all.length && <p class="small muted">No params. <code>track_set_param(run, "lr", "3e-4")</code> sets one.</p>}
      <dl class="params">
        {shown.slice(0, 500).map(([k, v]) => <div key={k}><dt title={k}>{plain(k)}</dt><dd title={v}><span class="param-value">{plain(v)}</span></dd></div>)}
      </dl>
      {shown.length > 500 && <p class="small muted">The first 500 of {group3(shown.length)}; find the others by name.</p>}
      {all.length > 0 && !shown.length && <p class="small muted">No param matches.</p>}
    </section>
  );
}

function Note({ run, reload }: { run: Run; reload: () => void }) {
  const [text, setText] = useState<string | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const save = (): void => {
    patch(`runs/${run.id}`, { note: text ?? '' }).then(() => { setText(null); setError(null); reload(); }).catch((e: ApiError) => setError(e));
  };
  return (
    <section aria-labelledby="h-note">
      <div class="sec-head"><h2 id="h-note">Note</h2><span class="gap" />{text === null && <button type="button" class="btn btn-s" onClick={() => setText(run.note)}>Edit</button>}</div>
      {text === null && (run.note ? <Markdown text={run.note} /> : <p class="small muted">No note. What was tried, and why?</p>)}
      {text !== null && (
        <div class="form">
          <textarea class="input" rows={6} aria-label="Note" value={text} ref={(el) => { if (el && !el.dataset['set']) { el.dataset['set'] = '1'; el.focus(); } }}
            onInput={(e) => setText(e.currentTarget.value)} onKeyDown={(e) => { if (e.key === 'Escape') setText(null); if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) save(); }} />
          {error && <Failure what="The note was not saved." error={error} />}
          <div class="row-of"><button type="button" class="btn btn-primary" onClick={save}>Save</button><button type="button" class="btn" onClick={() => setText(null)}>Cancel</button></div>
        </div>
      )}
    </section>
  );
}

function Tags({ run, reload }: { run: Run; reload: () => void }) {
  const [text, setText] = useState<string | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const send = (body: unknown): void => {
    post(`runs/${run.id}/tags`, body).then(() => { setText(null); setError(null); reload(); }).catch((e: ApiError) => setError(e));
  };
  const add = (e: Event): void => {
    e.preventDefault();
    const name = (text ?? '').trim();
    if (!name) { setText(null); return; }
    const eq = name.indexOf('=');
    send({ set: eq > 0 ? { [name.slice(0, eq)]: name.slice(eq + 1) } : { [name]: '' } });
  };
  return (
    <section aria-labelledby="h-tags">
      <h2 class="vh" id="h-tags">Tags</h2>
      <ul class="tags tags-tight">
        {Object.entries(run.tags).sort().map(([k, v]) => (
          <li key={k} class="badge badge-key tag">
            <span class="tag-text" title={v ? `${k}=${v}` : k}>{plain(k)}{v && <span class="muted">={plain(v)}</span>}</span>
            <button type="button" class="tag-x" aria-label={`Remove tag ${plain(k)}`} onClick={() => send({ remove: [k] })}><Icon name="x" small /></button>
          </li>
        ))}
        <li>
          {text === null
            ? <button type="button" class="btn btn-quiet btn-tag btn-tag-new" onClick={() => setText('')}><Icon name="plus" small />Tag</button>
            : (
              <form onSubmit={add} class="row-of">
                <input class="input tag-input" aria-label="New tag: a label, or key=value" placeholder="label or key=value" value={text} ref={(el) => { if (el && !el.dataset['set']) { el.dataset['set'] = '1'; el.focus(); } }}
                  onInput={(e) => setText(e.currentTarget.value)} onKeyDown={(e) => { if (e.key === 'Escape') setText(null); }} />
                <button type="submit" class="btn btn-s">Add</button>
              </form>
            )}
        </li>
      </ul>
      {error && <Failure what="The tags were not changed." error={error} />}
    </section>
  );
}

function InOut({ run }: { run: Run }) {
  const both = useResource(async (signal) => {
    const [f, i] = await Promise.all([
      get<{ files: FileRow[] }>(`runs/${run.id}/files?limit=5`, { signal }), get<{ inputs: InputRow[] }>(`runs/${run.id}/inputs`, { signal }),
    ]);
    return { files: f.files, inputs: i.inputs };
  }, [run.id], 2000);
  useLive((name, change) => {
    if (name === 'reset' || (name === 'files' && change.run === run.id)) both.reload();
  });
  const d = both.data.value;
  if (!d || (!d.files.length && !d.inputs.length)) return null;
  return (
    <section aria-labelledby="h-io">
      <div class="sec-head"><h2 id="h-io">Inputs and files</h2><span class="gap" /><A class="small" to={runPath(run.project_ref, run.id, 'files')}>All</A></div>
      <ul class="edges">
        {d.inputs.slice(0, 5).map((i) => <li key={i.name}><Icon name="dataset" /><Mid text={plain(i.name)} /><span class="muted num">{i.role ? `${plain(i.role)}, ` : ''}{bytes(num(i.size))}</span></li>)}
      </ul>
      {d.files.length > 0 && <ul class={`edges${d.inputs.length ? ' outputs' : ''}`}>
        {d.files.map((f) => <li key={f.path}><Icon name="file" /><Mid text={plain(f.path)} /><span class="muted num">{bytes(num(f.size))}</span></li>)}
      </ul>}
    </section>
  );
}

/** An argument as a shell needs it. */
function shellWord(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`;
}

/** Where a fork began: its charts show the other run's points up to there. */
function ForkLine({ from }: { from: ForkedFrom }) {
  const name = plain(from.name) || shortId(from.run);
  return <><A to={runPath(from.project_ref, from.run)}>{name}</A>{` at step ${from.step}`}{from.deleted ? ', now in the trash' : ''}</>;
}

/** The newest rewind: what came behind its step before it is hidden. */
function RewindLine({ newest, times }: { newest: Rewind; times: number }) {
  return <>{`to step ${newest.step}, `}{dateTime(num(newest.at_us))}{times > 1 ? ` (the last of ${times})` : ''}</>;
}

function Details({ run, docs }: { run: Run; docs: Docs }) {
  const host = docs.host ?? {};
  const text = (k: string): string => (typeof host[k] === 'string' ? plain(host[k] as string) : '');
  const argv = docs.command?.argv?.map(shellWord).join(' ');
  const memory = typeof host['memory_bytes'] === 'number' ? bytes(host['memory_bytes']) : '';
  const cores = typeof host['cores'] === 'number' ? `${host['cores']} cores` : '';
  const end = run.ended_us === null ? '' : `${dateTime(num(run.ended_us))}${run.signal ? `, signal ${run.signal}` : run.exit_code === null ? '' : `, exit ${run.exit_code}`}`;
  const rows: [string, ReturnType<typeof h> | string | null][] = [
    ['Command', argv ? <span class="with-copy"><code>{plain(argv)}</code><CopyButton text={argv} label="Copy command" cls="tight" /></span> : null],
    ['Folder', docs.command?.cwd ? <code>{plain(docs.command.cwd)}</code> : null],
    ['Commit', docs.code?.commit ? <span class="with-copy"><code>{docs.code.commit}</code><CopyButton text={docs.code.commit} label="Copy commit" cls="tight" /></span> : null],
    ['Branch', docs.code?.branch ? plain(docs.code.branch) : null],
    ['Host', [text('name') || plain(run.host), text('os')].filter(Boolean).join(', ') || null],
    ['Machine', [text('cpu'), cores, memory].filter(Boolean).join(', ') || null],
    ['Kernel', text('kernel') || null],
    ['Ended', end || null],
    ['Parent', run.parent ? <A to={runPath(run.project_ref, run.parent)}>{shortId(run.parent)}</A> : null],
    ['Forked from', run.forked_from ? <ForkLine from={run.forked_from} /> : null],
    ['Forks', run.forks ? <>{run.forks} {run.forks === 1 ? 'run shows' : 'runs show'} its points up to a step</> : null],
    ['Rewound', run.rewinds[0] ? <RewindLine newest={run.rewinds[0]} times={run.epoch} /> : null],
    ['Kind', run.kind ? plain(run.kind) : null],
    ['Client', [plain(run.client), run.capture_mode].filter(Boolean).join(', ') || null],
    ['Project', <A to={projectPath(run.project_ref)}>{plain(run.project)}</A>],
    ['Run id', <span class="with-copy"><code class="run-id">{run.id}</code><CopyButton text={run.id} label="Copy run id" cls="tight" /></span>],
  ];
  const variables = Object.entries(docs.environment?.variables ?? {});
  return (
    <section aria-labelledby="h-det">
      <div class="sec-head"><h2 id="h-det">Details</h2></div>
      <dl class="kv">{rows.filter(([, v]) => v !== null).map(([k, v]) => <Fragment key={k}><dt>{k}</dt><dd>{v}</dd></Fragment>)}</dl>
      {variables.length > 0 && (
        <details class="more-facts"><summary>{variables.length} environment variables</summary>
          <dl class="kv kv-wide">{variables.map(([k, v]) => <Fragment key={k}><dt class="mono">{plain(k)}</dt><dd class="mono">{plain(v)}</dd></Fragment>)}</dl>
        </details>
      )}
    </section>
  );
}

/** What could not be recorded, said as it is. */
function Missing({ docs }: { docs: Docs }) {
  const list = docs.missing ?? [];
  if (!list.length) return null;
  return (
    <section aria-labelledby="h-mis">
      <div class="sec-head"><h2 id="h-mis">Not recorded</h2><span class="count">{list.length}</span></div>
      <ul class="checks">
        {list.map((m, i) => <li key={i} class="is-warn"><Icon name="warn" /><span>{plain(m.subject ?? '')}</span><Badge>{plain(m.code ?? '')}</Badge><span class="why">{plain(m.detail ?? '')}</span></li>)}
      </ul>
    </section>
  );
}
