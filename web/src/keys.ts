// The one table of shortcuts: it feeds the handler and the help sheet.
export interface Shortcut {
  id: string;
  keys: string; // as shown
  test: (e: KeyboardEvent) => boolean;
  text: string;
  where: 'everywhere' | 'workspace' | 'chart' | 'run' | 'console';
  single: boolean; // one key without a modifier: can be switched off
}

const plainKey = (key: string) => (e: KeyboardEvent): boolean => e.key === key && !e.ctrlKey && !e.metaKey && !e.altKey;

function one(id: string, key: string, where: Shortcut['where'], text: string, shown = key): Shortcut {
  return { id, keys: shown, test: plainKey(key), text, where, single: true };
}

export const SHORTCUTS: Shortcut[] = [
  {
    id: 'palette', keys: 'Ctrl K', text: 'Find a run, a metric or a page', where: 'everywhere', single: false,
    test: (e) => e.key.toLowerCase() === 'k' && (e.ctrlKey || e.metaKey) && !e.altKey,
  },
  one('help', '?', 'everywhere', 'This sheet'),
  one('filter', '/', 'everywhere', 'Into the filter or search field'),
  one('theme', 'T', 'everywhere', 'Light or dark', 'Shift T'),
  one('home', 'h', 'everywhere', 'Projects'),
  one('project', 'p', 'everywhere', 'Workspace of this project'),
  one('down', 'j', 'workspace', 'Next run'),
  one('up', 'k', 'workspace', 'Previous run'),
  one('select', 'x', 'workspace', 'Select the run'),
  one('visible', 'v', 'workspace', 'Draw the run or not'),
  one('solo', 's', 'workspace', 'Draw this run alone, or all again'),
  { id: 'open', keys: 'Enter', test: plainKey('Enter'), text: 'Open the run', where: 'workspace', single: false },
  one('log', 'l', 'chart', 'Logarithmic y'),
  one('fit', 'f', 'chart', 'Show the whole range'),
  one('exact', 'e', 'chart', 'Zoom in until every point is drawn'),
  { id: 'cursor', keys: '← →', test: () => false, text: 'Move the cursor', where: 'chart', single: false },
  one('prev', '[', 'run', 'Previous run'),
  one('next', ']', 'run', 'Next run'),
  one('follow', 'f', 'console', 'Follow new lines'),
  { id: 'hit', keys: 'Enter', test: () => false, text: 'Next hit; with Shift the one before', where: 'console', single: false },
];

type Action = (e: KeyboardEvent) => void;
const actions = new Map<string, Action[]>();

/** Binds an action; the one bound last is asked first. Returns what unbinds it. */
export function bind(id: string, action: Action): () => void {
  const list = actions.get(id) ?? [];
  list.push(action);
  actions.set(id, list);
  return () => {
    const at = list.indexOf(action);
    if (at >= 0) list.splice(at, 1);
  };
}

export function singleKeysOn(): boolean {
  try {
    return localStorage.getItem('track.keys') !== 'off';
  } catch {
    return true;
  }
}

export function setSingleKeys(on: boolean): void {
  try {
    localStorage.setItem('track.keys', on ? 'on' : 'off');
  } catch {
    return; // storage is switched off: the choice lasts as long as the page
  }
}

function typing(e: KeyboardEvent): boolean {
  const t = e.target as HTMLElement | null;
  return !!t && (t.matches('input:not([type="checkbox"]), textarea, select') || t.isContentEditable);
}

function pressesControl(e: KeyboardEvent): boolean {
  const t = e.target as HTMLElement | null;
  return e.key === 'Enter' && !!t && t.matches('a, button, summary, input');
}

/** The one handler of the document. */
export function handleKey(e: KeyboardEvent): void {
  if (e.defaultPrevented || pressesControl(e)) return;
  for (const s of SHORTCUTS) {
    if (!s.test(e)) continue;
    if (s.single && (typing(e) || !singleKeysOn())) continue;
    const action = actions.get(s.id)?.at(-1);
    if (!action) continue;
    e.preventDefault();
    action(e);
    return;
  }
}
