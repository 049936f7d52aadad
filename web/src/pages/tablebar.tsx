// Controls above the run table: which columns, in which order.
import { h, useState } from '../base';
import { metricColumn, paramColumn, tagColumn, ATTRIBUTES, type Column } from '../table/columns';
import type { View } from '../state';
import { Field } from '../ui/bits';
import { Pick } from '../ui/pick';
import type { Keys } from './workspace';

type OnView = (patch: Partial<View>, push?: boolean) => void;

export function TableBar({ view, onView, ids, columns, keys }: { view: View; onView: OnView; ids: string[]; columns: Column[]; keys: Keys | undefined }) {
  const [find, setFind] = useState('');
  const part = (title: string, list: { id: string; text: string }[]) => list
    .filter((o) => o.text.toLowerCase().includes(find.toLowerCase())).slice(0, 60)
    .map((o, i) => ({ ...o, selected: ids.includes(o.id), ...(i ? {} : { part: title }) }));
  const options = [
    ...part('Metrics, best by their goal', [...(keys?.series ?? [])].sort((a, b) => Number(a.key.startsWith('system/')) - Number(b.key.startsWith('system/'))).map((s) => ({ id: metricColumn(s.key), text: s.key }))),
    ...part('Params', (keys?.params ?? []).map((k) => ({ id: paramColumn(k), text: k }))),
    ...part('Tags', (keys?.tags ?? []).map((k) => ({ id: tagColumn(k), text: k }))),
    ...part('Facts of the run', Object.entries(ATTRIBUTES).map(([id, a]) => ({ id, text: a.title }))),
  ];
  const sorts = [
    { id: '-started', text: 'started, newest first' }, { id: 'started', text: 'started, oldest first' }, { id: 'name', text: 'name' }, { id: 'status', text: 'status' },
    ...columns.filter((c) => c.kind === 'metric').map((c) => ({ id: c.goal === 'max' ? `-${c.id}` : c.id, text: `best ${c.title}` })),
    ...columns.filter((c) => c.kind === 'param').map((c) => ({ id: c.id, text: c.title })),
  ].map((o) => ({ ...o, selected: o.id === view.sort }));
  return (
    <div class="bar">
      <Pick
        name="Columns" value={String(columns.length)} options={options} multiple
        onChoose={(id) => onView({ columns: ids.includes(id) ? ids.filter((c) => c !== id) : [...ids, id] })}
      >
        <Field label="Find column" placeholder="Find column" value={find} onInput={setFind} />
      </Pick>
      <Pick name="Sort" value={sorts.find((s) => s.selected)?.text ?? view.sort} options={sorts} onChoose={(id) => onView({ sort: id }, true)} />
      {view.columns && <button type="button" class="btn btn-quiet" onClick={() => onView({ columns: null })}>Usual columns</button>}
    </div>
  );
}
