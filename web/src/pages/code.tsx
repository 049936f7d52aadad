// The state of the code: commit, and what the work tree had beyond it.
import { h } from '../base';
import { getText } from '../api';
import { bytes, group3, plain } from '../format';
import { useResource } from '../resource';
import { CopyButton, Failure, Meter, Notice } from '../ui/bits';
import type { RunProps } from './run';

const LINES_MAX = 5000;

export function Code({ run, docs }: RunProps) {
  const size = docs.patch;
  const patch = useResource((s) => (size === undefined ? Promise.resolve('') : getText(`runs/${run.id}/docs/patch`, { signal: s })), [run.id, size]);
  const code = docs.code;
  const lines = patch.data.value?.split('\n') ?? [];
  const added = lines.filter((l) => l.startsWith('+') && !l.startsWith('+++')).length;
  const removed = lines.filter((l) => l.startsWith('-') && !l.startsWith('---')).length;
  if (!code && size === undefined) return <div class="first"><h2>No code recorded</h2><p class="lead muted">The program did not run inside a git repository, or the sender of this run records no code.</p></div>;
  return (
    <div class="stack">
      <section aria-label="Commit">
        <dl class="kv">
          {code?.commit && <dt>Commit</dt>}{code?.commit && <dd class="with-copy"><code>{code.commit}</code><CopyButton text={code.commit} label="Copy commit" cls="tight" /></dd>}
          {code?.branch && <dt>Branch</dt>}{code?.branch && <dd>{plain(code.branch)}</dd>}
          {code?.remote && <dt>Remote</dt>}{code?.remote && <dd><code>{plain(code.remote)}</code></dd>}
          {code?.root && <dt>Folder</dt>}{code?.root && <dd><code>{plain(code.root)}</code></dd>}
        </dl>
        {(code?.excluded?.length ?? 0) > 0 && <Notice icon="warn" kind="warn"><span>Not in the patch, because of their size: {code?.excluded?.map(plain).join(', ')}</span></Notice>}
      </section>
      <section aria-labelledby="h-patch">
        <div class="sec-head">
          <h2 id="h-patch">Patch</h2><span class="count">{size !== undefined && patch.data.value !== undefined ? `+${group3(added)} −${group3(removed)}, ${bytes(size)}` : ''}</span><span class="gap" />
          {patch.data.value && <CopyButton text={patch.data.value} label="Copy patch" words="Copy" />}
        </div>
        {size === undefined && <p class="small muted">{code?.changed ? 'The changes were not stored.' : 'The work tree was the commit, without changes.'}</p>}
        {patch.error.value && <Failure what="The patch could not be read." error={patch.error.value} onRetry={patch.reload} />}
        {size !== undefined && patch.data.value === undefined && !patch.error.value && <Meter label="Loading patch" />}
        {size !== undefined && patch.data.value !== undefined && (
          <pre class="patch" tabIndex={0} role="region" aria-label="Lines of the patch">{lines.slice(0, LINES_MAX).map((l, i) => <span key={i} class={kind(l)}>{l || ' '}{'\n'}</span>)}</pre>
        )}
        {lines.length > LINES_MAX && <p class="small muted">The first {group3(LINES_MAX)} of {group3(lines.length)} lines; “Copy” has all of them.</p>}
      </section>
    </div>
  );
}

function kind(line: string): string {
  if (/^(diff |index |\+\+\+|---)/.test(line)) return 'p-head';
  if (line.startsWith('@@')) return 'p-at';
  return line.startsWith('+') ? 'p-add' : line.startsWith('-') ? 'p-del' : '';
}
