// The sheet behind "?": every shortcut, from the one table.
import { h, useState } from '../base';
import { licencesUrl, version } from '../boot';
import { setSingleKeys, SHORTCUTS, singleKeysOn, type Shortcut } from '../keys';
import { Tick } from './bits';
import { Dialog } from './dialog';

const PARTS: [Shortcut['where'], string][] = [
  ['everywhere', 'Everywhere'], ['workspace', 'Run table'], ['chart', 'Chart under the pointer or in focus'], ['run', 'Run page'], ['console', 'Console'],
];

const FILTERS: [string, string][] = [
  ['status:running tag:baseline', 'both must hold'],
  ['params.lr >= 1e-4 OR NOT user:ana', 'OR, NOT and brackets'],
  ['best(val/loss) < 0.3', 'best by its goal; also min, max, first, last, mean, count'],
  ["name ~ 'resnet.*' created > -7d", 'a pattern; of the last seven days'],
];

export function Help({ onClose }: { onClose: () => void }) {
  const [single, setSingle] = useState(singleKeysOn());
  return (
    <Dialog label="Shortcuts and help" onClose={onClose} cls="help-sheet">
      <h2>Shortcuts</h2>
      <div class="help-parts">
        {PARTS.map(([where, title]) => (
          <section key={where}>
            <h3>{title}</h3>
            <dl class="keys">
              {SHORTCUTS.filter((s) => s.where === where).map((s) => <div key={s.id}><dt><kbd>{s.keys}</kbd></dt><dd>{s.text}</dd></div>)}
            </dl>
          </section>
        ))}
      </div>
      <section>
        <h3>Filter</h3>
        <dl class="keys keys-wide">{FILTERS.map(([f, words]) => <div key={f}><dt><code>{f}</code></dt><dd>{words}</dd></div>)}</dl>
      </section>
      <Tick checked={single} text="Shortcuts of a single key" onChange={(on) => { setSingleKeys(on); setSingle(on); }} />
      <p class="small muted">In a chart: drag to zoom, double click to show everything again, click a line to open its run.</p>
      <div class="dialog-foot">
        <span class="small muted">Track {version} · <a href={licencesUrl} target="_blank" rel="noreferrer">licences</a></span>
        <span class="gap" />
        <button type="button" class="btn" onClick={onClose}>Close</button>
      </div>
    </Dialog>
  );
}
