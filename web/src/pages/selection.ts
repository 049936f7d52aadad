// Which runs are drawn, with which colours; all of it follows from the view and the rows of the search.
import { useMemo, useRef } from '../base';
import { post } from '../api';
import type { DrawnRun } from '../chart/build';
import { plain } from '../format';
import { useLive, useResource, type Resource } from '../resource';
import { COLORS, DRAWN_FIRST, freeColor, type Picked, type Selection, type View } from '../state';
import type { RunPage, RunRow } from '../types';

const ALL_MAX = 1000;

export interface Drawn {
  rows: Resource<RunRow[]>;
  picked: Picked[]; // selected runs with their colours
  runs: DrawnRun[]; // of them, those that are drawn
}

/** The search that gives them; with groups, what they are grouped by too, and every run of the filter. */
function body(project: string, v: View): Record<string, unknown> | null {
  const s = v.selection;
  const columns = v.group && v.group !== '*' ? { columns: [v.group] } : {};
  if (s.kind === 'some') {
    if (!s.runs.length) return null;
    return { filter: `id IN (${s.runs.map((r) => `'${r.id}'`).join(', ')})`, limit: Math.min(ALL_MAX, s.runs.length), ...columns };
  }
  const out: Record<string, unknown> = { project, order: v.sort, limit: s.kind === 'all' || v.group ? ALL_MAX : DRAWN_FIRST, ...columns };
  if (v.filter) out['filter'] = v.filter;
  return out;
}

function groupOf(r: RunRow, group: string): string | null {
  const value = r.values[0];
  return group === '*' ? 'all runs' : typeof value === 'string' ? value : null;
}

/** The runs of a group have its colour. */
function groupColors(picked: Picked[], rows: Map<string, RunRow>, group: string): Picked[] {
  const seen = new Map<string | null, number>();
  return picked.map((p) => {
    const row = rows.get(p.id);
    const name = row ? groupOf(row, group) : null;
    if (!seen.has(name)) seen.set(name, seen.size % COLORS);
    return { id: p.id, color: seen.get(name) ?? 0 };
  });
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
  const key = JSON.stringify([s, v.hidden, v.group]);
  return useMemo(() => {
    const except = s.kind === 'all' ? new Set(s.except) : new Set<string>();
    const loaded = (list ?? []).filter((r) => !except.has(r.id));
    const byId = new Map(loaded.map((r) => [r.id, r]));
    const own = s.kind === 'some' ? s.runs : colors(loaded);
    const picked = v.group ? groupColors(own, byId, v.group) : own;
    const hidden = new Set(v.hidden);
    const runs = picked.filter((p) => byId.has(p.id) && !hidden.has(p.id)).map((p) => {
      const r = byId.get(p.id) as RunRow;
      return { id: p.id, name: plain(r.name), color: p.color, live: r.state === 'running', ...(v.group ? { group: groupOf(r, v.group) } : {}) };
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
