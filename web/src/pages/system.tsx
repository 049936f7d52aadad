// The machine under the run: devices, processor, memory, disks, network, as the sampler saw them.
import { h, useMemo, useState } from '../base';
import { get, query } from '../api';
import type { DrawnRun } from '../chart/build';
import { Panel, type PanelSpec } from '../chart/panel';
import { bytes, four, plain } from '../format';
import { useLive, useResource } from '../resource';
import { num, type Series, type Tree } from '../types';
import { Failure, Meter, Notice } from '../ui/bits';
import { Pick } from '../ui/pick';
import type { Docs, RunProps } from './run';

interface Sample {
  node: string;
  rest: string; // gpu0/busy_pct
  series: Series;
}

interface Rule {
  section: 'GPUs' | 'This run' | 'Machine';
  title: string;
  match: RegExp; // on what stands behind the node
  unit: string;
  divide?: number;
  floor?: number;
  ceiling?: number;
}

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/** The first rule that matches a name decides; names without a rule get a panel of their own. */
const RULES: Rule[] = [
  { section: 'GPUs', title: 'GPU busy', match: /^gpu\d+\/busy_pct$/, unit: '%', floor: 0, ceiling: 100 },
  { section: 'GPUs', title: 'GPU memory', match: /^gpu\d+\/mem_used_bytes$/, unit: 'GiB', divide: GIB, floor: 0 },
  { section: 'GPUs', title: 'GPU memory of this run', match: /^gpu\d+\/run\/mem_bytes$/, unit: 'GiB', divide: GIB, floor: 0 },
  { section: 'GPUs', title: 'Power', match: /^gpu\d+\/power_w$/, unit: 'W', floor: 0 },
  { section: 'GPUs', title: 'Temperature', match: /^gpu\d+\/temp_c$/, unit: '°C' },
  { section: 'GPUs', title: 'SM clock', match: /^gpu\d+\/sm_mhz$/, unit: 'MHz', floor: 0 },
  { section: 'GPUs', title: 'Memory controller busy', match: /^gpu\d+\/memctl_pct$/, unit: '%', floor: 0, ceiling: 100 },
  { section: 'This run', title: 'Processor of the run', match: /^run\/cpu_cores$/, unit: 'cores', floor: 0 },
  { section: 'This run', title: 'Memory of the run', match: /^run\/rss_bytes$/, unit: 'GiB', divide: GIB, floor: 0 },
  { section: 'This run', title: 'Read and written by the run', match: /^run\/(read|write)_bytes$/, unit: 'MiB a sample', divide: MIB, floor: 0 },
  { section: 'This run', title: 'Processes and threads', match: /^run\/(procs|threads)$/, unit: '', floor: 0 },
  { section: 'This run', title: 'Control group memory', match: /^cgroup\/mem_(limit_)?bytes$/, unit: 'GiB', divide: GIB, floor: 0 },
  { section: 'Machine', title: 'Processor', match: /^cpu\/(busy|iowait|steal)_pct$/, unit: '%', floor: 0, ceiling: 100 },
  { section: 'Machine', title: 'Load', match: /^cpu\/load1$/, unit: '', floor: 0 },
  { section: 'Machine', title: 'Memory', match: /^mem\/(used|cache|swap_used)_bytes$/, unit: 'GiB', divide: GIB, floor: 0 },
  { section: 'Machine', title: 'Disks, read', match: /^disk\/.+\/read_bytes$/, unit: 'MiB a sample', divide: MIB, floor: 0 },
  { section: 'Machine', title: 'Disks, written', match: /^disk\/.+\/write_bytes$/, unit: 'MiB a sample', divide: MIB, floor: 0 },
  { section: 'Machine', title: 'Disks busy', match: /^disk\/.+\/busy_pct$/, unit: '%', floor: 0, ceiling: 100 },
  { section: 'Machine', title: 'File systems, used', match: /^fs\/.+\/used_bytes$/, unit: 'GiB', divide: GIB, floor: 0 },
  { section: 'Machine', title: 'Network, received', match: /^(net|ib)\/.+\/rx_bytes$/, unit: 'MiB a sample', divide: MIB, floor: 0 },
  { section: 'Machine', title: 'Network, sent', match: /^(net|ib)\/.+\/tx_bytes$/, unit: 'MiB a sample', divide: MIB, floor: 0 },
  { section: 'Machine', title: 'Pressure', match: /^psi\/.+_pct$/, unit: '%', floor: 0 },
];
const LINES_MAX = 24;

function sectionOf(rest: string): Rule['section'] {
  return rest.startsWith('gpu') ? 'GPUs' : /^(run|cgroup)\//.test(rest) ? 'This run' : 'Machine';
}

