// The charts of a workspace: panels from the metric tree, loaded as they come into view.
import { h, useEffect, useMemo, useRef, useState } from '../base';
import { get, query } from '../api';
import type { DrawnRun } from '../chart/build';
import { Panel, type PanelSpec } from '../chart/panel';
import { group3, plain } from '../format';
import { useLive, useResource } from '../resource';
import { go, runPath } from '../router';
import type { View } from '../state';
import type { Goal, ProjectSeries, SeriesGroup, Tree } from '../types';
import { Failure, Field, Meter } from '../ui/bits';
import { Icon } from '../ui/icon';
import type { Option } from '../ui/pick';
import { lazy } from '../lazy';

const ChartWays = lazy(async () => (await import('../later')).ChartWays, <span />);
const AddPanel = lazy(async () => (await import('../later')).AddPanel, <span />);

const OPEN_MAX = 12; // a section of more metrics is closed until it is asked for
const PAGE = 24; // panels of a section; more on request

export interface MetricsProps {
  path: string; // projects/REF or runs/ID
  view: View;
  runs: DrawnRun[];
  onView: (patch: Partial<View>, push?: boolean) => void;
  openRun?: string; // project ref: a click on a line opens its run
  actions?: (spec: PanelSpec) => Option[];
  spec?: (s: ProjectSeries) => PanelSpec;
  groups?: { id: string; text: string; part: string }[]; // what runs may be grouped by
  total?: number | null; // runs of the filter
}

export function specOf(s: { key: string; goal: Goal; unit: string }): PanelSpec {
  return { id: s.key, title: s.key, keys: [s.key], goal: s.goal, unit: s.unit };
}

/** Text with characters of a pattern is a pattern; a wrong one is plain text. */
export function matcher(text: string): ((key: string) => boolean) | null {
  if (!/[\\^$.|?*+()[\]{}]/.test(text.replace(/\./g, ''))) return null;
  try {
    const re = new RegExp(text, 'i');
    return (key) => re.test(key);
  } catch {
    return null;
  }
}

export async function fetchSeries(path: string, args: { prefix?: string; q?: string; limit?: number }, signal: AbortSignal): Promise<ProjectSeries[]> {
  const match = args.q ? matcher(args.q) : null;
  const q = match ? '' : args.q;
  const out: ProjectSeries[] = [];
  const seen = new Set<string>();
  let cursor: string | undefined;
  const limit = args.limit ?? 1000;
  do {
    const tree = await get<Tree<ProjectSeries>>(`${path}/series${query({ prefix: args.prefix, q, flat: 1, limit: match ? 1000 : Math.min(1000, limit), cursor })}`, { signal });
    for (const s of tree.series) {
      if (seen.has(s.key) || (match && !match(s.key))) continue; // one row for each context: one panel for the key
      seen.add(s.key);
      out.push(s);
    }
    cursor = tree.next ?? undefined;
  } while (cursor && out.length < limit);
  return out.slice(0, limit);
}

function Panels({ p, list }: { p: MetricsProps; list: PanelSpec[] }) {
  const { view } = p;
  return (
    <div class="panels">
      {list.map((spec) => {
        const pinned = view.panels.findIndex((k) => k.join('\n') === spec.id);
        const options: Option[] = [
          { id: 'pin', text: pinned >= 0 ? 'Remove from the top' : 'Keep at the top', icon: 'pin' }, ...(p.actions?.(spec) ?? []),
        ];
        return (
          <Panel
            key={spec.id} spec={spec} runs={p.runs} x={view.x} smooth={view.smooth} band={view.band} zoom={view.zoom} log={view.log.includes(spec.id)} actions={options}
            onAction={(id) => {
              if (id !== 'pin') return;
              p.onView({ panels: pinned >= 0 ? view.panels.filter((_, i) => i !== pinned) : [...view.panels, spec.id.split('\n')] }, true);
            }}
            onZoom={(zoom) => p.onView({ zoom }, true)}
            onLog={(on) => p.onView({ log: on ? [...view.log, spec.id] : view.log.filter((l) => l !== spec.id) })}
            onOpen={p.openRun === undefined ? undefined : (run) => go(runPath(p.openRun as string, run))}
          />
        );
      })}
    </div>
  );
}

