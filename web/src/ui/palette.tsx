// Ctrl-K: runs, metrics, projects, pages; what matches best stands first.
import { h, Fragment, useEffect, useMemo, useRef, useState } from '../base';
import { get, post, query } from '../api';
import { plain, shortId } from '../format';
import { go, projectPath, route, runPath } from '../router';
import { defaultView, printView } from '../state';
import type { ProjectSeries, RunPage, Tree } from '../types';
import { Dialog } from './dialog';
import { Icon, type IconName } from './icon';
import { loadProjects, projects, switchTheme } from './top';

interface Item {
  id: string;
  part: string;
  text: string;
  hint: string;
  icon: IconName;
  run: () => void;
}

/** Where the letters of `needle` stand in `text`, or null; letters may be apart. */
export function fuzzy(text: string, needle: string): number[] | null {
  const low = text.toLowerCase();
  const want = needle.toLowerCase();
  const whole = low.indexOf(want);
  if (whole >= 0) return Array.from({ length: want.length }, (_, i) => whole + i);
  const out: number[] = [];
  let at = -1;
  for (const c of want) {
    at = low.indexOf(c, at + 1);
    if (at < 0) return null;
    out.push(at);
  }
  return out;
}

function Marked({ text, needle }: { text: string; needle: string }) {
  const at = needle ? fuzzy(text, needle) : null;
  if (!at) return <>{text}</>;
  const hit = new Set(at);
  return <>{Array.from(text, (c, i) => (hit.has(i) ? <b key={i}>{c}</b> : c))}</>;
}

const ESC = (s: string): string => s.replace(/'/g, "''");

async function findRuns(text: string, project: string | undefined, signal: AbortSignal): Promise<Item[]> {
  const body: Record<string, unknown> = { limit: 8, order: '-started' };
  if (text) body['filter'] = `'${ESC(text)}'`;
  if (project && !text) body['project'] = project;
  const page = await post<RunPage>('runs/search', body, { signal });
  return page.runs.map((r) => ({
    id: r.id, part: 'Runs', text: plain(r.name), hint: `${plain(r.project)} ${shortId(r.id)}`, icon: r.state, run: () => go(runPath(r.project_ref, r.id)),
  }));
}

async function findMetrics(text: string, project: string, signal: AbortSignal): Promise<Item[]> {
  const tree = await get<Tree<ProjectSeries>>(`projects/${encodeURIComponent(project)}/series${query({ q: text, flat: 1, limit: 6 })}`, { signal });
  return tree.series.map((s) => ({
    id: `m:${s.key}`, part: 'Metrics of this project', text: s.key, hint: `${s.runs} runs`, icon: 'list',
    run: () => go(projectPath(project), printView({ ...defaultView(), find: s.key, front: 'charts' })),
  }));
}

function fixedItems(project: string | undefined): Item[] {
  const out: Item[] = (projects.value ?? []).map((p) => ({
    id: `p:${p.ref}`, part: 'Projects', text: plain(p.name), hint: `${p.runs} runs`, icon: 'file' as IconName, run: () => go(projectPath(p.ref)),
  }));
  const page = (text: string, icon: IconName, run: () => void): Item => ({ id: `c:${text}`, part: 'Pages and commands', text, hint: '', icon, run });
  out.push(page('Projects', 'list', () => go('')));
  out.push(page('Trash', 'trash', () => go('trash')));
  if (project) out.push(page('Workspace', 'list', () => go(projectPath(project))));
  out.push(page('Switch theme', 'moon', switchTheme));
  return out;
}

export function Palette({ onClose }: { onClose: () => void }) {
  const r = route.value;
  const project = r.page === 'project' || r.page === 'run' ? r.project : undefined;
  const [text, setText] = useState('');
  const [found, setFound] = useState<{ needle: string; items: Item[] }>({ needle: '', items: [] });
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    input.current?.focus();
    if (!projects.value) loadProjects().catch(() => undefined); // no projects in the list then
  }, []);
  useEffect(() => {
    const own = new AbortController();
    const timer = setTimeout(() => {
      const asks = [findRuns(text.trim(), project, own.signal)];
      if (project) asks.push(findMetrics(text.trim(), project, own.signal));
      void Promise.allSettled(asks).then((all) => {
        if (!own.signal.aborted) setFound({ needle: text.trim(), items: all.flatMap((a) => (a.status === 'fulfilled' ? a.value : [])) });
      });
    }, text ? 80 : 0);
    return () => {
      clearTimeout(timer);
      own.abort();
    };
  }, [text, project]);
  const needle = text.trim();
  const fixed = useMemo(() => fixedItems(project), [project, projects.value]);
  // Until the answer for this text is here, only those of the last one that match it too.
  const runs = found.needle === needle ? found.items : found.items.filter((i) => fuzzy(i.text, needle));
  const items = [...runs, ...fixed.filter((i) => !needle || fuzzy(i.text, needle)).slice(0, 12)];
  const now = Math.min(at, items.length - 1);
  const choose = (i: Item | undefined): void => {
    if (!i) return;
    onClose();
    i.run();
  };
  const key = (e: KeyboardEvent): void => {
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
      e.preventDefault();
      const next = (now + (e.key === 'ArrowDown' ? 1 : -1) + items.length) % Math.max(1, items.length);
      setAt(next);
      list.current?.querySelector(`#pal-${next}`)?.scrollIntoView({ block: 'nearest' });
    } else if (e.key === 'Enter') {
      e.preventDefault();
      choose(items[now]);
    }
  };
  return (
    <Dialog label="Search" onClose={onClose} cls="palette-box">
      <div class="palette">
        <label class="field">
          <span class="vh">Search runs, metrics, projects and pages</span>
          <Icon name="search" />
          <input
            ref={input} type="text" role="combobox" aria-expanded="true" aria-controls="pal-list" aria-autocomplete="list" spellcheck={false} autocomplete="off"
            aria-activedescendant={items.length ? `pal-${now}` : undefined} value={text} placeholder="Runs, metrics, projects, pages"
            onInput={(e) => { setText(e.currentTarget.value); setAt(0); }} onKeyDown={key}
          />
        </label>
        <ul class="menu" role="listbox" id="pal-list" aria-label="Results" ref={list}>
          {items.map((item, i) => (
            <Fragment key={item.id}>
              {item.part !== items[i - 1]?.part && <li class="part" role="presentation">{item.part}</li>}
              <li
                id={`pal-${i}`} role="option" aria-selected={i === now} class={`has-icon${i === now ? ' is-hover' : ''}`}
                onPointerMove={() => setAt(i)} onClick={() => choose(item)}
              >
                <Icon name={item.icon} small />
                <span class="menu-text"><Marked text={item.text} needle={needle} /></span>
                <span class="muted pal-hint">{item.hint}</span>
                {i === now && <kbd>Enter</kbd>}
              </li>
            </Fragment>
          ))}
          {!items.length && <li class="part" role="presentation">Nothing found</li>}
        </ul>
      </div>
    </Dialog>
  );
}
