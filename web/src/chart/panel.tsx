// A panel: head, plot, states. Mounted by what is in view; draws itself from bins.
import { h, effect, useEffect, useLayoutEffect, useMemo, useRef, useState } from '../base';
import { useLive, useResource } from '../resource';
import { group3, plain } from '../format';
import { bind } from '../keys';
import type { XAxis } from '../state';
import type { Goal } from '../types';
import { Badge, copyText, Meter } from '../ui/bits';
import { Actions, type Option } from '../ui/pick';
import { Icon } from '../ui/icon';
import { themeChanged } from '../ui/top';
import { LEFT, RIGHT } from './axes';
import { queryText, type BinsQuery, type Key } from './ask';
import { BinsSource, type Answer } from './data';
import { factsOf, type Line } from './line';
import { lazy } from '../lazy';
import { buildGroups, buildLines, type DrawnRun } from './build';
import { Plot } from './plot';
import { leave, pointer } from './pointer';
import type { Scene } from './overlay';
import { bandOf, setsOf } from './ways';

export interface PanelSpec {
  id: string;
  title: string;
  keys: Key[];
  goal: Goal;
  unit: string;
  divide?: number; // values are shown in `unit`, which is this many of what was logged
  floor?: number;
  ceiling?: number;
  label?: (key: string, context: string) => string;
}

export interface PanelProps {
  spec: PanelSpec;
  runs: DrawnRun[];
  x: XAxis;
  smooth: string; // ways.ts; "": off
  band?: string; // of groups
  zoom: [number, number] | null;
  log: boolean;
  actions?: Option[];
  onAction?: (id: string) => void;
  onZoom: (z: [number, number] | null) => void;
  onLog: (on: boolean) => void;
  noLog?: boolean; // shares that go from 0 to 100 have no logarithm
  onOpen?: (run: string) => void;
}

const Tip = lazy(async () => (await import('../later')).Tip, <i hidden />);
const BinsTable = lazy(async () => (await import('../later')).BinsTable);

async function copyCsv(lines: Line[], x: XAxis): Promise<void> {
  await copyText((await import('../later')).toCsv(lines, x));
}

const STEP = 64; // the number of bins follows the width in steps, so that a small change asks nothing anew
const MARGIN_PX = 300;

/** Its place on the page; the plot itself exists only near the screen. */
export function Panel(props: PanelProps) {
  const host = useRef<HTMLElement>(null);
  const [near, setNear] = useState(false);
  const source = useMemo(() => new BinsSource(), []);
  const kept = useRef<Answer | undefined>(undefined);
  useEffect(() => {
    const el = host.current;
    if (!el) return;
    const watch = new IntersectionObserver(([e]) => setNear(!!e?.isIntersecting), { rootMargin: `${MARGIN_PX}px` });
    watch.observe(el);
    return () => watch.disconnect();
  }, []);
  return (
    <section class="panel" ref={host} data-panel={props.spec.id} aria-label={props.spec.title}>
      {near ? <Inside {...props} source={source} kept={kept} /> : <Outside title={props.spec.title} />}
    </section>
  );
}

function Outside({ title }: { title: string }) {
  return (
    <div>
      <header class="panel-head"><h3 title={title}>{plain(title)}</h3></header>
      <div class="plot" />
    </div>
  );
}

function useWidth(host: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const el = host.current;
    if (!el) return;
    setWidth(el.clientWidth);
    const watch = new ResizeObserver(() => el.clientWidth && setWidth(el.clientWidth)); // 0: it has left the page
    watch.observe(el);
    return () => watch.disconnect();
  }, []);
  return width;
}

/** True once `busy` has lasted 150 ms: shorter waits show nothing. */
function useLong(busy: boolean): boolean {
  const [long, setLong] = useState(false);
  useEffect(() => {
    if (!busy) {
      setLong(false);
      return;
    }
    const t = setTimeout(() => setLong(true), 150);
    return () => clearTimeout(t);
  }, [busy]);
  return long;
}

type InsideProps = PanelProps & { source: BinsSource; kept: { current: Answer | undefined } };

