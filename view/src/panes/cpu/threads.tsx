/** Threads of the RTOS. */
import { useState } from 'preact/hooks';
import type { Methods, ThreadRow } from '../../../../src/view/protocol.ts';
import { Badge, EmptyState, ErrorState, Loading, Table } from '../../components/index.ts';
import { bytes } from '../../format.ts';
import { Freshness, staleClass } from './freshness.tsx';
import type { Live } from './live.ts';
import { lineText, placeText } from './numbers.ts';

export function Threads(props: {
  readonly live: Live<Methods['cpu.threads']['result']>;
  readonly selected: number | undefined;
  /** Its stack is wanted. */
  readonly onOpen: (thread: ThreadRow) => void;
}) {
  const { live } = props;
  const [selected, setSelected] = useState(props.selected);
  if (live.data === undefined) {
    if (live.error === undefined) return <Loading what="Looking for threads" />;
    return (
      <ErrorState title="The threads cannot be listed" retry={live.reload}>
        <p>{live.error}</p>
      </ErrorState>
    );
  }
  const { system, threads } = live.data;
  if (threads.length === 0) {
    return (
      <EmptyState title={system === undefined ? 'No RTOS that is known' : `${system} has no threads yet`}>
        <p>
          {system === undefined
            ? 'Threads of FreeRTOS and Zephyr are found by the symbols of the ELF. Bare-metal firmware and stripped files have none.'
            : 'They are listed as soon as its scheduler has started.'}
        </p>
      </EmptyState>
    );
  }
  return (
    <div class={`cpu-table${staleClass()}`}>
      <Freshness at={live.at} />
      {threads.every(({ stack }) => stack?.used === undefined) && threads.some(({ stack }) => stack !== undefined && stack.size > 0) && (
        <p class="cpu-note">
          How much of the stacks was used is not known: {system ?? 'the RTOS'} did not fill them when the threads began
          {system === 'Zephyr' ? ', which CONFIG_INIT_STACKS has it do' : ''}.
        </p>
      )}
      <Table<ThreadRow>
        label={`Threads of ${system ?? 'the RTOS'}`}
        rows={threads}
        rowKey={({ id }) => id}
        selected={selected}
        onSelect={({ id }) => setSelected(id)}
        onOpen={props.onOpen}
        rowClass={({ current }) => (current ? 'cpu-thread-current' : undefined)}
        columns={[
          {
            id: 'name',
            title: 'Thread',
            render: ({ name, current }) => (
              <>
                {name || 'unnamed'} {current && <Badge hue="thread">runs</Badge>}
              </>
            ),
          },
          { id: 'state', title: 'State', width: '7.6rem', render: ({ state }) => state },
          { id: 'priority', title: 'Prio', width: '3.6rem', numeric: true, render: ({ priority }) => priority ?? '' },
          {
            id: 'stack',
            title: 'Stack used',
            width: '10rem',
            render: ({ stack }) => stack !== undefined && stack.size > 0 && <StackUse stack={stack} />,
          },
          {
            id: 'place',
            title: 'Where',
            mono: true,
            render: (thread) =>
              thread.place !== undefined && (
                <button
                  type="button"
                  class="cpu-link mono"
                  data-tip={`its stack · ${lineText(thread.place) ?? ''}`}
                  onClick={() => props.onOpen(thread)}
                >
                  {placeText(thread.place)}
                </button>
              ),
          },
        ]}
      />
    </div>
  );
}

/** How much of a stack was ever used; from 80 % on it is a warning, from 95 % on nearly an error. */
function StackUse({ stack }: { readonly stack: NonNullable<ThreadRow['stack']> }) {
  if (stack.used === undefined) return <span class="muted">{`? of ${bytes(stack.size)}`}</span>;
  const share = stack.size === 0 ? 0 : Math.min(1, stack.used / stack.size);
  const hue = share >= 0.95 ? 'error' : share >= 0.8 ? 'warning' : 'thread';
  return (
    <span class={`cpu-meter hue-${hue}`} data-tip={`${stack.used} of ${stack.size} bytes were used at most`}>
      <span class="cpu-meter-bar" style={{ '--share': String(share) }} />
      <span class="number">{`${bytes(stack.used)} / ${bytes(stack.size)}`}</span>
    </span>
  );
}
