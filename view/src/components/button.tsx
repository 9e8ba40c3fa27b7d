/** Buttons and fields of toolbars. */
import type { ComponentChildren, TargetedKeyboardEvent } from 'preact';
import { Icon, type IconName } from './icons.tsx';

interface ButtonProps {
  readonly onClick: (event: MouseEvent) => void;
  readonly children?: ComponentChildren;
  readonly icon?: IconName;
  /** `primary`: the one thing to do here. `danger`: something is lost by it. `quiet`: no border. */
  readonly kind?: 'plain' | 'primary' | 'danger' | 'quiet';
  readonly disabled?: boolean;
  /** A toggle: whether it is on. */
  readonly pressed?: boolean;
  /** Shown on hover and focus; why it is disabled, or the key. */
  readonly tip?: string;
  readonly class?: string;
}

/** A button with words. */
export function Button({ onClick, children, icon, kind = 'plain', disabled, pressed, tip, class: more }: ButtonProps) {
  return (
    <button
      type="button"
      class={`button button-${kind}${more ? ` ${more}` : ''}`}
      onClick={disabled ? undefined : onClick}
      aria-disabled={disabled || undefined}
      aria-pressed={pressed}
      data-tip={tip}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** A button with an icon only; `label` is its name and its tooltip, `shortcut` the key that does the same. */
export function IconButton(
  props: Omit<ButtonProps, 'children' | 'icon' | 'tip'> & {
    readonly icon: IconName;
    readonly label: string;
    readonly shortcut?: string;
    readonly solid?: boolean;
  },
) {
  const { icon, label, shortcut, solid, kind = 'quiet', disabled, pressed, onClick } = props;
  return (
    <button
      type="button"
      class={`button button-${kind} icon-button${props.class ? ` ${props.class}` : ''}`}
      onClick={disabled ? undefined : onClick}
      aria-disabled={disabled || undefined}
      aria-pressed={pressed}
      aria-label={label}
      data-tip={label}
      data-key={shortcut}
    >
      <Icon name={icon} {...(solid === undefined ? {} : { solid })} />
    </button>
  );
}

/** A row of controls above the contents of a pane. */
export function Toolbar({ children, label }: { readonly children: ComponentChildren; readonly label: string }) {
  return (
    <div class="toolbar" role="toolbar" aria-label={label}>
      {children}
    </div>
  );
}

/** Takes the room between what stands left and what stands right in a toolbar. */
export function Spacer() {
  return <span class="spacer" />;
}

/** A text field; `label` is read out, and shown when `shown`. */
export function Field(props: {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  /** On Enter. */
  readonly onSubmit?: (value: string) => void;
  readonly placeholder?: string;
  readonly mono?: boolean;
  readonly shown?: boolean;
  readonly type?: 'text' | 'search' | 'number';
  readonly invalid?: boolean;
  readonly class?: string;
}) {
  const key = (event: TargetedKeyboardEvent<HTMLInputElement>) => {
    if (event.key === 'Enter' && props.onSubmit) props.onSubmit(event.currentTarget.value);
  };
  return (
    <label class={`field${props.class ? ` ${props.class}` : ''}`}>
      <span class={props.shown ? 'label' : 'visually-hidden'}>{props.label}</span>
      <input
        type={(props.type ?? 'text') as 'text'}
        class={props.mono ? 'mono' : undefined}
        value={props.value}
        placeholder={props.placeholder ?? ''}
        spellcheck={false}
        autocomplete="off"
        list={undefined}
        aria-invalid={props.invalid || undefined}
        onInput={(event) => props.onInput(event.currentTarget.value)}
        onKeyDown={key}
      />
    </label>
  );
}

/** A choice of few among many: the platform's own list. */
export function Select<T extends string>(props: {
  readonly label: string;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly title: string }[];
  readonly onChange: (value: T) => void;
  readonly shown?: boolean;
}) {
  return (
    <label class="field">
      <span class={props.shown ? 'label' : 'visually-hidden'}>{props.label}</span>
      <select value={props.value} onChange={(event) => props.onChange(event.currentTarget.value as T)}>
        {props.options.map(({ value, title }) => (
          <option key={value} value={value}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
}