function useBins(p: InsideProps, width: number) {
  const whole = !p.x.startsWith('metric:');
  const q: BinsQuery = {
    runs: p.runs.map((r) => r.id), keys: p.spec.keys, x: p.x, smooth: p.smooth, sets: setsOf(p.runs), band: p.band ?? '',
    from: p.zoom ? (whole ? Math.floor(p.zoom[0]) : p.zoom[0]) : null, to: p.zoom ? (whole ? Math.ceil(p.zoom[1]) : p.zoom[1]) : null,
    bins: Math.min(2048, Math.max(STEP, Math.ceil((width - LEFT - RIGHT) / STEP) * STEP)),
  };
  const text = queryText(q);
  const ready = width > 0 && q.runs.length > 0;
  const gap = p.runs.length > 20 ? 1000 : 400;
  const bins = useResource<Answer | undefined>(
    (signal) => (ready ? p.source.load(q, signal) : Promise.resolve(undefined)), [text, ready], gap,
  );
  const ids = useMemo(() => new Set(q.runs), [text]);
  const names = useMemo(() => new Set([...q.keys.map((k) => (typeof k === 'string' ? k : k.name)), p.x.replace('metric:', '')]), [text]);
  useLive((name, change) => {
    if (name === 'reset') bins.reload();
    if (name !== 'points' || !change.run || !ids.has(change.run)) return;
    if (!change.keys?.length || change.keys.some((k) => names.has(k))) bins.reload();
  });
  const answer = bins.data.value ?? p.kept.current;
  p.kept.current = answer;
  return { bins, answer, stale: !!answer && answer.query !== text };
}

function Inside(p: InsideProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const width = useWidth(box);
  const { bins, answer, stale } = useBins(p, width);
  const long = useLong(bins.busy.value && (stale || !answer));
  const [asTable, setTable] = useState(false);
  const [scene, setScene] = useState<Scene | null>(null);
  const theme = themeChanged.value;
  const lines = useMemo(() => {
    if (!answer) return [];
    return answer.sets ? buildGroups(answer.set, p.spec, answer.sets, p.runs, p.band ?? '') : buildLines(answer.set, p.spec, p.runs);
  }, [answer, p.spec, p.runs, p.band]);
  const error = bins.error.value;
  const empty = !!answer && !lines.some((l) => l.path.length);
  const showPlot = !asTable && !(error && !answer) && !empty;

  useLayoutEffect(() => {
    if (!showPlot || !box.current) return;
    const made = new Plot(box.current, p.spec.id, setScene);
    plot.current = made;
    const stop = effect(() => made.point(pointer.value));
    return () => {
      stop();
      made.destroy();
      plot.current = null;
    };
  }, [showPlot]);
  useLayoutEffect(() => {
    plot.current?.on({ zoom: p.onZoom, open: p.onOpen });
    plot.current?.draw({ lines, x: p.x, zoom: p.zoom, log: p.log, goal: p.smooth || answer?.sets ? 'none' : p.spec.goal, band: p.band ?? '', spec: p.spec, stale: stale && long });
  }, [lines, p.x, p.zoom, p.log, p.spec, width, theme, stale && long, showPlot]);
  usePanelKeys(p, scene);

  const f = scene?.frame;
  const facts = useMemo(() => factsOf(lines, p.log, f?.x0 ?? -Infinity, f?.x1 ?? Infinity), [lines, p.log, f?.x0, f?.x1]);
  return (
    <div>
      <Head p={p} facts={facts} lines={lines} asTable={asTable} onTable={() => setTable(!asTable)} csv={() => void copyCsv(lines, p.x)} />
      {long && <Meter label={`Loading ${p.spec.title}`} />}
      {error && !answer && (
        <div class="state" role="alert">
          <span class="head"><Icon name="failed" />Could not be read</span>
          <span>{error.message}</span>
          <span class="muted">{error.hint} No point is lost.{error.ref && ` Reference ${error.ref}`}</span>
          <span class="row-of"><button type="button" class="btn btn-s" onClick={bins.reload}>Retry</button></span>
        </div>
      )}
      {empty && !asTable && <Empty p={p} />}
      {asTable && <BinsTable lines={lines} kind={p.x} title={p.spec.title} />}
      {showPlot && <div class="plot" ref={box} />}
      {!showPlot && <div ref={box} class="vh" />}
      {showPlot && <Lane facts={facts} unplaced={answer?.set.unplaced ?? 0} x={p.x} />}
      {scene && showPlot && <Tip scene={scene} host={box.current} />}
    </div>
  );
}

