// Files that the run produced and data that it used, with digests.
import { h, useState } from '../base';
import { fileUrl, get, query } from '../api';
import { base } from '../boot';
import { bytes, dateTime, group3, plain } from '../format';
import { useLive, useResource } from '../resource';
import { num, type FileRow, type InputRow } from '../types';
import { CopyButton, Failure, Field, Meter, Mid } from '../ui/bits';
import { Icon } from '../ui/icon';
import type { RunProps } from './run';

const FILES_MAX = 20000;

async function fetchFiles(id: string, signal: AbortSignal): Promise<FileRow[]> {
  const out: FileRow[] = [];
  let cursor: string | undefined;
  do {
    const page = await get<{ files: FileRow[]; next: string | null }>(`runs/${id}/files${query({ limit: 1000, cursor })}`, { signal });
    out.push(...page.files);
    cursor = page.next ?? undefined;
  } while (cursor && out.length < FILES_MAX);
  return out;
}

function Digest({ digest }: { digest: string }) {
  return <span class="with-copy"><code title={`sha256:${digest}`}>{digest.slice(0, 8)}…{digest.slice(-4)}</code><CopyButton text={digest} label="Copy SHA-256" cls="tight" /></span>;
}

export function Files({ run }: RunProps) {
  const files = useResource((s) => fetchFiles(run.id, s), [run.id], 2000);
  const inputs = useResource((s) => get<{ inputs: InputRow[] }>(`runs/${run.id}/inputs`, { signal: s }), [run.id], 2000);
  useLive((name, change) => {
    if (name !== 'reset' && !(name === 'files' && change.run === run.id)) return;
    files.reload();
    inputs.reload();
  });
  const [find, setFind] = useState('');
  const list = files.data.value;
  const ins = inputs.data.value?.inputs;
  const shown = list?.filter((f) => f.path.toLowerCase().includes(find.toLowerCase()));
  const total = list?.reduce((n, f) => n + num(f.size), 0) ?? 0;
  if (list && ins && !list.length && !ins.length) {
    return <div class="first"><h2>No files</h2><p class="lead muted">Checkpoints, reports and data sets, named by what they hold (SHA-256).</p><pre class="prose-code">track put model.bin --run {run.id.slice(-8)}</pre></div>;
  }
  return (
    <div class="stack">
      <section aria-labelledby="h-files">
        <div class="sec-head"><h2 id="h-files">Files</h2><span class="count">{list && `${group3(list.length)}${list.length ? `, ${bytes(total)}` : ''}`}</span><span class="gap" />{list && list.length > 8 && <Field label="Find file" placeholder="Find file" value={find} onInput={setFind} />}</div>
        {files.error.value && !list && <Failure what="Files could not be listed." error={files.error.value} onRetry={files.reload} />}
        {!list && !files.error.value && <Meter label="Loading files" />}
        {list && !list.length && <p class="small muted">The run produced no file.</p>}
        {shown && shown.length > 0 && (
          <div class="scroll-x">
            <table class="table">
              <thead><tr><th class="grow">Path</th><th class="num">Size</th><th>SHA-256</th><th class="o">Type</th><th class="num o2">Stored</th><th><span class="vh">Download</span></th></tr></thead>
              <tbody>
                {shown.slice(0, 1000).map((f) => (
                  <tr key={f.path}>
                    <td class="grow"><Mid text={plain(f.path)} /></td><td class="num">{bytes(num(f.size))}</td><td><Digest digest={f.digest} /></td>
                    <td class="muted o">{plain(f.media)}</td><td class="num muted o2">{dateTime(num(f.at_us))}</td>
                    <td class="num"><a class="btn btn-s" href={fileUrl(run.id, f.path)} download={f.path.split('/').pop()} aria-label={`Download ${plain(f.path)}`}><Icon name="download" small />Download</a></td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
        {shown && shown.length > 1000 && <p class="small muted">The first 1000 of {group3(shown.length)}; find the others by name.</p>}
      </section>
      <section aria-labelledby="h-in">
        <div class="sec-head"><h2 id="h-in">Inputs</h2><span class="count">{ins && group3(ins.length)}</span></div>
        {inputs.error.value && !ins && <Failure what="Inputs could not be listed." error={inputs.error.value} onRetry={inputs.reload} />}
        {ins && !ins.length && <p class="small muted">The run named no input.</p>}
        {ins && ins.length > 0 && (
          <div class="scroll-x">
            <table class="table">
              <thead><tr><th class="grow">Name</th><th>Role</th><th class="num">Size</th><th>SHA-256</th><th class="o">From</th><th><span class="vh">Download</span></th></tr></thead>
              <tbody>
                {ins.map((i) => (
                  <tr key={i.name + i.digest}>
                    <td class="grow"><Mid text={plain(i.name)} /></td><td class="muted">{plain(i.role)}</td><td class="num">{bytes(num(i.size))}</td><td><Digest digest={i.digest} /></td>
                    <td class="muted mono xs o"><Mid text={plain(i.uri)} /></td>
                    <td class="num">{i.stored ? <a class="btn btn-s" href={`${base}api/v1/blobs/${i.digest}`} download={i.name.split('/').pop()} aria-label={`Download ${plain(i.name)}`}><Icon name="download" small />Download</a> : <span class="muted xs">digest only</span>}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
    </div>
  );
}
