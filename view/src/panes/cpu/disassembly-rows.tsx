/** The rows of the disassembly. */
import type { StopperView } from '../../../../src/view/protocol.ts';
import { Icon } from '../../components/index.ts';
import { hex, bytes as sizeText } from '../../format.ts';
import { functionOf, halfwords, isCall, type Row, splitText, tokens } from './disassembly-layout.ts';
import { bareHex } from './numbers.ts';
import { source } from './sources.ts';

export function LabelRow({ top, text }: { readonly top: number; readonly text: string }) {
  const name = functionOf(text)!;
  return (
    <div class="cpu-row cpu-label-row" role="none" style={{ top: `${top}px` }}>
      <span class="cpu-label-name">{name}</span>
      {name !== text && <span class="muted">{`from ${text.slice(name.length)}`}</span>}
    </div>
  );
}

export function GapRow({ top, bytes }: { readonly top: number; readonly bytes: number }) {
  return (
    <div class="cpu-row cpu-gap-row" role="none" style={{ top: `${top}px` }}>
      {`${sizeText(bytes)} that are no instructions or are not shown`}
    </div>
  );
}

export function SourceRow({ top, row }: { readonly top: number; readonly row: Row & { kind: 'source' } }) {
  const file = source(row.file);
  const name = row.file.slice(row.file.lastIndexOf('/') + 1);
  const text = file?.lines?.[row.line - 1];
  return (
    <div class="cpu-row cpu-source-row" role="none" style={{ top: `${top}px` }}>
      <span class="cpu-source-line">{row.missing ? '' : row.line}</span>
      {text === undefined ? (
        <span class="cpu-source-missing" data-tip={row.file}>
          {file === undefined
            ? `${name} is read …`
            : row.missing
              ? `${name}: ${file.why ?? 'its text is not on this machine'}`
              : `${name} has no such line`}
        </span>
      ) : (
        <span class="cpu-source-text">{text.replaceAll('\t', '    ')}</span>
      )}
      {row.first && text !== undefined && (
        <span class="cpu-source-file" data-tip={row.file}>
          {name}
        </span>
      )}
    </div>
  );
}

export function CodeRow(props: {
  readonly top: number;
  readonly row: Row & { kind: 'code' };
  readonly pc: boolean;
  /** Number of the frame that returns to here. */
  readonly frame: number | undefined;
  readonly cursor: boolean;
  readonly breakpoint: StopperView | undefined;
  readonly onCursor: () => void;
  readonly onToggle: () => void;
  readonly onRunTo: () => void;
  readonly onJump: (address: number) => void;
}) {
  const { row, breakpoint } = props;
  const { address, line } = row;
  const [mnemonic, operands] = splitText(line.text);
  const { target } = line;
  const classes = ['cpu-row', 'cpu-code-row', props.pc && 'cpu-pc', props.frame !== undefined && 'cpu-frame', props.cursor && 'cpu-cursor']
    .filter(Boolean)
    .join(' ');
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the list
    // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus
    <div
      class={classes}
      role="option"
      id={`cpu-code-${address.toString(16)}`}
      aria-selected={props.cursor}
      aria-label={`${hex(address)} ${line.text}${target?.symbol === undefined ? '' : `, ${target.symbol}`}${props.pc ? ', here the core stands' : ''}${breakpoint === undefined ? '' : ', breakpoint'}`}
      style={{ top: `${props.top}px` }}
      onClick={props.onCursor}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: for pointers; Space is the key */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: Space is the key */}
      <span
        class={`cpu-gutter${breakpoint === undefined ? '' : ' cpu-gutter-set'}${breakpoint !== undefined && isForeign(breakpoint) ? ' cpu-gutter-foreign' : ''}`}
        data-tip={
          breakpoint === undefined
            ? 'set a breakpoint'
            : `breakpoint ${breakpoint.id} of ${breakpoint.owner}, ${breakpoint.hits} hits · remove`
        }
        data-key="Space"
        onClick={(event) => {
          event.stopPropagation();
          props.onCursor();
          props.onToggle();
        }}
      />
      <span class="cpu-mark">{props.pc ? '▶' : props.frame === undefined ? '' : `#${props.frame}`}</span>
      <span class="cpu-lanes" />
      <span class="cpu-code-address">{bareHex(address)}</span>
      <span class="cpu-code-bytes">{halfwords(row.bytes)}</span>
      <span
        class={
          isCall(line.text) ? 'cpu-mnemonic cpu-mnemonic-call' : target === undefined ? 'cpu-mnemonic' : 'cpu-mnemonic cpu-mnemonic-branch'
        }
      >
        {mnemonic}
      </span>
      <span class="cpu-operands">
        {tokens(operands).map(({ kind, text }, index) => (
          <span key={index} class={`cpu-token-${kind}`}>
            {text}
          </span>
        ))}
        {target !== undefined && (
          <button
            type="button"
            class="cpu-target"
            tabIndex={-1}
            data-tip={`go to ${hex(target.address)}`}
            onClick={(event) => {
              event.stopPropagation();
              props.onJump(target.address);
            }}
          >
            {target.symbol ?? hex(target.address)}
          </button>
        )}
      </span>
      {row.sourceLine !== undefined && !props.cursor && <span class="cpu-code-line">{`:${row.sourceLine}`}</span>}
      {props.cursor && !props.pc && (
        <button
          type="button"
          class="cpu-run-here"
          tabIndex={-1}
          data-tip="run until the core comes here"
          data-key="H"
          onClick={props.onRunTo}
        >
          <Icon name="present" /> run to here
        </button>
      )}
    </div>
  );
}

/** Somebody else's: gdb's, not of a view. */
export function isForeign(stopper: StopperView): boolean {
  return /gdb/i.test(stopper.owner);
}