/** Metrics below a prefix, or those that a search finds. */
function Found({ p, prefix, find, only }: { p: MetricsProps; prefix?: string; find?: string; only?: ProjectSeries[] }) {
  const [limit, setLimit] = useState(PAGE);
  const found = useResource<ProjectSeries[]>(
    (signal) => (only ? Promise.resolve(only) : fetchSeries(p.path, { prefix, q: find, limit: limit + 1 }, signal)), [p.path, prefix, find, limit, only], 3000,
  );
  useLive((name) => {
    if (name === 'reset' || name === 'points') found.reload();
  });
  const list = found.data.value;
  const text = list?.map((s) => `${s.key} ${s.goal} ${s.unit}`).join('\n');
  const specs = useMemo(() => (list ?? []).slice(0, limit).map(p.spec ?? specOf), [text, limit]);
  if (found.error.value && !list) return <Failure what="Metrics could not be listed." error={found.error.value} onRetry={found.reload} />;
  if (!list) return <Meter label="Loading metrics" />;
  if (!list.length) return <p class="small muted pad">{find ? `No metric matches “${plain(find)}”.` : 'No metric here yet.'}</p>;
  return (
    <div>
      <Panels p={p} list={specs} />
      {list.length > limit && <button type="button" class="btn more-btn" onClick={() => setLimit(limit + PAGE)}>Show {PAGE} more</button>}
    </div>
  );
}

function Section({ p, name, count, id, open, children }: { p: MetricsProps; name: string; count: string; id: string; open: boolean; children: () => preactChild }) {
  const toggle = (): void => {
    const t = p.view.toggled;
    p.onView({ toggled: t.includes(id) ? t.filter((x) => x !== id) : [...t, id] });
  };
  return (
    <section>
      <h2>
        <button type="button" class="section" aria-expanded={open} onClick={toggle}>
          <Icon name={open ? 'down' : 'right'} small /><span class="strong">{plain(name)}</span><span class="count">{count}</span>
        </button>
      </h2>
      {open && children()}
    </section>
  );
}
type preactChild = ReturnType<typeof h>;

export function useTree(path: string) {
  const tree = useResource((signal) => get<Tree<ProjectSeries>>(`${path}/series?limit=1000`, { signal }), [path], 3000);
  useLive((name) => {
    if (name === 'points' || name === 'reset' || name === 'run') tree.reload();
  });
  return tree;
}

export function Metrics(p: MetricsProps & { without?: string }) {
  const tree = useTree(p.path);
  const data = tree.data.value;
  const { view } = p;
  const groups = (data?.groups ?? []).filter((g) => g.name !== p.without);
  const pinned = useMemo(() => view.panels.map((keys): PanelSpec => {
    const known = keys.length === 1 ? data?.series.find((s) => s.key === keys[0]) : undefined;
    return { id: keys.join('\n'), title: keys.join(' · '), keys, goal: known?.goal ?? 'none', unit: known?.unit ?? '' };
  }), [JSON.stringify(view.panels), data]);
  const isOpen = (id: string, n: number): boolean => (id !== 'system/' && n <= OPEN_MAX) !== view.toggled.includes(id);
  const section = (g: SeriesGroup) => {
    const open = isOpen(g.prefix, g.n);
    return (
      <Section key={g.prefix} p={p} name={g.name} id={g.prefix} open={open} count={open ? group3(g.n) : `${group3(g.n)}, not loaded`}>
        {() => <Found p={p} prefix={g.prefix} />}
      </Section>
    );
  };
  return (
    <div class="scroll" data-charts>
      {tree.error.value && !data && <div class="pad"><Failure what="Metrics could not be listed." error={tree.error.value} onRetry={tree.reload} /></div>}
      {pinned.length > 0 && <Section p={p} name="Kept at the top" id="" open={!view.toggled.includes('')} count={String(pinned.length)}>{() => <Panels p={p} list={pinned} />}</Section>}
      {view.find
        ? <section><h2 class="section-found">Found</h2><Found p={p} find={view.find} /></section>
        : (
          <div>
            {groups.filter((g) => g.name !== 'system').map(section)}
            {data && data.series.length > 0 && (
              <Section p={p} name={groups.length ? 'Other' : 'Metrics'} id="/" open={isOpen('/', data.series.length)} count={group3(data.series.length)}>
                {() => <Found p={p} only={data.series} />}
              </Section>
            )}
            {groups.filter((g) => g.name === 'system').map(section)}
            {data && !groups.length && !data.series.length && <p class="small muted pad">No metric yet. The panels appear with the first point.</p>}
          </div>
        )}
    </div>
  );
}

export function MetricsBar({ p, filterRef }: { p: MetricsProps; filterRef?: { current: HTMLInputElement | null } }) {
  const { view, onView } = p;
  const [text, setText] = useState(view.find);
  const timer = useRef(0);
  useEffect(() => setText(view.find), [view.find]);
  return (
    <div class="bar">
      <Field
        label="Find metric" placeholder="Metric or regex" value={text} inputRef={filterRef}
        onInput={(t) => {
          setText(t);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => onView({ find: t.trim() }), 250) as unknown as number;
        }}
      />
      <ChartWays p={p} />
      {view.zoom && <button type="button" class="btn btn-quiet" onClick={() => onView({ zoom: null }, true)}><Icon name="fit" small />Whole range</button>}
      <span class="gap" />
      <AddPanel p={p} />
    </div>
  );
}
