// A button that opens a list: one of several, several of many, or actions.
import { h, Fragment, useEffect, useLayoutEffect, useRef, useState, type ComponentChildren } from '../base';
import { Icon, type IconName } from './icon';

export interface Option {
  id: string;
  text: string;
  icon?: IconName;
  hint?: string;
  selected?: boolean;
  danger?: boolean;
  part?: string; // heading above this option
}

interface Place {
  left: number;
  top: number;
  max: number;
}

/** A list below (or above) its button; closes on Escape, on a choice and on a click elsewhere. */
export function Popover(props: { anchor: HTMLElement; onClose: () => void; children: ComponentChildren; cls?: string }) {
  const box = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState<Place | null>(null);
  useLayoutEffect(() => {
    const a = props.anchor.getBoundingClientRect();
    const own = box.current?.getBoundingClientRect();
    const w = own?.width ?? 232;
    const below = innerHeight - a.bottom - 12;
    const above = a.top - 12;
    const hgt = own?.height ?? 200;
    const up = hgt > below && above > below;
    const max = Math.max(120, up ? above : below);
    setPlace({
      left: Math.max(4, Math.min(a.left, document.documentElement.clientWidth - w - 4)),
      top: up ? Math.max(4, a.top - Math.min(hgt, max) - 4) : a.bottom + 4,
      max,
    });
  }, [props.children]);
  useEffect(() => {
    const away = (e: Event): void => {
      const t = e.target as Node;
      if (!box.current?.contains(t) && !props.anchor.contains(t)) props.onClose();
    };
    const key = (e: KeyboardEvent): void => {
      if (e.key !== 'Escape') return;
      e.stopPropagation();
      props.onClose();
      props.anchor.focus();
    };
    document.addEventListener('pointerdown', away);
    document.addEventListener('keydown', key, true);
    return () => {
      document.removeEventListener('pointerdown', away);
      document.removeEventListener('keydown', key, true);
    };
  }, []);
  const style = place
    ? { left: `${place.left}px`, top: `${place.top}px`, maxHeight: `${place.max}px` }
    : { left: '0', top: '0', visibility: 'hidden' };
  return <div ref={box} class={`popover ${props.cls ?? ''}`} style={style}>{props.children}</div>;
}

/** The list itself: arrows move, Enter or Space chooses. */
export function Menu(props: {
  label: string; options: Option[]; multiple?: boolean; menu?: boolean; onChoose: (id: string) => void; autoFocus?: boolean;
}) {
  const list = useRef<HTMLUListElement>(null);
  const rows = (): HTMLElement[] => Array.from(list.current?.querySelectorAll<HTMLElement>('[data-id]') ?? []);
  useEffect(() => {
    if (props.autoFocus === false) return;
    const all = rows();
    (all.find((r) => r.getAttribute('aria-selected') === 'true') ?? all[0])?.focus({ preventScroll: true });
  }, []);
  const key = (e: KeyboardEvent): void => {
    const all = rows();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[e.key];
    if (to !== undefined) {
      e.preventDefault();
      all[Math.max(0, Math.min(all.length - 1, to))]?.focus();
    } else if ((e.key === 'Enter' || e.key === ' ') && at >= 0) {
      e.preventDefault();
      props.onChoose(all[at]?.dataset['id'] ?? '');
    }
  };
  const role = props.menu ? 'menuitem' : 'option';
  return (
    <ul
      ref={list} class="menu" role={props.menu ? 'menu' : 'listbox'} aria-label={props.label}
      aria-multiselectable={props.multiple || undefined} onKeyDown={key}
    >
      {props.options.map((o) => (
        <Fragment key={o.id}>
          {o.part && <li class="part" role="presentation">{o.part}</li>}
          <li
            role={role} data-id={o.id} tabIndex={-1} aria-selected={props.menu ? undefined : !!o.selected}
            class={`${o.icon ? 'has-icon' : ''}${o.danger ? ' is-danger' : ''}${props.menu ? ' is-action' : ''}`}
            onClick={() => props.onChoose(o.id)}
          >
            {o.selected && !o.icon && <Icon name="check" small />}
            {o.icon && <Icon name={o.icon} small />}
            <span class="menu-text" title={o.text}>{o.text}</span>
            {o.hint && <span class="num muted">{o.hint}</span>}
          </li>
        </Fragment>
      ))}
    </ul>
  );
}

/** `key value` and a list to choose from. */
export function Pick(props: {
  name: string; value: string; options: Option[]; onChoose: (id: string) => void; quiet?: boolean; multiple?: boolean; children?: ComponentChildren; onOpen?: () => void;
}) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = (): void => setOpen(false);
  return (
    <>
      <button
        ref={button} type="button" class={`pick ${props.quiet === false ? '' : 'pick-quiet'}`} aria-haspopup="listbox" aria-expanded={open}
        onClick={() => {
          if (!open) props.onOpen?.();
          setOpen(!open);
        }}
      >
        <span class="key">{props.name}</span> <span class="pick-value">{props.value}</span><Icon name="down" small />
      </button>
      {open && button.current && (
        <Popover anchor={button.current} onClose={close}>
          {props.children}
          <Menu
            label={props.name} options={props.options} multiple={props.multiple} autoFocus={!props.children}
            onChoose={(id) => {
              props.onChoose(id);
              if (props.multiple) return;
              close();
              button.current?.focus();
            }}
          />
        </Popover>
      )}
    </>
  );
}

/** A button with three dots and a list of actions. */
export function Actions(props: { label: string; options: Option[]; onChoose: (id: string) => void; cls?: string; icon?: IconName }) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  return (
    <>
      <button
        ref={button} type="button" class={`btn btn-icon ${props.cls ?? ''}`} aria-label={props.label} title={props.label} aria-haspopup="menu"
        aria-expanded={open} onClick={() => setOpen(!open)}
      >
        <Icon name={props.icon ?? 'dots'} />
      </button>
      {open && button.current && (
        <Popover anchor={button.current} onClose={() => setOpen(false)}>
          <Menu
            label={props.label} options={props.options} menu
            onChoose={(id) => {
              setOpen(false);
              button.current?.focus();
              props.onChoose(id);
            }}
          />
        </Popover>
      )}
    </>
  );
}