/** What tells the lines of one panel apart: gpu0, eth0, used. */
function partLabel(rest: string): string {
  const parts = rest.split('/');
  return parts.length > 2 || rest.startsWith('gpu') ? parts.slice(rest.startsWith('gpu') ? 0 : 1, -1).join('/') : (parts.at(-1) ?? rest).replace(/_(bytes|pct)$/, '');
}

export function planPanels(samples: Sample[]): Map<Rule['section'], PanelSpec[]> {
  const out = new Map<Rule['section'], PanelSpec[]>([['GPUs', []], ['This run', []], ['Machine', []]]);
  const rest = samples.filter((s) => !s.rest.endsWith('_max'));
  const used = new Set<Sample>();
  const add = (section: Rule['section'], title: string, list: Sample[], rule: Partial<Rule>): void => {
    list.forEach((s) => used.add(s));
    out.get(section)?.push({
      id: `system:${title}`, title, keys: list.slice(0, LINES_MAX).map((s) => ({ name: s.series.key, context: s.series.context })), goal: 'none',
      unit: rule.unit ?? '', divide: rule.divide, floor: rule.floor, ceiling: rule.ceiling,
      label: (key) => partLabel(key.split('/').slice(2).join('/')),
    });
  };
  for (const r of RULES) {
    const list = rest.filter((s) => r.match.test(s.rest) && !used.has(s));
    if (list.length) add(r.section, r.title, list, r);
  }
  const left = new Map<string, Sample[]>();
  for (const s of rest) {
    if (used.has(s)) continue;
    const name = s.rest.replace(/^gpu\d+/, 'gpu').replace(/^(disk|fs|net|ib)\/.+\//, '$1/');
    left.set(name, [...(left.get(name) ?? []), s]);
  }
  for (const [name, list] of left) add(sectionOf(list[0]?.rest ?? ''), name.replace(/^gpu\//, 'GPU ').replace(/_/g, ' '), list, {});
  return out;
}

async function fetchSamples(id: string, signal: AbortSignal): Promise<Sample[]> {
  const out: Sample[] = [];
  let cursor: string | undefined;
  do {
    const tree = await get<Tree<Series>>(`runs/${id}/series${query({ prefix: 'system/', flat: 1, limit: 1000, cursor })}`, { signal });
    for (const series of tree.series) {
      const [, node = '', ...rest] = series.key.split('/');
      out.push({ node, rest: rest.join('/'), series });
    }
    cursor = tree.next ?? undefined;
  } while (cursor && out.length < 20000);
  return out;
}

export function System({ run, docs }: RunProps) {
  const all = useResource((s) => fetchSamples(run.id, s), [run.id], 5000);
  useLive((name, change) => {
    if (name === 'reset' || (name === 'points' && change.run === run.id && !all.data.value?.length)) all.reload();
    else if (name === 'points' && change.run === run.id && change.keys?.some((k) => k.startsWith('system/'))) all.reload();
  });
  const [asked, setNode] = useState('');
  const [zoom, setZoom] = useState<[number, number] | null>(null);
  const data = all.data.value;
  const nodes = [...new Set((data ?? []).map((s) => s.node))].sort();
  const node = nodes.includes(asked) ? asked : (nodes[0] ?? '');
  const own = (data ?? []).filter((s) => s.node === node);
  const text = own.map((s) => s.rest).join('\n');
  const plan = useMemo(() => planPanels(own), [text, node]);
  const runs = useMemo<DrawnRun[]>(() => [{ id: run.id, name: plain(run.name), color: 0, live: run.state === 'running' }], [run.id, run.name, run.state]);
  if (all.error.value && !data) return <div class="pad-top"><Failure what="System metrics could not be read." error={all.error.value} onRetry={all.reload} /></div>;
  if (!data) return <Meter label="Loading system metrics" />;
  if (!data.length) return <NoSampler run={run.state} />;
  return (
    <div>
      <div class="bar bar-flat">
        <Pick name="Node" value={node} options={nodes.map((n) => ({ id: n, text: n, selected: n === node }))} onChoose={setNode} />
        {zoom && <button type="button" class="btn btn-quiet" onClick={() => setZoom(null)}>Whole range</button>}
        <span class="gap" />
        {docs.devices?.nodes?.some((n) => n.node === node) && <span class="badge">sampled every second, kept every 5 s</span>}
      </div>
      <Facts docs={docs} node={node} />
      <Gpus samples={own} docs={docs} node={node} />
      {[...plan].map(([section, panels]) => panels.length > 0 && (
        <section class="block" key={section} aria-label={section}>
          <div class="sec-head"><h2>{section === 'GPUs' ? 'GPUs over time' : section}</h2></div>
          <div class="panels panels-flat">
            {panels.map((spec) => <Panel key={spec.id + node} spec={spec} runs={runs} x="relative" smooth="" zoom={zoom} log={false} onZoom={setZoom} onLog={() => undefined} noLog />)}
          </div>
        </section>
      ))}
    </div>
  );
}

function NoSampler({ run }: { run: string }) {
  return (
    <div class="first">
      <h2>No system metrics</h2>
      <p class="lead muted">{run === 'running' ? 'No sampler has sent anything for this run yet. The page shows it as soon as it does.' : 'No sampler looked at the machine while this run went on.'}</p>
      <p class="small">A sampler is started by the launcher and by programs that use the library, where the command <code>track</code> is installed. By hand:</p>
      <pre class="prose-code">track run -- python train.py</pre>
    </div>
  );
}

function Facts({ docs, node }: { docs: Docs; node: string }) {
  const host = docs.host ?? {};
  const own = typeof host['name'] === 'string' && String(host['name']).split('.')[0] === node;
  const devices = (docs.devices?.devices ?? []).filter((d) => d.node === node);
  const missing = (docs.devices?.missing ?? []).filter((m) => m.node === node && m.what !== 'gpu');
  return (
    <ul class="facts facts-line">
      {devices[0]?.driver && <li>driver <b>{plain(devices[0].driver)}</b></li>}
      {devices[0]?.cuda && <li>CUDA <b>{plain(devices[0].cuda)}</b></li>}
      {own && typeof host['cores'] === 'number' && <li><b>{host['cores']}</b> cores</li>}
      {own && typeof host['memory_bytes'] === 'number' && <li><b>{bytes(host['memory_bytes'])}</b> memory</li>}
      {own && typeof host['os'] === 'string' && <li>{plain(host['os'])}</li>}
      {missing.length > 0 && <li><details><summary>{missing.length} {missing.length === 1 ? 'reading is' : 'readings are'} not available here</summary><ul>{missing.map((m) => <li key={m.what}><code>{plain(m.what ?? '')}</code> {plain(m.why ?? '')}</li>)}</ul></details></li>}
    </ul>
  );
}

function Gpus({ samples, docs, node }: { samples: Sample[]; docs: Docs; node: string }) {
  const names = [...new Set(samples.map((s) => /^(gpu\d+)\//.exec(s.rest)?.[1]).filter((g): g is string => !!g))].sort((a, b) => Number(a.slice(3)) - Number(b.slice(3)));
  const devices = (docs.devices?.devices ?? []).filter((d) => d.node === node);
  if (!names.length && !devices.length) {
    const why = (docs.devices?.missing ?? []).find((m) => m.node === node && m.what === 'gpu')?.why;
    return <Notice icon="info"><span><b>No GPU on {plain(node)}.</b> {why ? plain(why) : 'The sampler found no device it can read.'}</span></Notice>;
  }
  const value = (gpu: string, name: string): Series | undefined => samples.find((s) => s.rest === `${gpu}/${name}`)?.series;
  const list = names.length ? names : devices.map((d) => d.device ?? '');
  return (
    <section class="block" aria-labelledby="h-gpu">
      <h2 class="vh" id="h-gpu">GPUs</h2>
      <div class="scroll-x">
        <table class="table gpus">
          <thead><tr><th>Device</th><th class="grow">Name</th><th class="o">PCI</th><th class="num">Busy %, last</th><th class="num">Memory peak, GiB</th><th class="num">Power, last W</th><th class="num">Max °C</th></tr></thead>
          <tbody>
            {list.map((g) => {
              const d = devices.find((x) => x.device === g);
              const mem = value(g, 'mem_used_bytes_max') ?? value(g, 'mem_used_bytes');
              const temp = value(g, 'temp_c_max') ?? value(g, 'temp_c');
              const total = d?.mem_total_bytes;
              return (
                <tr key={g}>
                  <td class="strong">{g.replace('gpu', 'GPU ')}</td><td class="grow">{plain(d?.name ?? '')}{d?.lost && <span class="bad-text"> lost</span>}</td>
                  <td class="muted mono xs o">{plain(d?.pci ?? '')}</td>
                  <td class="num">{show(value(g, 'busy_pct'))}</td>
                  <td class="num">{mem?.max == null ? '–' : four(num(mem.max) / GIB)}{total && <span class="muted"> of {four(total / GIB)}</span>}</td>
                  <td class="num">{show(value(g, 'power_w'))}</td>
                  <td class="num">{temp?.max == null ? '–' : four(num(temp.max))}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

const show = (s: Series | undefined): string => (s ? four(num(s.last)) : '–');
