// Small parts that every page uses.
import { h, useState, type ComponentChildren } from '../base';
import type { ApiError } from '../api';
import { href, go } from '../router';
import type { State } from '../types';
import { Icon, type IconName } from './icon';

/** A link within the pages; a plain click does not load anew. */
export function A(props: {
  to: string; query?: string; class?: string; title?: string; current?: boolean; label?: string; children?: ComponentChildren;
}) {
  const { to, query = '' } = props;
  return (
    <a
      href={href(to, query)} class={props.class} title={props.title} aria-label={props.label}
      aria-current={props.current ? 'page' : undefined}
      onClick={(e: MouseEvent) => {
        if (e.button || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
        e.preventDefault();
        go(to, query);
      }}
    >
      {props.children}
    </a>
  );
}

/** Shape, word and colour: none of them alone. */
export function Status({ state }: { state: State }) {
  return <span class={`st st-${state}`}><Icon name={state} small />{state}</span>;
}

export function Badge({ kind, title, children }: { kind?: 'key' | 'warn' | 'bad' | 'ok'; title?: string; children?: ComponentChildren }) {
  return <span class={`badge${kind ? ` badge-${kind}` : ''}`} title={title}>{children}</span>;
}

export function Swatch({ color, on = true }: { color: number; on?: boolean }) {
  return <i class={`swatch${on ? ` on c${color}` : ''}`} />;
}

export function Check(props: { checked: boolean; mixed?: boolean; label: string; tabIndex?: number; onChange: (on: boolean) => void }) {
  return (
    <label class="check">
      <input
        type="checkbox" checked={props.checked} aria-label={props.label} tabIndex={props.tabIndex}
        data-mixed={props.mixed ? '' : undefined} ref={(el) => { if (el) el.indeterminate = !!props.mixed; }}
        onChange={(e) => props.onChange(e.currentTarget.checked)}
      />
      <Icon name={props.mixed ? 'minus' : 'check'} small />
    </label>
  );
}

/** A check box with its words. */
export function Tick(props: { checked: boolean; text: string; onChange: (on: boolean) => void }) {
  return (
    <label class="tick">
      <span class="check">
        <input type="checkbox" checked={props.checked} onChange={(e) => props.onChange(e.currentTarget.checked)} />
        <Icon name="check" small />
      </span>
      {props.text}
    </label>
  );
}

/** A long name: the middle gives way, the end stays visible. */
export function Mid({ text }: { text: string }) {
  const cut = text.length > 14 ? text.length - 6 : text.length;
  return <bdi class="mid" title={text}><span>{text.slice(0, cut)}</span><span>{text.slice(cut)}</span></bdi>;
}

export function IconButton(props: {
  icon: IconName; label: string; title?: string; cls?: string; disabled?: boolean; pressed?: boolean; onClick: (e: MouseEvent) => void;
}) {
  return (
    <button
      type="button" class={`btn btn-quiet btn-icon ${props.cls ?? ''}`} aria-label={props.label} title={props.title ?? props.label}
      disabled={props.disabled} aria-pressed={props.pressed} onClick={props.onClick}
    >
      <Icon name={props.icon} />
    </button>
  );
}

/** Puts text on the clipboard; also where the page is not a secure context. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'vh';
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}

export function CopyButton({ text, label, words, cls = '' }: { text: string; label: string; words?: string; cls?: string }) {
  const [done, setDone] = useState(false);
  const click = async (): Promise<void> => {
    setDone(await copyText(text));
    setTimeout(() => setDone(false), 1500);
  };
  return (
    <button type="button" class={`btn ${words ? 'btn-s' : 'btn-quiet btn-icon btn-s'} ${cls}`} aria-label={label} title={label} onClick={click}>
      <Icon name={done ? 'check' : 'copy'} small={!!words} />{words && (done ? 'Copied' : words)}
      <span class="vh" role="status">{done ? 'Copied' : ''}</span>
    </button>
  );
}

export function CopyLine({ text, label }: { text: string; label: string }) {
  return <div class="copy"><code title={text}>{text}</code><CopyButton text={text} label={label} /></div>;
}

/** 2 px of progress; without a share it says only that something is on its way. */
export function Meter({ share, label }: { share?: number; label: string }) {
  const v = share === undefined ? undefined : Math.round(share * 100);
  return (
    <span class={`meter${v === undefined ? ' is-open' : ''}`} role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={v}>
      <svg viewBox="0 0 100 2" preserveAspectRatio="none" aria-hidden="true"><rect width={v ?? 30} height="2" /></svg>
    </span>
  );
}

export function Notice(props: { icon: IconName; kind?: 'warn' | 'bad'; children?: ComponentChildren }) {
  return <div class={`notice${props.kind ? ` is-${props.kind}` : ''}`} role={props.kind ? 'alert' : undefined}><Icon name={props.icon} />{props.children}</div>;
}

/** What happened, what to do, the reference, and a way to try again. */
export function Failure({ error, what, onRetry }: { error: ApiError; what: string; onRetry?: () => void }) {
  return (
    <Notice icon="failed" kind="bad">
      <span><b>{what}</b> {error.message} {error.hint}{error.ref && <span class="muted"> Reference <code>{error.ref}</code></span>}</span>
      <span class="gap" />
      {onRetry && <button type="button" class="btn btn-s" onClick={onRetry}>Retry</button>}
    </Notice>
  );
}

export function Field(props: {
  label: string; value: string; placeholder?: string; cls?: string; wrong?: boolean; describedBy?: string; mono?: boolean;
  onInput: (text: string) => void; onKey?: (e: KeyboardEvent) => void; inputRef?: { current: HTMLInputElement | null }; children?: ComponentChildren;
}) {
  return (
    <label class={`field ${props.cls ?? ''}${props.wrong ? ' is-wrong' : ''}`}>
      <span class="vh">{props.label}</span>
      <Icon name="search" />
      <input
        type="text" spellcheck={false} autocomplete="off" value={props.value} placeholder={props.placeholder} ref={props.inputRef}
        class={props.mono ? 'mono' : undefined} aria-invalid={props.wrong || undefined} aria-describedby={props.describedBy}
        onInput={(e) => props.onInput(e.currentTarget.value)} onKeyDown={props.onKey}
      />
      {props.children}
    </label>
  );
}
