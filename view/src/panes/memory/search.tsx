/** Search in memory: bytes, text, values. */
import { useState } from 'preact/hooks';
import { Button, EmptyState, Select, Table } from '../../components/index.ts';
import { hex, toBase64 } from '../../format.ts';
import { toast } from '../../toast-store.ts';
import { ask } from '../cpu/live.ts';
import { stretchAt } from './regions.ts';
import { type PatternKind, parsePattern, type ValueWidth } from './search-pattern.ts';
import { cursor, found, goTo, pieces, view } from './state.ts';

const MOST = 500;

const KINDS: readonly { readonly value: PatternKind; readonly title: string; readonly example: string }[] = [
  { value: 'hex', title: 'Bytes', example: 'de ad be ef' },
  { value: 'text', title: 'Text', example: 'hello world!\\n' },
  { value: 'value', title: 'Value', example: '0x55000000, -1, 1.5' },
];

const WIDTHS = ['1', '2', '4', '8'] as const;

/** Goes to the match after (or before) the cursor, around the end. */
export function nextMatch(forward: boolean): void {
  const matches = found.value;
  if (matches === undefined || matches.addresses.length === 0) {
    toast('note', 'Nothing was found yet: search first.');
    return;
  }
  const { address } = cursor.value;
  const { addresses } = matches;
  const next = forward ? addresses.find((start) => start > address) : addresses.findLast((start) => start < address);
  if (next === undefined) toast('note', forward ? 'From the beginning again.' : 'From the end again.');
  goTo(next ?? (forward ? addresses[0]! : addresses[addresses.length - 1]!), matches.size);
}

export function Search() {
  const [kind, setKind] = useState<PatternKind>('text');
  const [width, setWidth] = useState<(typeof WIDTHS)[number]>('4');
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const pattern = parsePattern(kind, text, Number(width) as ValueWidth);
  const invalid = 'why' in pattern && text !== '';

  const run = async (from = 0) => {
    const name = view.value;
    if ('why' in pattern) {
      toast('warning', `${pattern.why}.`);
      return;
    }
    if (name === undefined || busy) return;
    setBusy(true);
    const answer = await ask('memory.search', {
      view: name,
      pattern: toBase64(pattern.bytes),
      limit: MOST,
      ...(from === 0 ? {} : { from }),
    });
    setBusy(false);
    if (answer === undefined) return;
    const before = from === 0 ? [] : (found.value?.addresses ?? []);
    found.value = {
      addresses: [...before, ...answer.found],
      size: pattern.bytes.length,
      more: answer.more,
      next: answer.next ?? (answer.found.at(-1) ?? 0) + 1,
      view: name,
    };
    const first = answer.found[0];
    if (first !== undefined)
      goTo(from === 0 ? (answer.found.find((address) => address >= cursor.value.address) ?? first) : first, pattern.bytes.length);
  };

  const matches = found.value?.view === view.value ? found.value : undefined;
  return (
    <div class="cpu-table">
      <fieldset class="cpu-form">
        <legend class="visually-hidden">What to search for</legend>
        <Select label="What" value={kind} options={KINDS} onChange={setKind} />
        {kind === 'value' && (
          <Select
            label="Bytes of the value"
            value={width}
            options={WIDTHS.map((value) => ({ value, title: `${Number(value) * 8} bit` }))}
            onChange={setWidth}
          />
        )}
        <span class="field memory-search-text">
          <input
            class="mono memory-find"
            aria-label="Search for"
            aria-invalid={invalid || undefined}
            value={text}
            placeholder={KINDS.find(({ value }) => value === kind)!.example}
            spellcheck={false}
            onInput={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter') void run();
            }}
          />
        </span>
        <Button icon="search" onClick={() => void run()} disabled={busy}>
          Find
        </Button>
        <Button kind="quiet" icon="up" onClick={() => nextMatch(false)} tip="previous (Shift F3)">
          <span class="visually-hidden">Previous</span>
        </Button>
        <Button kind="quiet" icon="down" onClick={() => nextMatch(true)} tip="next (F3)">
          <span class="visually-hidden">Next</span>
        </Button>
      </fieldset>
      {invalid && <p class="memory-why">{pattern.why}</p>}
      {!invalid && text !== '' && 'bytes' in pattern && kind !== 'hex' && <p class="memory-pattern mono">{pattern.shown}</p>}
      <Table<number>
        label="Places found"
        rows={matches?.addresses ?? []}
        rowKey={(address) => address}
        selected={cursor.value.address}
        onSelect={(address) => goTo(address, matches?.size ?? 1)}
        columns={[
          {
            id: 'address',
            title: matches === undefined ? 'Found' : `Found ${matches.addresses.length}${matches.more ? ' and more' : ''}`,
            width: '9rem',
            mono: true,
            render: (address) => hex(address),
          },
          {
            id: 'where',
            title: 'In',
            render: (address) => {
              const piece = stretchAt(pieces.value, address);
              return piece.kind === 'hole' ? '' : `${piece.region.name}+${hex(address - piece.region.base, 0)}`;
            },
          },
        ]}
        empty={
          matches === undefined ? (
            <EmptyState title={`Search the memory that ${view.value ?? 'the core'} sees`} icon="search">
              <p>Bytes in hex, text with \n and \x1b, or a value, little-endian. F3 goes to the next.</p>
            </EmptyState>
          ) : (
            <EmptyState title="Not found" icon="search">
              <p>No RAM of this view has these bytes. Memory that was never touched reads as zero and is not searched.</p>
            </EmptyState>
          )
        }
      />
      {matches?.more === true && (
        <Button kind="quiet" onClick={() => void run(matches.next)} disabled={busy}>
          Find more
        </Button>
      )}
    </div>
  );
}
