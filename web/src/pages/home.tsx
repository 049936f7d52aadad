// Projects, what runs now, and what needs a look.
import { h, useEffect, useState } from '../base';
import { ago, duration, group3, plain } from '../format';
import { post } from '../api';
import { projectPath, runPath } from '../router';
import { useLive, useResource } from '../resource';
import { num, type RunPage, type RunRow } from '../types';
import { A, Failure, Field, Meter, Mid } from '../ui/bits';
import { Icon } from '../ui/icon';
import { useNow } from '../ui/now';
import { loadProjects, TopBar } from '../ui/top';
import { FirstSteps } from './first';

function Running({ runs, now }: { runs: RunRow[]; now: number }) {
  return (
    <section aria-labelledby="h-now">
      <div class="sec-head"><h2 id="h-now">Running now</h2><span class="count">{runs.length}</span></div>
      <div class="scroll-x">
        <table class="table">
          <thead><tr><th class="grow">Run</th><th>Project</th><th class="o2">By</th><th class="o2">On</th><th class="num">For</th><th class="num o2">Heard</th></tr></thead>
          <tbody>
            {runs.map((r) => (
              <tr key={r.id}>
                <td class="grow"><A class="strong-link" to={runPath(r.project_ref, r.id)}><Mid text={plain(r.name)} /></A></td>
                <td class="muted"><Mid text={plain(r.project)} /></td>
                <td class="muted o2">{plain(r.user)}</td>
                <td class="muted o2">{plain(r.host)}</td>
                <td class="num">{duration(now - num(r.started_us ?? r.created_us))}</td>
                <td class="num muted o2">{ago(num(r.seen_us), now)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

const WHY: Partial<Record<string, string>> = {
  failed: 'ended with an error',
  unconfirmed: 'nothing heard for five minutes; its spool may still hold points',
  preempted: 'was taken off its machine',
};

function Attention({ runs, now }: { runs: RunRow[]; now: number }) {
  return (
    <section aria-labelledby="h-att">
      <div class="sec-head"><h2 id="h-att">Needs attention</h2><span class="count">{runs.length}</span><span class="gap" /><span class="xs muted">last 7 days</span></div>
      {!runs.length && <p class="small muted">Nothing failed and nothing is silent.</p>}
      <ul class="list">
        {runs.map((r) => (
          <li key={r.id} class={r.state === 'failed' ? 'is-bad' : 'is-warn'}>
            <Icon name={r.state} />
            <A class="strong-link" to={runPath(r.project_ref, r.id)}><Mid text={plain(r.name)} /></A>
            <span class="num muted">{ago(num(r.ended_us ?? r.seen_us), now)}</span>
            <span class="why">{plain(r.project)} · {r.state}, {WHY[r.state] ?? ''}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Home() {
  const [find, setFind] = useState('');
  const now = useNow(5000);
  const list = useResource((s) => loadProjects(s), [], 1000);
  const running = useResource((s) => post<RunPage>('runs/search', { filter: 'status:running', limit: 20, order: '-started' }, { signal: s }), [], 1000);
  const trouble = useResource(
    (s) => post<RunPage>('runs/search', { filter: '(status:failed OR status:unconfirmed OR status:preempted) created > -7d', limit: 10, order: '-started' }, { signal: s }), [], 2000,
  );
  useLive((name) => {
    if (name === 'points' || name === 'lines' || name === 'text') return;
    list.reload();
    running.reload();
    trouble.reload();
  });
  useEffect(() => { document.title = 'Projects · Track'; }, []);
  const all = list.data.value;
  const shown = all?.filter((p) => p.name.toLowerCase().includes(find.toLowerCase()));
  const nRunning = all?.reduce((n, p) => n + p.running, 0);
  return (
    <div>
      <TopBar running={nRunning} />
      <main class="page" id="main">
        {list.error.value && <Failure what="Projects could not be read." error={list.error.value} onRetry={list.reload} />}
        {!all && !list.error.value && <Meter label="Loading projects" />}
        {all && !all.length && <FirstSteps />}
        {all && all.length > 0 && (
          <div class="cols home">
            <div class="stack">
              <section aria-labelledby="h-pro">
                <div class="sec-head">
                  <h1 id="h-pro">Projects</h1><span class="count">{group3(all.length)}</span><span class="gap" />
                  <Field label="Find project" placeholder="Find project" value={find} onInput={setFind} />
                </div>
                <div class="scroll-x">
                  <table class="table projects">
                    <thead><tr><th class="grow">Name</th><th class="num">Running</th><th class="num">Runs</th><th class="num">Last activity</th></tr></thead>
                    <tbody>
                      {shown?.map((p) => (
                        <tr key={p.ref}>
                          <td class="grow"><A class="strong-link" to={projectPath(p.ref)}><Mid text={plain(p.name)} /></A></td>
                          <td class="num">{p.running ? <span class="st st-running"><Icon name="running" small />{group3(p.running)}</span> : <span class="muted">–</span>}</td>
                          <td class="num">{group3(p.runs)}</td>
                          <td class="num muted" title={p.last_us === null ? '' : new Date(num(p.last_us) / 1000).toISOString()}>{p.last_us === null ? '–' : ago(num(p.last_us), now)}</td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
                {shown && !shown.length && <p class="small muted">No project is called “{plain(find)}”. <button type="button" class="btn btn-s" onClick={() => setFind('')}>Show all</button></p>}
              </section>
              {running.data.value && running.data.value.runs.length > 0 && <Running runs={running.data.value.runs} now={now} />}
            </div>
            <aside class="stack" aria-label="Needs attention">
              {trouble.error.value && <Failure what="Failed runs could not be read." error={trouble.error.value} onRetry={trouble.reload} />}
              {trouble.data.value && <Attention runs={trouble.data.value.runs} now={now} />}
            </aside>
          </div>
        )}
      </main>
    </div>
  );
}
