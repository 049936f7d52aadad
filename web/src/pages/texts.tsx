// Text samples, the newest step first.
import { h, useMemo, useState } from '../base';
import { get, query } from '../api';
import { dateTime, group3, plain } from '../format';
import { useLive, useResource } from '../resource';
import { num, type TextSample } from '../types';
import { CopyButton, Failure, Meter } from '../ui/bits';
import { Pick } from '../ui/pick';
import type { RunProps } from './run';

const PAGE = 50;
const HEAD = 2000; // characters shown before the whole text is asked for

function Sample({ t }: { t: TextSample }) {
  const [whole, setWhole] = useState(false);
  const cut = !whole && t.text.length > HEAD;
  return (
    <article class="sample">
      <header><b>{plain(t.key)}</b><span class="badge">step {group3(num(t.step))}</span><span class="muted xs">{dateTime(num(t.time_us))}</span><span class="gap" /><CopyButton text={t.text} label="Copy text" /></header>
      <pre dir="auto">{cut ? t.text.slice(0, HEAD) : t.text}</pre>
      {cut && <button type="button" class="btn btn-s" onClick={() => setWhole(true)}>Show all {group3(t.text.length)} characters</button>}
    </article>
  );
}

export function Texts({ run }: RunProps) {
  const [key, setKey] = useState('');
  const [pages, setPages] = useState(1);
  const found = useResource(async (signal) => {
    const out: TextSample[] = [];
    let cursor: string | undefined;
    for (let i = 0; i < pages; i++) {
      const page = await get<{ texts: TextSample[]; next: string | null }>(`runs/${run.id}/text${query({ key, limit: PAGE, cursor })}`, { signal });
      out.push(...page.texts);
      cursor = page.next ?? undefined;
      if (!cursor) break;
    }
    return { texts: out, more: cursor !== undefined };
  }, [run.id, key, pages], 1000);
  useLive((name, change) => {
    if (name === 'reset' || ((name === 'text' || name === 'points') && change.run === run.id)) found.reload();
  });
  const data = found.data.value;
  const [known, setKnown] = useState<string[]>([]);
  const keys = useMemo(() => {
    const all = [...new Set([...known, ...(data?.texts ?? []).map((t) => t.key)])].sort();
    if (all.length !== known.length) setKnown(all);
    return all;
  }, [data]);
  if (found.error.value && !data) return <div class="pad-top"><Failure what="Text samples could not be read." error={found.error.value} onRetry={found.reload} /></div>;
  if (!data) return <Meter label="Loading text" />;
  if (!data.texts.length && !key) {
    return <div class="first"><h2>No text samples</h2><p class="lead muted">What a model writes, at the step at which it wrote it. One line of C logs it:</p><pre class="prose-code">track_log_text(run, "sample", step, text);</pre></div>;
  }
  return (
    <div>
      <div class="bar bar-flat">
        <Pick name="Key" value={key || 'all'} options={[{ id: '', text: 'all', selected: !key }, ...keys.map((k) => ({ id: k, text: k, selected: k === key }))]} onChoose={(k) => { setKey(k); setPages(1); }} />
        <span class="gap" /><span class="small muted">{group3(data.texts.length)}{data.more ? '+' : ''} samples, newest step first</span>
      </div>
      <div class="samples-list">{data.texts.map((t) => <Sample key={`${t.key}${t.step}${t.time_us}`} t={t} />)}</div>
      {data.more && <button type="button" class="btn" onClick={() => setPages(pages + 1)}>Show {PAGE} more</button>}
    </div>
  );
}
