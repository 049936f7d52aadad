// The console of a run: follows new lines, keeps colours, finds text, tells ranks and streams apart.
import { h, useEffect, useLayoutEffect, useMemo, useRef, useState } from '../base';
import { ApiError, get, query } from '../api';
import { bytes, clock, dateTime, group3, elapsed } from '../format';
import { bind } from '../keys';
import { collapse, markHits, parseAnsi, stripAnsi } from '../log/ansi';
import { LineFeed } from '../log/feed';
import { useLive, useResource } from '../resource';
import { search, setSearch } from '../router';
import { num, type Line, type LinePage, type Run, type Writer } from '../types';
import { Failure, Field, IconButton, Meter } from '../ui/bits';
import { Icon } from '../ui/icon';
import { Pick } from '../ui/pick';
import type { RunProps } from './run';

const HITS_MAX = 1000;

type TimeKind = 'clock' | 'since start' | 'date';

function timeText(kind: TimeKind, us: number, run: Run): string {
  if (kind === 'since start') return elapsed(us - num(run.started_us ?? run.created_us));
  return kind === 'date' ? dateTime(us) : clock(us);
}

function Row({ line, run, time, needle, current, ranks }: { line: Line; run: Run; time: TimeKind; needle: string; current: boolean; ranks: boolean }) {
  const spans = useMemo(() => {
    const { text, folded } = collapse(line.text);
    return { list: markHits(parseAnsi(text), needle), folded };
  }, [line.text, needle]);
  return (
    <li id={`L${line.n}`} class={`${line.stream === 'stderr' ? 'is-err' : ''}${current ? ' is-current' : ''}`}>
      <span class="n">{line.n}</span>
      <span class="t">{timeText(time, num(line.time_us), run)}</span>
      <span class="r">{ranks && line.rank !== null ? `r${line.rank}` : line.stream === 'stderr' ? 'err' : ''}</span>
      <span class="m" dir="auto">
        {spans.list.map((s, i) => (s.hit ? <mark key={i} class={`${s.cls}${current ? ' now' : ''}`}>{s.text}</mark> : s.cls ? <span key={i} class={s.cls}>{s.text}</span> : s.text))}
        {spans.folded > 0 && <span class="fold"> {group3(spans.folded)} updates folded</span>}
      </span>
    </li>
  );
}

/** Numbers of the lines that hold the text, from the server. */
function useHits(run: string, needle: string, filter: { stream: string; rank: string }, total: number) {
  return useResource<{ at: number[]; more: boolean }>(async (signal) => {
    if (!needle) return { at: [], more: false };
    const page = await get<LinePage>(`runs/${run}/lines${query({ from: 0, q: needle, limit: HITS_MAX, ...filter })}`, { signal });
    return { at: page.lines.map((l) => l.n), more: page.lines.length === HITS_MAX };
  }, [run, needle, filter.stream, filter.rank, Math.floor(total / 200)], 500);
}

