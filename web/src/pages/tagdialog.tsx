// Gives a label to several runs at once.
import { h, useState } from '../base';
import { ApiError, post } from '../api';
import { Failure } from '../ui/bits';
import { Dialog } from '../ui/dialog';

export function TagDialog({ runs, onClose, onDone }: { runs: string[]; onClose: () => void; onDone: () => void }) {
  const [text, setText] = useState('');
  const [error, setError] = useState<ApiError | null>(null);
  const name = text.trim();
  const save = async (e: Event): Promise<void> => {
    e.preventDefault();
    if (!name) return;
    const eq = name.indexOf('=');
    const set = eq > 0 ? { [name.slice(0, eq)]: name.slice(eq + 1) } : { [name]: '' };
    try {
      for (const id of runs) await post(`runs/${id}/tags`, { set });
      onDone();
      onClose();
    } catch (bad) {
      setError(bad as ApiError);
    }
  };
  return (
    <Dialog label="Tag runs" onClose={onClose}>
      <form onSubmit={save} class="form">
        <h2>Tag {runs.length} {runs.length === 1 ? 'run' : 'runs'}</h2>
        <label class="form-line"><span class="small muted">A label, or key=value</span><input class="input" value={text} onInput={(e) => setText(e.currentTarget.value)} /></label>
        {error && <Failure what="Not all runs were tagged." error={error} />}
        <div class="dialog-foot">
          <button type="button" class="btn" onClick={onClose}>Cancel</button>
          <button type="submit" class="btn btn-primary" disabled={!name}>Tag</button>
        </div>
      </form>
    </Dialog>
  );
}
