// All metrics of one run.
import { h, useMemo, useRef } from '../base';
import { get } from '../api';
import type { DrawnRun } from '../chart/build';
import type { PanelSpec } from '../chart/panel';
import { plain } from '../format';
import { useResource } from '../resource';
import { search, setSearch } from '../router';
import { parseView, printView, type View } from '../state';
import type { Series, Tree } from '../types';
import { Tick } from '../ui/bits';
import { Metrics, MetricsBar, specOf } from './metrics';
import type { RunProps } from './run';

/** `{"rank":3}` as rank 3; without context it is rank 0. */
export function contextLabel(context: string): string {
  if (!context) return 'rank 0';
  try {
    const o = JSON.parse(context) as Record<string, unknown>;
    return Object.entries(o).map(([k, v]) => `${k} ${String(v)}`).join(', ');
  } catch {
    return context;
  }
}

export function RunCharts({ run }: RunProps) {
  const text = search.value;
  const view = useMemo(() => parseView(text), [text]);
  const ranks = new URLSearchParams(text).get('ranks') === '1';
  const latest = useRef(view);
  latest.current = view;
  const write = (v: View, withRanks: boolean, push: boolean): void => {
    const q = printView(v);
    setSearch(withRanks ? `${q || '?'}${q ? '&' : ''}ranks=1` : q, push);
  };
  const onView = (patch: Partial<View>, push = false): void => {
    latest.current = { ...latest.current, ...patch };
    write(latest.current, ranks, push);
  };
  const all = useResource((s) => get<Tree<Series>>(`runs/${run.id}/series?flat=1&limit=1000`, { signal: s }), [run.id], 5000);
  const contexts = useMemo(() => {
    const map = new Map<string, string[]>();
    for (const s of all.data.value?.series ?? []) if (!s.key.startsWith('system/')) map.set(s.key, [...(map.get(s.key) ?? []), s.context]);
    return map;
  }, [all.data.value]);
  const several = [...contexts.values()].some((c) => c.length > 1);
  const runs = useMemo<DrawnRun[]>(() => [{ id: run.id, name: plain(run.name), color: 0, live: run.state === 'running' }], [run.id, run.name, run.state]);
  const spec = useMemo(() => (s: { key: string; goal: Series['goal']; unit: string }): PanelSpec => {
    const found = contexts.get(s.key) ?? [];
    if (!ranks || found.length < 2) return specOf(s);
    return { ...specOf(s), keys: found.map((context) => ({ name: s.key, context })), label: (_, context) => contextLabel(context) };
  }, [contexts, ranks]);
  const p = { path: `runs/${run.id}`, view, runs, onView, spec, without: 'system' };
  return (
    <div class="run-charts">
      <MetricsBar p={p} />
      {several && <div class="pad-side"><Tick checked={ranks} text="Every rank as its own line" onChange={(on) => write(view, on, true)} /></div>}
      <Metrics key={String(ranks) + String(contexts.size)} {...p} />
    </div>
  );
}
