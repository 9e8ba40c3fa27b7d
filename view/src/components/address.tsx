/** Addresses and places of code. */
import type { Place } from '../../../src/view/protocol.ts';
import { hex } from '../format.ts';
import { go } from '../store.ts';
import { copyText } from './clipboard.ts';
import { Icon } from './icons.tsx';

/**
 * An address or value in hex. A click copies it; `memory` (the view it is an address in: `linux`, a core) adds a link to the memory pane, `code` (a core) one to
 * the disassembly.
 */
export function Hex(props: {
  readonly value: number;
  readonly digits?: number;
  readonly memory?: string | undefined;
  readonly code?: string | undefined;
  readonly label?: string;
}) {
  const text = hex(props.value, props.digits ?? 8);
  return (
    <span class="hex">
      <button type="button" class="hex-value" onClick={() => copyText(text)} data-tip={`${props.label ? `${props.label} · ` : ''}copy`}>
        {text}
      </button>
      {props.memory !== undefined && (
        <button
          type="button"
          class="hex-link"
          aria-label={`${text} in memory as ${props.memory} sees it`}
          data-tip={`show in memory (${props.memory})`}
          onClick={() => go('memory', { view: props.memory!, address: props.value })}
        >
          <Icon name="memory" />
        </button>
      )}
      {props.code !== undefined && (
        <button
          type="button"
          class="hex-link"
          aria-label={`${text} in the disassembly`}
          data-tip="show in the disassembly"
          onClick={() => go('cpu', { core: props.code!, address: props.value })}
        >
          <Icon name="cpu" />
        </button>
      )}
    </span>
  );
}

/** The last part of a path. */
export function baseName(file: string): string {
  return file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
}

/** A place in code by its symbol and `file:line`, or its address: a link to the disassembly of `core` there. */
export function PlaceLink({ place, core, short }: { readonly place: Place; readonly core?: string | undefined; readonly short?: boolean }) {
  const line = place.file === undefined ? undefined : `${baseName(place.file)}${place.line === undefined ? '' : `:${place.line}`}`;
  const show = () => go('cpu', { address: place.address, ...(core === undefined ? {} : { core }) });
  return (
    <button type="button" class="place" onClick={show} data-tip={[hex(place.address), place.file].filter(Boolean).join(' · ')}>
      <span class="place-symbol">{place.symbol ?? hex(place.address)}</span>
      {line && !short && <span class="place-line">{line}</span>}
    </button>
  );
}
