// Which runs are drawn, with which colours; all of it follows from the view and the rows of the search.
import { useMemo, useRef } from '../base';
import { post } from '../api';
import type { DrawnRun } from '../chart/build';
import { plain } from '../format';
import { useLive, useResource, type Resource } from '../resource';
import { DRAWN_FIRST, freeColor, type Picked, type Selection, type View } from '../state';
import type { RunPage, RunRow } from '../types';

const ALL_MAX = 1000;

export interface Drawn {
  rows: Resource<RunRow[]>;
  picked: Picked[]; // selected runs with their colours
  runs: DrawnRun[]; // of them, those that are drawn
}

function body(project: string, v: View): Record<string, unknown> | null {
  const s = v.selection;
  if (s.kind === 'some') {
    if (!s.runs.length) return null;
    return { filter: `id IN (${s.runs.map((r) => `'${r.id}'`).join(', ')})`, limit: Math.min(ALL_MAX, s.runs.length) };
  }
  const out: Record<string, unknown> = { project, order: v.sort, limit: s.kind === 'all' ? ALL_MAX : DRAWN_FIRST };
  if (v.filter) out['filter'] = v.filter;
  return out;
}

/** Colours stay with their runs as long as the page is open. */
function useColors(): (rows: RunRow[]) => Picked[] {
  const known = useRef(new Map<string, number>());
  return (rows) => {
    const here = new Set(rows.map((r) => r.id));
    for (const id of [...known.current.keys()]) if (!here.has(id)) known.current.delete(id);
    return rows.map((r) => {
      let color = known.current.get(r.id);
      if (color === undefined) {
        color = freeColor(known.current.values());
        known.current.set(r.id, color);
      }
      return { id: r.id, color };
    });
  };
}

export function useDrawn(project: string, v: View): Drawn {
  const asked = body(project, v);
  const text = JSON.stringify(asked);
  const rows = useResource<RunRow[]>(
    async (signal) => (asked ? (await post<RunPage>('runs/search', asked, { signal })).runs : []), [text], 1000,
  );
  useLive((name) => {
    if (name === 'run' || name === 'project' || name === 'reset') rows.reload();
  });
  const colors = useColors();
  const s = v.selection;
  const list = rows.data.value;
  const key = JSON.stringify([s, v.hidden]);
  return useMemo(() => {
    const except = s.kind === 'all' ? new Set(s.except) : new Set<string>();
    const loaded = (list ?? []).filter((r) => !except.has(r.id));
    const picked = s.kind === 'some' ? s.runs : colors(loaded);
    const byId = new Map(loaded.map((r) => [r.id, r]));
    const hidden = new Set(v.hidden);
    const runs = picked.filter((p) => byId.has(p.id) && !hidden.has(p.id)).map((p) => {
      const r = byId.get(p.id) as RunRow;
      return { id: p.id, name: plain(r.name), color: p.color, live: r.state === 'running' };
    });
    return { rows, picked, runs };
  }, [list, key]);
}

/** The selection with one run more or less. */
export function withRun(s: Selection, picked: Picked[], id: string, on: boolean): Selection {
  if (s.kind === 'all') return { kind: 'all', except: on ? s.except.filter((e) => e !== id) : [...s.except, id] };
  const runs = picked.filter((p) => p.id !== id);
  if (on) runs.push({ id, color: freeColor(runs.map((r) => r.color)) });
  return { kind: 'some', runs };
}