function Empty({ p }: { p: PanelProps }) {
  return (
    <div class="state">
      <span class="head">{p.zoom ? 'No points in this range' : 'No points yet'}</span>
      <span class="muted">{p.runs.length === 1 ? 'This run has not logged it' : `None of the ${p.runs.length} runs has logged it`}{p.zoom ? ' here.' : '.'}</span>
      {p.zoom && <span class="row-of"><button type="button" class="btn btn-s" onClick={() => p.onZoom(null)}>Show the whole range</button></span>}
    </div>
  );
}

function Lane({ facts, unplaced, x }: { facts: ReturnType<typeof factsOf>; unplaced: number; x: XAxis }) {
  const parts = [
    facts.nan ? `NaN ${group3(facts.nan)}` : '', facts.inf ? `Inf ${group3(facts.inf)}` : '',
    facts.notPositive ? `not above 0: ${group3(facts.notPositive)}` : '', facts.clipped ? `clipped ${group3(facts.clipped)}` : '',
    unplaced ? `without ${plain(x.slice(7))}: ${group3(unplaced)}` : '',
  ].filter(Boolean);
  return parts.length ? <span class="lane lane-at">{parts.join(' · ')}</span> : null;
}

function Head(props: {
  p: PanelProps; facts: ReturnType<typeof factsOf>; lines: Line[]; asTable: boolean; onTable: () => void; csv: () => void;
}) {
  const { p, facts } = props;
  const options: Option[] = [
    ...(p.noLog ? [] : [{ id: 'log', text: p.log ? 'Linear y' : 'Logarithmic y', hint: 'l' }]),
    { id: 'fit', text: 'Show the whole range', hint: 'f' },
    { id: 'table', text: props.asTable ? 'View as chart' : 'View as table' },
    { id: 'csv', text: 'Copy as CSV' },
    ...(p.actions ?? []),
  ];
  const act = (id: string): void => {
    if (id === 'log') p.onLog(!p.log);
    else if (id === 'fit') p.onZoom(null);
    else if (id === 'table') props.onTable();
    else if (id === 'csv') props.csv();
    else p.onAction?.(id);
  };
  const shown = props.lines.length > 0;
  const groups = props.lines.filter((l) => l.group);
  const runs = groups.reduce((n, l) => n + (l.group?.runs ?? 0), 0);
  const words = facts.exact ? 'Every point is drawn' : `About ${facts.factor} points stand in one bin; zoom in to see each`;
  return (
    <header class="panel-head">
      <h3 title={p.spec.title}>{plain(p.spec.title)}</h3>
      {p.spec.unit && <Badge>{p.spec.unit}</Badge>}
      {p.log && <Badge>log y</Badge>}
      {groups.length > 0 && <Badge title={`A line is the mean of the runs of a group, its band: ${bandOf(p.band ?? '').words}`}>mean of {group3(runs)} runs</Badge>}
      {shown && !groups.length && <Badge title={words}>{facts.exact ? 'exact' : `binned ×${group3(facts.factor)}`}</Badge>}
      <span class="gap" />
      <Actions cls="btn-s" label={`${plain(p.spec.title)}: panel menu`} options={options} onChoose={act} />
    </header>
  );
}

/** l, f and e act on the panel under the pointer or in focus. */
function usePanelKeys(p: PanelProps, scene: Scene | null): void {
  const now = useRef({ p, scene });
  now.current = { p, scene };
  useEffect(() => {
    let unbind: (() => void)[] = [];
    const release = (): void => {
      unbind.forEach((u) => u());
      unbind = [];
    };
    const stop = effect(() => {
      release();
      if (pointer.value.panel !== p.spec.id) return;
      unbind = [
        bind('log', () => now.current.p.onLog(!now.current.p.log)),
        bind('fit', () => now.current.p.onZoom(null)),
        bind('exact', () => zoomToExact(now.current.p, now.current.scene)),
      ];
    });
    return () => {
      stop();
      release();
      if (pointer.value.panel === p.spec.id) leave();
    };
  }, [p.spec.id]);
}

function zoomToExact(p: PanelProps, scene: Scene | null): void {
  const x = pointer.value.x;
  if (!scene || x === null) return;
  const { exact, factor } = factsOf(scene.lines, p.log, scene.frame.x0, scene.frame.x1);
  if (exact) return;
  const half = (scene.frame.x1 - scene.frame.x0) / factor / 4;
  p.onZoom(p.x.startsWith('metric:') ? [x - half, x + half] : [Math.floor(x - half), Math.ceil(x + half)]);
}
