// Runs that were deleted, and the way back.
import { h, useEffect, useState } from '../base';
import { ApiError, post } from '../api';
import { ago, dateTime, group3, plain, shortId } from '../format';
import { useLive, useResource } from '../resource';
import { projectPath, runPath } from '../router';
import { num, type RunPage } from '../types';
import { A, Failure, Field, Meter, Mid, Status } from '../ui/bits';
import { useNow } from '../ui/now';
import { TopBar } from '../ui/top';

const PAGE = 200;

export function Trash() {
  const [find, setFind] = useState('');
  const [limit, setLimit] = useState(PAGE);
  const [error, setError] = useState<ApiError | null>(null);
  const now = useNow(10000);
  const found = useResource((s) => post<RunPage>('runs/search', { deleted: true, limit: Math.min(1000, limit), total: true, order: '-started' }, { signal: s }), [limit], 1000);
  useLive((name) => {
    if (name === 'run' || name === 'project' || name === 'reset') found.reload();
  });
  useEffect(() => { document.title = 'Trash · Track'; }, []);
  const restore = (id: string): void => {
    post(`runs/${id}/restore`).then(() => { setError(null); found.reload(); }).catch((e: ApiError) => setError(e));
  };
  const data = found.data.value;
  const shown = data?.runs.filter((r) => `${r.name} ${r.project} ${r.id}`.toLowerCase().includes(find.toLowerCase()));
  return (
    <div>
      <TopBar />
      <main class="page" id="main">
        <div class="stack">
          <section aria-labelledby="h-trash">
            <div class="sec-head"><h1 id="h-trash">Trash</h1><span class="count">{data && group3(data.total ?? data.runs.length)}</span><span class="gap" />{data && data.runs.length > 0 && <Field label="Find run" placeholder="Find run" value={find} onInput={setFind} />}</div>
            <p class="small muted">Runs stay here with everything they have until they are restored.</p>
            {error && <Failure what="The run was not restored." error={error} />}
            {found.error.value && !data && <Failure what="The trash could not be read." error={found.error.value} onRetry={found.reload} />}
            {!data && !found.error.value && <Meter label="Loading trash" />}
            {data && !data.runs.length && <p class="empty-line">The trash is empty.</p>}
            {shown && shown.length > 0 && (
              <div class="scroll-x">
                <table class="table">
                  <thead><tr><th class="grow">Run</th><th>Project</th><th class="o2">Status</th><th class="num o2">Started</th><th class="num">Deleted</th><th><span class="vh">Restore</span></th></tr></thead>
                  <tbody>
                    {shown.map((r) => (
                      <tr key={r.id}>
                        <td class="grow"><span class="trash-name"><A class="strong-link" to={runPath(r.project_ref, r.id)}><Mid text={plain(r.name)} /></A><span class="muted mono xs">{shortId(r.id)}</span></span></td>
                        <td><A to={projectPath(r.project_ref)}><Mid text={plain(r.project)} /></A></td>
                        <td class="o2"><Status state={r.state} /></td>
                        <td class="num muted o2" title={dateTime(num(r.started_us ?? r.created_us))}>{ago(num(r.started_us ?? r.created_us), now)}</td>
                        <td class="num muted" title={dateTime(num(r.deleted_us))}>{ago(num(r.deleted_us), now)} ago</td>
                        <td class="num"><button type="button" class="btn btn-s" aria-label={`Restore ${plain(r.name)}`} onClick={() => restore(r.id)}>Restore</button></td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )}
            {data && data.total !== null && data.total > data.runs.length && limit < 1000 && <button type="button" class="btn" onClick={() => setLimit(limit + PAGE)}>Show {PAGE} more</button>}
          </section>
        </div>
      </main>
    </div>
  );
}
