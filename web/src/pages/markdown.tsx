// A small part of Markdown for notes: paragraphs, lists, headings, code, emphasis, links. Text becomes
// text nodes, never markup; only http, https and mailto become links.
import { h, type JSX } from '../base';
import { plain } from '../format';

type Out = JSX.Element | string;

const INLINE = /(`[^`]+`)|(\*\*[^*]+\*\*)|(\*[^*\s][^*]*\*)|(\[[^\]]+\]\((?:https?:\/\/|mailto:)[^)\s]+\))|(https?:\/\/[^\s<>)]+)/;

export function inline(text: string): Out[] {
  const out: Out[] = [];
  let rest = text;
  for (;;) {
    const m = INLINE.exec(rest);
    if (!m) break;
    if (m.index) out.push(plain(rest.slice(0, m.index)));
    const s = m[0];
    if (m[1]) out.push(<code>{plain(s.slice(1, -1))}</code>);
    else if (m[2]) out.push(<b>{plain(s.slice(2, -2))}</b>);
    else if (m[3]) out.push(<em>{plain(s.slice(1, -1))}</em>);
    else {
      const cut = s.indexOf('](');
      const url = cut < 0 ? s : s.slice(cut + 2, -1);
      out.push(<a href={url} rel="noreferrer noopener">{plain(cut < 0 ? s : s.slice(1, cut))}</a>);
    }
    rest = rest.slice(m.index + s.length);
  }
  if (rest) out.push(plain(rest));
  return out;
}

function lines(list: string[]): Out[] {
  return list.flatMap((l, i) => (i ? [<br key={i} />, ...inline(l)] : inline(l)));
}

export function Markdown({ text }: { text: string }) {
  const blocks = text.replace(/\r\n?/g, '\n').split(/\n{2,}|(?=```)|(?<=```)\n/).filter((b) => b.trim());
  return (
    <div class="prose">
      {blocks.map((block, i) => {
        const rows = block.split('\n');
        if (block.startsWith('```')) return <pre key={i} class="prose-code">{block.replace(/^```.*\n?/, '').replace(/\n?```$/, '')}</pre>;
        if (/^#{1,6} /.test(block)) return <h3 key={i}>{inline((rows[0] ?? '').replace(/^#+ /, ''))}</h3>;
        if (rows.every((r) => /^\s*[-*] /.test(r))) return <ul key={i}>{rows.map((r, k) => <li key={k}>{inline(r.replace(/^\s*[-*] /, ''))}</li>)}</ul>;
        return <p key={i}>{lines(rows)}</p>;
      })}
    </div>
  );
}
