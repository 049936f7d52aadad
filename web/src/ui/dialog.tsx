// A box above the page: focus goes in, stays in, and returns.
import { h, useEffect, useRef, type ComponentChildren } from '../base';

export function Dialog(props: { label: string; onClose: () => void; cls?: string; children: ComponentChildren }) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    box.current?.showModal();
    return () => before?.focus?.();
  }, []);
  return (
    <dialog
      ref={box} class={`dialog ${props.cls ?? ''}`} aria-label={props.label}
      onClose={props.onClose} onCancel={(e) => { e.preventDefault(); props.onClose(); }}
      onClick={(e) => { if (e.target === box.current) props.onClose(); }}
    >
      <div class="dialog-in">{props.children}</div>
    </dialog>
  );
}

/** Asks before something that is not undone by itself. */
export function Confirm(props: { title: string; text: string; yes: string; onYes: () => void; onClose: () => void }) {
  return (
    <Dialog label={props.title} onClose={props.onClose}>
      <h2>{props.title}</h2>
      <p class="small">{props.text}</p>
      <div class="dialog-foot">
        <button type="button" class="btn" onClick={props.onClose}>Cancel</button>
        <button type="button" class="btn btn-danger" onClick={() => { props.onClose(); props.onYes(); }}>{props.yes}</button>
      </div>
    </Dialog>
  );
}