export function Console({ run }: RunProps) {
  const asked = Number(new URLSearchParams(search.value).get('L') ?? NaN);
  const [stream, setStream] = useState('');
  const [rank, setRank] = useState('');
  const [time, setTime] = useState<TimeKind>('clock');
  const [text, setText] = useState('');
  const [needle, setNeedle] = useState('');
  const [hit, setHit] = useState(-1);
  const [follow, setFollow] = useState(!Number.isFinite(asked));
  const [current, setCurrent] = useState(Number.isFinite(asked) ? asked : -1);
  const box = useRef<HTMLOListElement>(null);
  const keep = useRef<number | null>(null); // distance from the bottom, while older lines are put on top
  const feed = useMemo(() => new LineFeed(run.id, { stream, rank, q: '' }), [run.id, stream, rank]);
  useEffect(() => {
    void (current >= 0 ? feed.around(current) : feed.end());
    return () => feed.close();
  }, [feed]);
  useLive((name, change) => {
    if (name === 'reset' || ((name === 'lines' || name === 'points') && change.run === run.id)) {
      if (feed.live) void feed.newer();
    }
  });
  const writers = useResource((s) => get<{ writers: Writer[] }>(`runs/${run.id}/receipt`, { signal: s }), [run.id], 10000);
  const ranks = [...new Set((writers.data.value?.writers ?? []).map((w) => w.rank).filter((r): r is number => r !== null))].sort((a, b) => a - b);
  const lines = feed.lines.value;
  const hits = useHits(run.id, needle, { stream, rank }, feed.total.value);
  const found = hits.data.value?.at ?? [];

  useLayoutEffect(() => {
    const el = box.current;
    if (!el) return;
    if (keep.current !== null) {
      el.scrollTop = el.scrollHeight - keep.current;
      keep.current = null;
    } else if (current >= 0) {
      el.querySelector(`#L${current}`)?.scrollIntoView({ block: 'center' });
    } else if (follow) {
      el.scrollTop = el.scrollHeight;
    }
  }, [lines, current]);

  const show = (i: number): void => {
    const n = found[i];
    if (n === undefined) return;
    setHit(i);
    setFollow(false);
    setCurrent(n);
    if (!lines.some((l) => l.n === n)) void feed.around(n);
  };
  const step = (d: number): void => show(found.length ? (hit + d + found.length) % found.length : -1);
  const setFollowing = (on: boolean): void => {
    setFollow(on);
    if (!on) return;
    setCurrent(-1);
    setSearch('', false);
    void feed.end();
  };
  useEffect(() => bind('follow', () => setFollowing(!follow)), [follow, feed]);
  useEffect(() => {
    const t = setTimeout(() => { setNeedle(text); setHit(-1); }, 250);
    return () => clearTimeout(t);
  }, [text]);

  const scrolled = (): void => {
    const el = box.current;
    if (!el) return;
    const fromEnd = el.scrollHeight - el.scrollTop - el.clientHeight;
    if (follow && fromEnd > 60) setFollow(false);
    else if (!follow && fromEnd < 4 && feed.live && current < 0) setFollow(true);
    if (fromEnd < 200 && !feed.live) void feed.newer();
    if (el.scrollTop < 120 && !feed.atStart.value && lines.length) {
      keep.current = el.scrollHeight - el.scrollTop;
      void feed.older().then((n) => { if (!n) keep.current = null; });
    }
  };
  if (feed.loaded.value && !lines.length && !needle && !stream && !rank && !feed.error.value) {
    return (
      <div class="first"><h2>No console lines</h2>
        <p class="lead muted">{run.state === 'running' ? 'Nothing was printed yet. Lines appear here as they come.' : 'Nothing that this run printed was recorded.'} The launcher records both streams:</p>
        <pre class="prose-code">track run -- python train.py</pre>
      </div>
    );
  }
  const first = lines[0]?.n ?? 0;
  return (
    <div class="console">
      <h2 class="vh">Console</h2>
      <div class="bar bar-flat">
        <Field label="Find in the console" placeholder="Find" cls="log-find" value={text} onInput={setText}
          onKey={(e) => { if (e.key === 'Enter') { e.preventDefault(); step(e.shiftKey ? -1 : 1); } if (e.key === 'Escape') setText(''); }}>
          {needle && <span class="num">{hit >= 0 ? `${group3(hit + 1)} of ` : ''}{group3(found.length)}{hits.data.value?.more ? '+' : ''}</span>}
        </Field>
        <IconButton icon="up" label="Previous hit" disabled={!found.length} onClick={() => step(-1)} />
        <IconButton icon="sortdown" label="Next hit" disabled={!found.length} onClick={() => step(1)} />
        <span class="rule-v" />
        {ranks.length > 1 && <Pick name="Rank" value={rank || `all ${ranks.length}`} options={[{ id: '', text: 'all', selected: !rank }, ...ranks.map((r) => ({ id: String(r), text: String(r), selected: String(r) === rank }))]} onChoose={setRank} />}
        <Pick name="Stream" value={stream || 'both'} options={['', 'stdout', 'stderr'].map((s) => ({ id: s, text: s || 'both', selected: s === stream }))} onChoose={setStream} />
        <Pick name="Time" value={time} options={(['clock', 'since start', 'date'] as TimeKind[]).map((t) => ({ id: t, text: t, selected: t === time }))} onChoose={(t) => setTime(t as TimeKind)} />
        <span class="gap" />
        <button type="button" class="btn" aria-pressed={follow} title="Follow new lines  f" onClick={() => setFollowing(!follow)}><Icon name={follow ? 'running' : 'down'} small />Follow</button>
        <Download run={run} />
      </div>
      {feed.error.value && <Failure what="Lines could not be read." error={feed.error.value} onRetry={() => void feed.end()} />}
      {!feed.loaded.value && <Meter label="Loading lines" />}
      <ol class="log log-box" aria-label="Console lines" tabIndex={0} ref={box} onScroll={scrolled}>
        {lines.map((l) => <Row key={l.n} line={l} run={run} time={time} needle={needle} current={l.n === current} ranks={ranks.length > 1} />)}
      </ol>
      {feed.loaded.value && !lines.length && <p class="small muted">No line of this {rank ? 'rank' : 'stream'}.</p>}
      <p class="log-foot small muted"><span class="num">{group3(feed.total.value)} lines.</span> {first > 0 && !feed.atStart.value && `Lines before ${group3(first)} load when you scroll up.`}</p>
    </div>
  );
}

/** All lines as one text, fetched when asked for. */
function Download({ run }: { run: Run }) {
  const [state, setState] = useState('');
  const save = async (): Promise<void> => {
    try {
      const parts: string[] = [];
      let from = 0;
      for (;;) {
        const page = await get<LinePage>(`runs/${run.id}/lines${query({ from, limit: 10000 })}`);
        if (!page.lines.length) break;
        parts.push(page.lines.map((l) => stripAnsi(collapse(l.text).text)).join('\n'), '\n');
        from = page.next;
        setState(`${group3(from)} lines`);
      }
      const blob = new Blob(parts, { type: 'text/plain' });
      const link = document.createElement('a');
      link.href = URL.createObjectURL(blob);
      link.download = `${run.id.slice(-8)}.log`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
      setState(bytes(blob.size));
    } catch (e) {
      setState(e instanceof ApiError ? e.message : String(e));
    }
  };
  return <span class="row-of">{state && <span class="xs muted" role="status">{state}</span>}<IconButton icon="download" label="Download all lines" onClick={() => void save()} /></span>;
}
