// Colours of a terminal line (SGR); every other control sequence is taken out.
export interface Span {
  text: string;
  cls: string;
}

const COLORS = ['', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', ''];
// CSI sequences, OSC sequences up to BEL or ST, two-character escapes, and lone controls.
// eslint-disable-next-line no-control-regex
const ESCAPES = /\u001b\[([0-9;:?]*)[ -/]*([@-~])|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[@-Z\\-_]?|[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g;

interface Style {
  color: string;
  bold: boolean;
  dim: boolean;
}

function classOf(s: Style): string {
  return [s.color && `a-${s.color}`, s.bold && 'a-bold', s.dim && 'a-dim'].filter(Boolean).join(' ');
}

/** Applies the numbers of one `ESC [ … m`. */
function apply(s: Style, codes: number[]): void {
  for (let i = 0; i < codes.length; i++) {
    const c = codes[i] as number;
    if (c === 0) Object.assign(s, { color: '', bold: false, dim: false });
    else if (c === 1) s.bold = true;
    else if (c === 2) s.dim = true;
    else if (c === 22) Object.assign(s, { bold: false, dim: false });
    else if (c >= 30 && c <= 37) s.color = COLORS[c - 30] ?? '';
    else if (c >= 90 && c <= 97) s.color = c === 90 ? 'dim' : (COLORS[c - 90] ?? '');
    else if (c === 39) s.color = '';
    else if (c === 38 || c === 48) i += codes[i + 1] === 5 ? 2 : 4; // 256 and true colours keep the text's own
  }
}

/** A line as spans of one style each. */
export function parseAnsi(line: string): Span[] {
  const out: Span[] = [];
  const style: Style = { color: '', bold: false, dim: false };
  let at = 0;
  const put = (text: string): void => {
    if (!text) return;
    const cls = classOf(style);
    const last = out.at(-1);
    if (last && last.cls === cls) last.text += text;
    else out.push({ text, cls });
  };
  ESCAPES.lastIndex = 0;
  for (let m = ESCAPES.exec(line); m; m = ESCAPES.exec(line)) {
    put(line.slice(at, m.index));
    at = m.index + m[0].length;
    if (m[2] === 'm') apply(style, (m[1] ?? '').split(/[;:]/).map((n) => Number(n) || 0));
  }
  put(line.slice(at));
  return out;
}

/** What a terminal would show of a line that was rewritten by carriage returns, and how often it was. */
export function collapse(line: string): { text: string; folded: number } {
  const parts = line.replace(/\r+$/, '').split('\r');
  const text = parts.filter((p) => p !== '').at(-1) ?? '';
  return { text, folded: parts.length - 1 };
}

export function stripAnsi(line: string): string {
  return parseAnsi(line).map((s) => s.text).join('');
}

/** Splits spans where a search hits, ignoring case. */
export function markHits(spans: Span[], needle: string): (Span & { hit: boolean })[] {
  if (!needle) return spans.map((s) => ({ ...s, hit: false }));
  const want = needle.toLowerCase();
  const whole = spans.map((s) => s.text).join('').toLowerCase();
  const hits: [number, number][] = [];
  for (let i = whole.indexOf(want); i >= 0; i = whole.indexOf(want, i + want.length)) hits.push([i, i + want.length]);
  const out: (Span & { hit: boolean })[] = [];
  let at = 0;
  for (const s of spans) {
    let from = 0;
    for (const [a, b] of hits) {
      const lo = Math.max(0, a - at);
      const hi = Math.min(s.text.length, b - at);
      if (lo >= hi || hi <= from) continue;
      if (lo > from) out.push({ text: s.text.slice(from, lo), cls: s.cls, hit: false });
      out.push({ text: s.text.slice(lo, hi), cls: s.cls, hit: true });
      from = hi;
    }
    if (from < s.text.length) out.push({ text: s.text.slice(from), cls: s.cls, hit: false });
    at += s.text.length;
  }
  return out;
}
