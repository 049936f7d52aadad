// Start: shortcuts, events, and the page that the address names.
import { h, render, useEffect } from './base';
import { handleKey, bind } from './keys';
import { startLive } from './live';
import { go, homePath, projectPath, route } from './router';
import { NotFound } from './pages/none';
import { Workspace } from './pages/workspace';
import { lazy } from './lazy';
import { sheet, switchTheme } from './ui/top';

const Home = lazy(async () => (await import('./pages/home')).Home);
const Trash = lazy(async () => (await import('./pages/trash')).Trash);
const RunView = lazy(async () => (await import('./pages/run')).RunView);
const Palette = lazy(async () => (await import('./later')).Palette);
const Help = lazy(async () => (await import('./later')).Help);

function focusFilter(): void {
  document.querySelector<HTMLInputElement>('[data-filter] input, .page .field input')?.focus();
}

function Page() {
  const r = route.value;
  if (r.page === 'home') return <Home />;
  if (r.page === 'project') return <Workspace key={r.project} project={r.project} />;
  if (r.page === 'trash') return <Trash />;
  if (r.page === 'run') return <RunView key={r.run} project={r.project} id={r.run} tab={r.tab} />;
  return <NotFound what="This address names no page." />;
}

function App() {
  useEffect(() => {
    document.addEventListener('keydown', handleKey);
    bind('palette', () => { sheet.value = sheet.value === 'palette' ? 'none' : 'palette'; });
    bind('help', () => { sheet.value = 'help'; });
    bind('theme', switchTheme);
    bind('filter', focusFilter);
    bind('home', () => go(homePath()));
    bind('project', () => {
      const r = route.value;
      if (r.page === 'run') go(projectPath(r.project));
    });
  }, []);
  const close = (): void => { sheet.value = 'none'; };
  return (
    <div class="root">
      <a class="skip" href="#main">Skip to content</a>
      <Page />
      {sheet.value === 'palette' && <Palette onClose={close} />}
      {sheet.value === 'help' && <Help onClose={close} />}
    </div>
  );
}

const root = document.getElementById('app');
if (root) render(<App />, root);
startLive();
