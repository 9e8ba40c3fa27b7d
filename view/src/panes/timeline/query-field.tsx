/** The fields of filter and search: a query, and what is wrong with it right below the place. */
import type { ComponentChildren, TargetedKeyboardEvent } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Icon, type IconName } from '../../components/index.ts';
import type { Query } from './model.ts';

export function QueryField(props: {
  readonly query: Query;
  readonly label: string;
  readonly icon: IconName;
  readonly placeholder: string;
  readonly name: string;
  readonly onEnter?: (back: boolean) => void;
  readonly children?: ComponentChildren;
}) {
  const { query, label } = props;
  const input = useRef<HTMLInputElement>(null);
  const waiting = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const error = query.error.value;
  const text = query.text.value;
  useEffect(() => () => clearTimeout(waiting.current), []);
  const later = (value: string): void => {
    clearTimeout(waiting.current);
    // While somebody writes, not each letter is worth a look at half a million events.
    waiting.current = setTimeout(() => query.set(value), 160);
  };
  const key = (event: TargetedKeyboardEvent<HTMLInputElement>): void => {
    if (event.key === 'Enter') {
      clearTimeout(waiting.current);
      query.set(event.currentTarget.value);
      props.onEnter?.(event.shiftKey);
    } else if (event.key === 'Escape') {
      if (event.currentTarget.value === '') event.currentTarget.closest<HTMLElement>('.timeline')?.focus();
      else {
        event.currentTarget.value = '';
        clearTimeout(waiting.current);
        query.set('');
      }
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class={`timeline-query${error ? ' timeline-query-wrong' : ''}${text === '' ? '' : ' timeline-query-on'}`}>
      <Icon name={props.icon} />
      <input
        ref={input}
        type="search"
        class="mono"
        name={props.name}
        aria-label={label}
        aria-invalid={error ? true : undefined}
        aria-describedby={error ? `timeline-${props.name}-error` : undefined}
        placeholder={props.placeholder}
        defaultValue={text}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => later(event.currentTarget.value)}
        onKeyDown={key}
      />
      {props.children}
      {error && (
        <div class="timeline-query-error" id={`timeline-${props.name}-error`} role="alert">
          <div class="mono">
            {text.slice(0, error.from)}
            <mark>{text.slice(error.from, error.to) || ' '}</mark>
            {text.slice(error.to)}
          </div>
          {error.message}
        </div>
      )}
    </div>
  );
}
