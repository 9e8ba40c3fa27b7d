/** The three parts of a vring as tables. */
import type { BufferOwner, Vring, VringDescriptor } from '../../../../src/view/protocol.ts';
import { Hex } from '../../components/address.tsx';
import { Badge, type Hue } from '../../components/badge.tsx';
import { type Column, Table } from '../../components/table.tsx';
import { hex, saying } from '../../format.ts';
import { availStates, cellKey, descriptorFlags, type EntryState, usedStates, violationsByCell } from './decode.ts';

const OWNERS: Readonly<Record<BufferOwner, { readonly hue: Hue; readonly word: (core: string) => string; readonly tip: string }>> = {
  linux: { hue: 'linux', word: () => 'Linux', tip: 'free, or being filled, in Linux' },
  core: { hue: 'core', word: (core) => core, tip: 'in the available ring: the core may use it' },
  returned: { hue: 'message', word: () => 'returned', tip: 'in the used ring, and Linux has not looked yet' },
  unknown: { hue: 'warning', word: () => 'unclear', tip: 'claimed by both sides, or by none: see the violations' },
};

const STATES: Readonly<Record<EntryState, string>> = { open: 'open', returned: 'not seen by Linux yet', old: '' };

interface Props {
  readonly ring: Vring;
  readonly core: string;
  readonly selected: number | undefined;
  readonly onSelect: (descriptor: number) => void;
}

/** Descriptors, with the message that each buffer begins with. */
export function Descriptors({ ring, core, selected, onSelect }: Props) {
  const bad = violationsByCell(ring);
  const mark = (index: number, field: 'addr' | 'len' | 'flags' | 'next', content: preact.ComponentChild) => {
    const problem = bad.get(cellKey({ part: 'desc', index, field }));
    return problem ? (
      <span class="vrings-cell-bad" data-tip={problem.text}>
        {content}
      </span>
    ) : (
      content
    );
  };
  const columns: readonly Column<VringDescriptor>[] = [
    { id: 'index', title: '#', width: '3.6rem', numeric: true, mono: true, render: ({ index }) => index },
    {
      id: 'owner',
      title: 'has it',
      width: '6.4rem',
      render: ({ owner }) => (
        <Badge hue={OWNERS[owner].hue} tip={OWNERS[owner].tip}>
          {OWNERS[owner].word(core)}
        </Badge>
      ),
    },
    {
      id: 'address',
      title: 'buffer',
      width: '9.8rem',
      render: ({ index, address }) => mark(index, 'addr', <Hex value={address} memory="linux" />),
    },
    { id: 'length', title: 'bytes', width: '4.8rem', numeric: true, mono: true, render: ({ index, length }) => mark(index, 'len', length) },
    {
      id: 'flags',
      title: 'flags',
      width: '5.6rem',
      mono: true,
      render: ({ index, flags }) => mark(index, 'flags', descriptorFlags(flags)),
    },
    {
      id: 'message',
      title: 'begins with',
      render: ({ message }) => (message ? <Summary message={message} /> : <span class="muted">—</span>),
    },
  ];
  return (
    <Table
      label="Descriptors"
      columns={columns}
      rows={ring.descriptors}
      rowKey={({ index }) => index}
      selected={selected}
      onSelect={({ index }) => onSelect(index)}
      scrollTo={selected}
      rowClass={({ violations }) => (violations.length ? 'vrings-row-bad' : undefined)}
    />
  );
}

function Summary({ message }: { readonly message: NonNullable<VringDescriptor['message']> }) {
  const said = saying(message);
  const announced = message.nameService;
  if (announced) {
    return (
      <span class="vrings-summary">
        <span class="mono muted">{hex(message.src, 1)} ▸ name service</span>
        <span>
          {announced.flags === 'destroy' ? 'withdraws' : 'announces'} {announced.name} at {hex(announced.address, 1)}
        </span>
      </span>
    );
  }
  return (
    <span class="vrings-summary">
      <span class="mono muted">
        {hex(message.src, 1)} ▸ {message.dst === 53 ? 'name service' : hex(message.dst, 1)}
      </span>
      {said.quoted ? <q>{said.text}</q> : <span class="mono muted">{said.text}</span>}
    </span>
  );
}

interface Entry {
  readonly slot: number;
  readonly id: number;
  readonly length?: number;
  readonly state: EntryState;
}

/** The available ring: what Linux has offered. */
export function Available({ ring, selected, onSelect }: Props) {
  const states = availStates(ring);
  const rows = ring.avail.ring.map((id, slot): Entry => ({ slot, id, state: states[slot] ?? 'old' }));
  return <Entries label="Available ring" part="avail" ring={ring} rows={rows} selected={selected} onSelect={onSelect} />;
}

/** The used ring: what the core has given back. */
export function Used({ ring, selected, onSelect }: Props) {
  const states = usedStates(ring);
  const rows = ring.used.ring.map(({ id, length }, slot): Entry => ({ slot, id, length, state: states[slot] ?? 'old' }));
  return <Entries label="Used ring" part="used" ring={ring} rows={rows} selected={selected} onSelect={onSelect} />;
}

function Entries(props: {
  readonly label: string;
  readonly part: 'avail' | 'used';
  readonly ring: Vring;
  readonly rows: readonly Entry[];
  readonly selected: number | undefined;
  readonly onSelect: (descriptor: number) => void;
}) {
  const { part, ring, rows, selected, onSelect } = props;
  const bad = violationsByCell(ring);
  const pointed = (slot: number) =>
    [
      slot === ring[part].index % ring.size && `◂ ${part} index ${ring[part].index}`,
      part === 'used' &&
        ring.linux &&
        slot === ring.linux.lastUsedIndex % ring.size &&
        `◂ Linux has seen up to here (${ring.linux.lastUsedIndex})`,
    ].filter(Boolean);
  const cell = (slot: number, field: 'ring' | 'id' | 'len', content: number | undefined) => {
    const problem = bad.get(cellKey({ part, index: slot, field }));
    return problem ? (
      <span class="vrings-cell-bad" data-tip={problem.text}>
        {content}
      </span>
    ) : (
      content
    );
  };
  const columns: readonly Column<Entry>[] = [
    { id: 'slot', title: 'slot', width: '4.2rem', numeric: true, mono: true, render: ({ slot }) => slot },
    {
      id: 'id',
      title: 'descriptor',
      width: '7rem',
      numeric: true,
      mono: true,
      render: ({ slot, id }) => cell(slot, part === 'avail' ? 'ring' : 'id', id),
    },
    ...(part === 'used'
      ? [
          {
            id: 'length',
            title: 'bytes',
            width: '6rem',
            numeric: true,
            mono: true,
            render: ({ slot, length }: Entry) => cell(slot, 'len', length),
          },
        ]
      : []),
    {
      id: 'state',
      title: '',
      width: '12rem',
      render: ({ state }) => <span class={state === 'old' ? 'muted' : `vrings-state-${state}`}>{STATES[state]}</span>,
    },
    { id: 'mark', title: '', render: ({ slot }) => <span class="vrings-pointer">{pointed(slot).join('  ')}</span> },
  ];
  return (
    <Table
      label={props.label}
      columns={columns}
      rows={rows}
      rowKey={({ slot }) => slot}
      selected={selected === undefined ? undefined : rows.findIndex(({ id }) => id === selected)}
      onSelect={({ id }) => id < ring.size && onSelect(id)}
      rowClass={({ state }) => (state === 'old' ? 'vrings-row-old' : undefined)}
    />
  );
}
