// Colours of the style sheet for canvases; read again when the theme changes.
const known = new Map<string, string>();
let theme: string | undefined;

export function token(name: string): string {
  const root = document.documentElement;
  if (root.dataset['theme'] !== theme) {
    theme = root.dataset['theme'];
    known.clear();
  }
  let v = known.get(name);
  if (v === undefined) {
    v = getComputedStyle(root).getPropertyValue(`--${name}`).trim();
    known.set(name, v);
  }
  return v;
}

export const runColor = (i: number): string => token(`run-${i % 20}`);

let face: string | undefined;
export function canvasFont(): string {
  face ??= getComputedStyle(document.documentElement).fontFamily;
  return `400 11px ${face}`;
}
