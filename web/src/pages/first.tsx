// What to run next, with this server's address filled in; the page turns into the run at its first point.
import { h, useEffect, useRef, useState } from '../base';
import { serverUrl } from '../boot';
import { clock } from '../format';
import { CopyButton } from '../ui/bits';
import { Icon } from '../ui/icon';

interface Sample {
  id: string;
  title: string;
  text: string;
}

function samples(project: string): Sample[] {
  const env = `export TRACK_URL=${serverUrl}\n`;
  return [
    {
      id: 'any', title: 'Any program',
      text: `# nothing to change in the program: console, code and machine are recorded\n${env}track run --project ${quote(project)} \\\n    --metric-regex 'loss=(?<loss>\\S+)' \\\n    -- python train.py --lr 3e-4`,
    },
    {
      id: 'c', title: 'C',
      text: `/* cc train.c $(pkg-config --cflags --libs track), then TRACK_URL=${serverUrl} ./a.out */\n#include <track.h>\n\nint main(void)\n{\n    track_run *run;\n    track_start_run(NULL, NULL, &run, NULL);\n    for (int64_t step = 0; step < 1000; step++)\n        track_log_metric(run, "train/loss", step, 1.0 / (double)(step + 1));\n    track_finish_run(&run, TRACK_FINISHED, NULL);\n}`,
    },
    {
      id: 'curl', title: 'curl',
      text: `# any UUIDv7 names the run\nR=$(printf '%012x7%s' $(date +%s%3N) $(od -An -N10 -tx1 /dev/urandom | tr -d ' \\n' | sed 's/^\\(...\\)./\\18/' | cut -c1-19))\ncurl -X PUT ${serverUrl}/api/v1/runs/$R \\\n    -H 'Content-Type: application/json' -d '{"project": "${project}"}'\ncurl ${serverUrl}/api/v1/runs/$R/points \\\n    -H 'Content-Type: application/json' -d '{"points": [{"key": "train/loss", "step": 1, "value": 0.42}]}'`,
    },
  ];
}

function quote(text: string): string {
  return /^[A-Za-z0-9._-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`;
}

export function FirstSteps({ project }: { project?: string }) {
  const all = samples(project ?? 'first-steps');
  const [at, setAt] = useState(0);
  const tabs = useRef<HTMLDivElement>(null);
  const [since] = useState(Date.now() * 1000);
  useEffect(() => { document.title = `${project ?? 'First steps'} · Track`; }, [project]);
  const now = all[at] ?? all[0];
  if (!now) return null;
  const key = (e: KeyboardEvent): void => {
    const d = e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0;
    if (!d) return;
    const next = (at + d + all.length) % all.length;
    setAt(next);
    tabs.current?.querySelectorAll('button')[next]?.focus();
  };
  return (
    <div class="first">
      <h1>No runs yet</h1>
      <p class="lead muted">Paste one of these. The page listens and shows the run at its first point; nothing to reload.</p>
      <div class="tabs samples" role="tablist" aria-label="How to log" ref={tabs} onKeyDown={key}>
        {all.map((s, i) => (
          <button key={s.id} type="button" role="tab" id={`t-${s.id}`} aria-controls="first-code" aria-selected={i === at} tabIndex={i === at ? 0 : -1} onClick={() => setAt(i)}>{s.title}</button>
        ))}
      </div>
      <div class="code" role="tabpanel" id="first-code" aria-labelledby={`t-${now.id}`}>
        <CopyButton text={now.text} label="Copy" words="Copy" />
        <pre tabIndex={0}>{now.text}</pre>
      </div>
      <ul class="steps" aria-label="What has arrived">
        <li class="is-done"><Icon name="finished" /><span>Server answers</span><span class="muted mono">{serverUrl}</span></li>
        <li class="is-now"><Icon name="unconfirmed" /><span class="strong" role="status">Waiting for the first point</span><span class="muted">listening since {clock(since).slice(0, 8)}</span></li>
      </ul>
      <h2>If nothing arrives</h2>
      <dl class="kv help">
        <dt><code>track status</code></dt><dd>Shows the server it talks to and how many points wait in the local spool.</dd>
        <dt><code>TRACK_URL</code></dt><dd>Names this server, here <code>{serverUrl}</code>.</dd>
        <dt>Offline</dt><dd>Points logged without a network stay in the spool. <code>track sync</code> sends them later.</dd>
      </dl>
    </div>
  );
}
