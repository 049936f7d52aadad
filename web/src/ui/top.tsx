// The bar above every page.
import { h, signal, useEffect, useState } from '../base';
import { get } from '../api';
import { lastHeard, liveState } from '../live';
import { ago } from '../format';
import { homePath, projectPath, route, go } from '../router';
import type { Project } from '../types';
import { A, IconButton } from './bits';
import { Icon } from './icon';
import { Pick } from './pick';

export const sheet = signal<'none' | 'palette' | 'help'>('none');
export const themeChanged = signal(0);

export function switchTheme(): void {
  const next = document.documentElement.dataset['theme'] === 'dark' ? 'light' : 'dark';
  document.documentElement.dataset['theme'] = next;
  try {
    localStorage.setItem('track.theme', next);
  } catch {
    // Storage is switched off: the choice lasts as long as the page.
  }
  themeChanged.value++;
}

/** Shared by the bar and the palette; the home page keeps it fresh. */
export const projects = signal<Project[] | null>(null);

export async function loadProjects(signal?: AbortSignal): Promise<Project[]> {
  const reply = await get<{ projects: Project[] }>('projects?limit=1000', { signal });
  projects.value = reply.projects;
  return reply.projects;
}

function Live({ running }: { running?: number }) {
  const [, tick] = useState(0);
  const paused = liveState.value === 'paused';
  useEffect(() => {
    if (!paused) return;
    const t = setInterval(() => tick((n) => n + 1), 1000);
    return () => clearInterval(t);
  }, [paused]);
  if (paused) {
    return (
      <span class="live is-paused" role="status">
        <Icon name="unconfirmed" small />
        <span>Live paused<span class="more">, last data {ago(lastHeard.value * 1000, Date.now() * 1000)} ago, retrying</span></span>
      </span>
    );
  }
  const live = liveState.value === 'live';
  return (
    <span class="live" role="status">
      <Icon name={live ? 'running' : 'unconfirmed'} small />
      <span>{live ? 'live' : 'connecting'}{live && !!running && <span class="more">, {running} running</span>}</span>
    </span>
  );
}

function ProjectPick({ current }: { current: string }) {
  const list = projects.value;
  useEffect(() => {
    if (!projects.value) loadProjects().catch(() => undefined); // the page itself says that the server is away
  }, []);
  const own = list?.find((p) => p.ref === current);
  const options = (list ?? []).map((p) => ({ id: p.ref, text: p.name, selected: p.ref === current, hint: p.running ? `${p.running} running` : '' }));
  return <Pick name="Project" value={own?.name ?? current} options={options} onChoose={(ref) => go(projectPath(ref))} />;
}

export function TopBar({ project, running }: { project?: string; running?: number }) {
  const page = route.value.page;
  return (
    <header class="top">
      <A class="brand" to={homePath()}><Icon name="logo" />Track</A>
      {project !== undefined && <span class="slash" aria-hidden="true">/</span>}
      {project !== undefined && <span class="top-project"><ProjectPick current={project} /></span>}
      <nav class="nav" aria-label="Main">
        {project === undefined && <A to={homePath()} current={page === 'home'}>Projects</A>}
        {project !== undefined && <A to={projectPath(project)} current={page === 'project'}>Workspace</A>}
        <A to="trash" current={page === 'trash'}>Trash</A>
      </nav>
      <span class="gap" />
      <button type="button" class="btn find" aria-haspopup="dialog" title="Search  Ctrl K" onClick={() => { sheet.value = 'palette'; }}>
        <Icon name="search" /><span>Search</span>{' '}<kbd>Ctrl K</kbd>
      </button>
      <Live running={running} />
      <button type="button" class="btn btn-quiet btn-icon" aria-label="Switch theme" title="Switch theme" onClick={switchTheme}>
        <Icon name="moon" cls="icon-moon" /><Icon name="sun" cls="icon-sun" />
      </button>
      <IconButton icon="info" label="Shortcuts and help" title="Shortcuts and help  ?" onClick={() => { sheet.value = 'help'; }} />
    </header>
  );
}
