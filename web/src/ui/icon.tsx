// Icons come from the sprite that stands in the page (style/icons.svg).
import { h } from '../base';

export type IconName =
  | 'logo' | 'search' | 'down' | 'right' | 'left' | 'up' | 'sortdown' | 'plus' | 'x' | 'check' | 'dots' | 'copy' | 'moon' | 'sun'
  | 'eye' | 'menu' | 'warn' | 'info' | 'fit' | 'minus' | 'list' | 'commit' | 'download' | 'ring' | 'running' | 'finished'
  | 'failed' | 'unconfirmed' | 'stopped' | 'preempting' | 'preempted' | 'queued' | 'dataset' | 'model' | 'run' | 'file'
  | 'terminal' | 'edit' | 'trash' | 'pin' | 'system';

export function Icon({ name, small, cls }: { name: IconName; small?: boolean; cls?: string }) {
  return (
    <svg class={`${small ? 'icon-s' : 'icon'}${cls ? ` ${cls}` : ''}`} aria-hidden="true">
      <use href={`#i-${name}`} />
    </svg>
  );
}
