// Controls above charts: what stands along x, how lines are smoothed, what runs are grouped by; a panel of one's own.
import { h, Fragment, useState } from '../base';
import { BANDS, bandOf, smoothAsk } from '../chart/ways';
import { elapsed, group3, plain } from '../format';
import { useResource } from '../resource';
import type { XAxis } from '../state';
import { Field } from '../ui/bits';
import { Pick, type Option } from '../ui/pick';
import { fetchSeries, type MetricsProps } from './metrics';

function smoothWords(text: string): string {
  const a = smoothAsk(text);
  if (!a) return 'off';
  if (a.weight) return String(a.weight);
  if (a.by === 'step') return `${group3(a.half_life as number)} steps`;
  if (a.by === 'time') return elapsed(a.half_life as number);
  return `${a.kind} of ${group3(a.window as number)}`;
}

/** What is offered, in parts of a list. */
const SMOOTH: [string, string[]][] = [
  ['Exponential mean, weight from point to point', ['0.6', '0.9', '0.95', '0.99', '0.999']],
  ['Exponential mean, half-life in steps', ['step:10', 'step:100', 'step:1000', 'step:10000']],
  ['Exponential mean, half-life in time', ['time:10', 'time:60', 'time:600', 'time:3600']],
  ['Of the last points', ['median:9', 'median:51', 'median:201', 'min:51', 'max:51']],
];

const AXES: [XAxis, string][] = [['step', 'step'], ['relative', 'time since start'], ['time', 'wall time']];

export function ChartWays({ p }: { p: MetricsProps }) {
  const { view, onView } = p;
  const options = SMOOTH.flatMap(([part, list]) => list.map((id, i) => ({ id, text: smoothWords(id), selected: id === view.smooth, ...(i ? {} : { part }) })));
  return (
    <>
      <AxisPick p={p} />
      <Pick
        name="Smooth" value={smoothWords(view.smooth)} options={[{ id: '', text: 'off', selected: !view.smooth }, ...options]}
        onChoose={(id) => onView({ smooth: id })}
      />
      {p.groups && <GroupPick p={p} groups={p.groups} />}
    </>
  );
}

/** What stands along x: a count, a time, or another metric of the same runs. */
function AxisPick({ p }: { p: MetricsProps }) {
  const [find, setFind] = useState('');
  const [open, setOpen] = useState(false);
  const found = useResource((signal) => (open ? fetchSeries(p.path, { q: find, limit: 50 }, signal) : Promise.resolve([])), [p.path, find, open]);
  const { view } = p;
  const metrics = (found.data.value ?? []).map((s, i) => ({ id: `metric:${s.key}`, text: s.key, selected: view.x === `metric:${s.key}`, ...(i ? {} : { part: 'Another metric' }) }));
  const options: Option[] = [...AXES.map(([id, text]) => ({ id, text, selected: id === view.x })), ...metrics];
  return (
    <Pick
      name="x" value={AXES.find((a) => a[0] === view.x)?.[1] ?? plain(view.x.slice(7))} options={options} onOpen={() => setOpen(true)}
      onChoose={(id) => p.onView({ x: id as XAxis, zoom: null }, true)}
    >
      <Field label="Find metric for x" placeholder="Find metric" value={find} onInput={setFind} />
    </Pick>
  );
}

/** Runs as groups: by what, and how far the runs of a group spread. */
function GroupPick({ p, groups }: { p: MetricsProps; groups: { id: string; text: string; part: string }[] }) {
  const { view, onView } = p;
  const first = (i: number): boolean => i === 0 || groups[i]?.part !== groups[i - 1]?.part;
  const options: Option[] = [
    { id: '', text: 'off', selected: !view.group }, { id: '*', text: 'all runs as one', selected: view.group === '*' },
    ...groups.map((g, i) => ({ id: g.id, text: g.text, selected: view.group === g.id, ...(first(i) ? { part: g.part } : {}) })),
  ];
  const value = !view.group ? 'off' : view.group === '*' ? 'all runs' : plain(groups.find((g) => g.id === view.group)?.text ?? view.group);
  const left = view.group && view.selection.kind !== 'some' ? (p.total ?? 0) - p.runs.length - view.hidden.length : 0;
  return (
    <>
      <Pick name="Group" value={value} options={options} onChoose={(id) => onView({ group: id }, true)} />
      {view.group && (
        <Pick
          name="Band" value={bandOf(view.band).words} options={Object.entries(BANDS).map(([id, b]) => ({ id, text: b.words, selected: id === view.band }))}
          onChoose={(id) => onView({ band: id })}
        />
      )}
      {left > 0 && p.runs.length >= GROUP_MAX && <span class="small bad-text" role="status">{group3(p.runs.length)} of {group3(p.total ?? 0)} runs: narrow the filter for the rest</span>}
    </>
  );
}
const GROUP_MAX = 1000; // runs of one request

/** One panel of several metrics, chosen from the tree. */
export function AddPanel({ p }: { p: MetricsProps }) {
  const [find, setFind] = useState('');
  const [chosen, setChosen] = useState<string[]>([]);
  const found = useResource((signal) => fetchSeries(p.path, { q: find, limit: 100 }, signal), [p.path, find]);
  const options: Option[] = (found.data.value ?? []).map((s) => ({ id: s.key, text: s.key, selected: chosen.includes(s.key) }));
  return (
    <Pick
      name="Panel" value={chosen.length ? `${chosen.length} metrics` : '+'} options={options} multiple quiet={false}
      onChoose={(id) => setChosen(chosen.includes(id) ? chosen.filter((c) => c !== id) : [...chosen, id])}
    >
      <div class="pop-head">
        <Field label="Find metric" placeholder="Metrics of one panel" value={find} onInput={setFind} />
        <button
          type="button" class="btn" disabled={!chosen.length}
          onClick={() => { p.onView({ panels: [...p.view.panels, chosen] }, true); setChosen([]); }}
        >
          Add panel
        </button>
      </div>
    </Pick>
  );
}
