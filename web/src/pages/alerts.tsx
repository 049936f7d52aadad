// What the program, or the server, wanted somebody to see.
import { h } from '../base';
import { get } from '../api';
import { ago, dateTime, group3, plain } from '../format';
import { useLive, useResource } from '../resource';
import { num, type Alert } from '../types';
import { Failure, Meter } from '../ui/bits';
import { Icon } from '../ui/icon';
import type { RunProps } from './run';

const ICON = { info: 'info', warning: 'warn', error: 'failed' } as const;

export function Alerts({ run, now }: RunProps) {
  const found = useResource((s) => get<{ alerts: Alert[] }>(`runs/${run.id}/alerts`, { signal: s }), [run.id], 1000);
  useLive((name, change) => {
    if (name === 'reset' || (name === 'alerts' && change.run === run.id)) found.reload();
  });
  const list = found.data.value?.alerts;
  if (found.error.value && !list) return <div class="pad-top"><Failure what="Alerts could not be read." error={found.error.value} onRetry={found.reload} /></div>;
  if (!list) return <Meter label="Loading alerts" />;
  if (!list.length) return <div class="first"><h2>No alerts</h2><p class="lead muted">A program raises one when something needs a look:</p><pre class="prose-code">track_log_alert(run, TRACK_WARNING, "loss is NaN", "at step 300");</pre></div>;
  return (
    <ul class="list alerts">
      {list.map((a) => (
        <li key={a.id} class={a.level === 'error' ? 'is-bad' : a.level === 'warning' ? 'is-warn' : ''}>
          <Icon name={ICON[a.level]} />
          <span class="strong">{plain(a.title)} {a.count > 1 && <span class="badge">{group3(a.count)} times</span>} <span class="vh">{a.level}</span></span>
          <span class="num muted" title={dateTime(num(a.last_us))}>{ago(num(a.last_us), now)} ago</span>
          <span class="why">{a.text && <span class="alert-text" dir="auto">{a.text}</span>}<span class="xs">{a.count > 1 ? `first ${dateTime(num(a.first_us))}, last ${dateTime(num(a.last_us))}` : dateTime(num(a.last_us))}</span></span>
        </li>
      ))}
    </ul>
  );
}
