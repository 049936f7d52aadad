// The same bins as a table, for eyes and readers that want numbers; and as CSV.
import { h } from '../base';
import { four, plain } from '../format';
import type { XAxis } from '../state';
import type { Line } from './line';
import { xWords } from './scale';

const ROWS = 500;

export function BinsTable({ lines, kind, title }: { lines: Line[]; kind: XAxis; title: string }) {
  const rows = lines.flatMap((l) => Array.from(l.bins.x, (x, i) => ({ l, x, i }))).slice(0, ROWS);
  const groups = lines.some((l) => l.group);
  const smooth = lines.some((l) => l.bins.columns.smooth);
  const all = lines.reduce((n, l) => n + l.path.length, 0);
  return (
    <div class="bins-table scroll" tabIndex={0} role="region" aria-label={`${title} as a table`}>
      <table class="table">
        <thead><tr><th>Line</th><th class="num">{kind === 'step' ? 'Step' : kind.startsWith('metric:') ? plain(kind.slice(7)) : 'Time'}</th>{smooth && <th class="num">Smoothed</th>}<th class="num">Mean</th><th class="num">{groups ? 'From' : 'Min'}</th><th class="num">{groups ? 'To' : 'Max'}</th><th class="num">{groups ? 'Runs' : 'Points'}</th></tr></thead>
        <tbody>
          {rows.map(({ l, x, i }) => {
            const c = l.bins.columns;
            return (
              <tr key={`${l.id}${i}`}>
                <td>{plain(l.label)}</td><td class="num">{kind.startsWith('metric:') ? four(x) : xWords(kind, x).replace('step ', '')}</td>
                {smooth && <td class="num">{four(c.smooth?.[i] ?? NaN)}</td>}
                <td class="num">{four(c.mean?.[i] ?? NaN)}</td><td class="num">{four(c.min?.[i] ?? NaN)}</td>
                <td class="num">{four(c.max?.[i] ?? NaN)}</td><td class="num">{c.n?.[i] ?? ''}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {all > ROWS && <p class="small muted">The first {ROWS} of {all} bins. “Copy as CSV” has all of them.</p>}
    </div>
  );
}

function field(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

export function toCsv(lines: Line[], kind: XAxis): string {
  const x = field(kind.replace('metric:', ''));
  const groups = lines.some((l) => l.group);
  const head = groups ? `group,key,${x},mean,from,to,runs\n` : `run,name,key,${x}_first,${x}_last,smooth,mean,min,max,points\n`;
  return head + lines.flatMap((l) => Array.from(l.bins.x, (_, i) => {
    const c = l.bins.columns;
    if (l.group) return [field(l.label), field(l.key), l.bins.x[i], c.mean?.[i], c.min?.[i], c.max?.[i], c.n?.[i]].join(',');
    return [l.run, field(l.label), field(l.key), c.x_first?.[i], c.x_last?.[i], c.smooth?.[i], c.mean?.[i], c.min?.[i], c.max?.[i], c.n?.[i]].join(',');
  })).join('\n');
}
