/** Small marks. */
import type { ComponentChildren } from 'preact';

/** Hues that mean something: the tokens of theme.css. */
export type Hue =
  | 'accent'
  | 'linux'
  | 'core'
  | 'doorbell'
  | 'vring'
  | 'message'
  | 'console'
  | 'interrupt'
  | 'thread'
  | 'error'
  | 'warning'
  | 'note';

/** A word in the colour of what it belongs to. */
export function Badge({
  hue = 'note',
  children,
  tip,
}: {
  readonly hue?: Hue;
  readonly children: ComponentChildren;
  readonly tip?: string;
}) {
  return (
    <span class={`badge hue-${hue}`} data-tip={tip}>
      {children}
    </span>
  );
}

/** A flag: lit or not, with its name for those who do not see it. */
export function Lamp({ on, hue = 'doorbell', label }: { readonly on: boolean; readonly hue?: Hue; readonly label: string }) {
  return (
    <span
      class={`lamp hue-${hue}${on ? ' lamp-on' : ''}`}
      role="img"
      aria-label={`${label}: ${on ? 'set' : 'clear'}`}
      data-tip={`${label} ${on ? '1' : '0'}`}
    />
  );
}
