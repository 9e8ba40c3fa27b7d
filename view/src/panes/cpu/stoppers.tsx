/** Break- and watchpoints: the list, and a form for new ones. */
import { useState } from 'preact/hooks';
import type { Methods, StopperView } from '../../../../src/view/protocol.ts';
import { Badge, Button, EmptyState, IconButton, Select, Table } from '../../components/index.ts';
import { hex } from '../../format.ts';
import { go, state, stoppers } from '../../store.ts';
import { toast } from '../../toast-store.ts';
import { AddressField } from './address-field.tsx';
import { isForeign } from './disassembly-rows.tsx';
import { ask, useLive } from './live.ts';
import { lineText, parseAddress, parseNumber, placeText } from './numbers.ts';
import { show } from './selection.ts';

type Kind = 'breakpoint' | 'write' | 'read' | 'access';

const KINDS: readonly { readonly value: Kind; readonly title: string }[] = [
  { value: 'breakpoint', title: 'Break at' },
  { value: 'write', title: 'Watch writes to' },
  { value: 'read', title: 'Watch reads of' },
  { value: 'access', title: 'Watch all access to' },
];

export function Stoppers({ core }: { readonly core: string | undefined }) {
  // Told of when one comes or goes; how often each was hit is asked for at halts.
  const counted = useLive('stoppers.list', {});
  const hits = new Map(counted.data?.map((stopper) => [stopper.id, stopper.hits]));
  const list = stoppers.value.map((stopper) => ({ ...stopper, hits: Math.max(stopper.hits, hits.get(stopper.id) ?? 0) }));
  const halted = new Set(state.value?.running === false ? (state.value.halt?.ids ?? []) : []);
  return (
    <div class="cpu-table">
      <AddForm core={core} />
      <Table<StopperView>
        label="Breakpoints and watchpoints"
        rows={list}
        rowKey={({ id }) => id}
        rowClass={({ id }) => (halted.has(id) ? 'cpu-stopper-hit' : undefined)}
        onOpen={open}
        columns={[
          {
            id: 'kind',
            title: 'Stops at',
            width: '7.8rem',
            render: (stopper) => (
              <span class={`cpu-stopper-kind${isForeign(stopper) ? ' cpu-stopper-foreign' : ''}`}>
                {stopper.kind === 'breakpoint'
                  ? 'code'
                  : stopper.access === 'write'
                    ? 'write'
                    : stopper.access === 'read'
                      ? 'read'
                      : 'access'}
                {stopper.size !== undefined && stopper.kind === 'watchpoint' && <span class="muted"> {stopper.size} B</span>}
              </span>
            ),
          },
          {
            id: 'place',
            title: 'Place',
            mono: true,
            render: (stopper) => (
              <button type="button" class="cpu-link mono" onClick={() => open(stopper)} data-tip={hex(stopper.place.address)}>
                {placeText(stopper.place)}
                <span class="muted"> {lineText(stopper.place) ?? ''}</span>
              </button>
            ),
          },
          { id: 'hits', title: 'Hits', width: '3.8rem', numeric: true, render: ({ hits }) => hits.toLocaleString('en') },
          {
            id: 'owner',
            title: 'Owner',
            width: '7rem',
            render: (stopper) => <Badge hue={isForeign(stopper) ? 'warning' : 'note'}>{stopper.owner}</Badge>,
          },
          {
            id: 'remove',
            title: <span class="visually-hidden">Remove</span>,
            width: '3.4rem',
            render: (stopper) => (
              <IconButton
                icon="close"
                label={`Remove ${stopper.kind} ${stopper.id}`}
                onClick={() => void ask('stoppers.remove', { id: stopper.id })}
              />
            ),
          },
        ]}
        empty={
          <EmptyState title="Nothing stops the machine yet">
            <p>
              Click into the gutter of the disassembly, press Space on a line, or write a place above: an address, a function, or file.c:12.
            </p>
          </EmptyState>
        }
      />
    </div>
  );
}

function open(stopper: StopperView): void {
  if (stopper.kind === 'breakpoint') show(stopper.place.address);
  else go('memory', { view: stopper.core, address: stopper.place.address });
}

function AddForm({ core }: { readonly core: string | undefined }) {
  const [kind, setKind] = useState<Kind>('breakpoint');
  const [size, setSize] = useState('4');
  const [text, setText] = useState('');
  const add = async (typed: string) => {
    const parsed = parseAddress(typed);
    if (parsed.kind === 'error') {
      toast('warning', `Nothing to stop at: ${parsed.why}.`);
      return;
    }
    const bytes = parseNumber(size);
    if (kind !== 'breakpoint' && (bytes === undefined || bytes === 0)) {
      toast('warning', `'${size}' is no number of bytes.`);
      return;
    }
    const params: Methods['stoppers.add']['params'] = {
      at: parsed.kind === 'address' ? parsed.address : typed.trim(),
      ...(core === undefined ? {} : { core }),
      ...(kind === 'breakpoint' ? {} : { access: kind, size: bytes! }),
    };
    const added = await ask('stoppers.add', params);
    if (added !== undefined)
      toast('note', `${added.kind === 'breakpoint' ? 'Breakpoint' : 'Watchpoint'} ${added.id} at ${placeText(added.place)}`);
  };
  return (
    <fieldset class="cpu-form">
      <legend class="visually-hidden">New breakpoint or watchpoint</legend>
      <Select label="What to stop at" value={kind} options={KINDS} onChange={setKind} />
      <AddressField
        label="Place"
        placeholder="address, symbol or file.c:12"
        onGo={() => {}}
        onText={(typed) => void add(typed)}
        onChange={setText}
      />
      {kind !== 'breakpoint' && (
        <label class="field">
          <span class="label">bytes</span>
          <input class="mono cpu-size" value={size} onInput={(event) => setSize(event.currentTarget.value)} aria-label="Bytes to watch" />
        </label>
      )}
      <Button icon="plus" onClick={() => void add(text)}>
        Add
      </Button>
    </fieldset>
  );
}
