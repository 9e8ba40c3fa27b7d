/** A field for an address or a symbol, with completion: a combobox of the ARIA pattern. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Place } from '../../../../src/view/protocol.ts';
import { hex } from '../../format.ts';
import { request } from '../../store.ts';
import { lineText, parseAddress } from './numbers.ts';
import { resolve } from './selection.ts';

let fields = 0;

function freshId(): string {
  fields += 1;
  return `address-${fields}`;
}

/** `onGo` hears the address. `id` marks the input, for keys that lead to it. */
export function AddressField(props: {
  readonly label: string;
  readonly onGo: (address: number) => void;
  readonly placeholder?: string;
  readonly value?: string;
  /** Takes the text instead: what is not to be turned into an address here. */
  readonly onText?: (text: string) => void;
  readonly onChange?: (text: string) => void;
  readonly inputClass?: string;
}) {
  const [id] = useState(freshId);
  const [text, setText] = useState(props.value ?? '');
  const [found, setFound] = useState<readonly (Place & { readonly size: number })[]>([]);
  const [at, setAt] = useState(-1);
  const [open, setOpen] = useState(false);
  const asked = useRef('');

  useEffect(() => {
    const parsed = parseAddress(text);
    if (!open || text.trim().length < 2 || parsed.kind === 'address' || parsed.kind === 'error') {
      setFound([]);
      return;
    }
    const wanted = parsed.kind === 'symbol' ? parsed.name : parsed.text;
    asked.current = wanted;
    const timer = setTimeout(async () => {
      const list = await request('symbols.search', { text: wanted, limit: 12 }).catch(() => []);
      if (asked.current !== wanted) return;
      setFound(list);
      setAt(-1);
    }, 90);
    return () => clearTimeout(timer);
  }, [text, open]);

  const change = (value: string) => {
    setText(value);
    setOpen(true);
    props.onChange?.(value);
  };
  const done = async (value: string) => {
    setOpen(false);
    if (props.onText !== undefined) {
      props.onText(value);
      return;
    }
    const address = await resolve(value);
    if (address !== undefined) props.onGo(address);
  };
  const take = (place: Place) => {
    setText(place.symbol ?? hex(place.address));
    setOpen(false);
    props.onChange?.(place.symbol ?? hex(place.address));
    if (props.onText === undefined) props.onGo(place.address);
    else if (props.onChange === undefined) props.onText(place.symbol ?? hex(place.address));
  };
  const key = (event: KeyboardEvent) => {
    const move = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (move !== 0 && found.length > 0) {
      event.preventDefault();
      setAt((at + move + found.length + (at === -1 && move < 0 ? 1 : 0)) % found.length);
    } else if (event.key === 'Enter') {
      const place = found[at];
      if (place === undefined) void done(text);
      else take(place);
    } else if (event.key === 'Escape') {
      if (open && found.length > 0) setOpen(false);
      else (event.currentTarget as HTMLElement).blur();
    }
  };
  const shown = open && found.length > 0;
  return (
    <span class="field cpu-address">
      <label class="visually-hidden" for={id}>
        {props.label}
      </label>
      <input
        id={id}
        class={`mono ${props.inputClass ?? ''}`}
        role="combobox"
        aria-expanded={shown}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={shown && at >= 0 ? `${id}-${at}` : undefined}
        value={text}
        placeholder={props.placeholder ?? 'address or symbol'}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => change(event.currentTarget.value)}
        onFocus={(event) => event.currentTarget.select()}
        onBlur={() => setTimeout(() => setOpen(false), 120)}
        onKeyDown={key}
      />
      {shown && (
        <div id={`${id}-list`} class="cpu-completion" role="listbox" aria-label="Symbols">
          {found.map((place, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the combobox
            // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the combobox
            <div
              key={`${place.symbol}${place.address}`}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === at}
              onPointerDown={(event) => event.preventDefault()}
              onClick={() => take(place)}
            >
              <span class="cpu-completion-name">{place.symbol}</span>
              <span class="muted">{lineText(place) ?? ''}</span>
              <span class="muted">{hex(place.address)}</span>
            </div>
          ))}
        </div>
      )}
    </span>
  );
}
