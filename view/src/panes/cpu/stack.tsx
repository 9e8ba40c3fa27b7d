/** The call stack with inlined frames, exceptions and locals. */
import { useState } from 'preact/hooks';
import type { StackFrame } from '../../../../src/view/protocol.ts';
import { Badge, EmptyState, ErrorState, Loading } from '../../components/index.ts';
import { hex } from '../../format.ts';
import { description } from '../../store.ts';
import { Freshness, staleClass } from './freshness.tsx';
import type { Live } from './live.ts';
import { lineText, placeText } from './numbers.ts';
import { show } from './selection.ts';

/** `thread`: whose stack it is, if it is not that of the core as it stands. */
export function Stack({
  live,
  thread,
  onThread,
}: {
  readonly live: Live<readonly StackFrame[]>;
  readonly thread?: string;
  readonly onThread: () => void;
}) {
  const [selected, setSelected] = useState(0);
  const { data: frames } = live;
  if (frames === undefined) {
    if (live.error === undefined) return <Loading what="Walking the stack" />;
    return (
      <ErrorState title="The stack cannot be walked" retry={live.reload}>
        <p>{live.error}</p>
      </ErrorState>
    );
  }
  const choose = (index: number) => {
    const frame = frames[index];
    if (frame === undefined) return;
    setSelected(index);
    show(frame.place.address);
  };
  const key = (event: KeyboardEvent) => {
    const move = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (move === 0) return;
    event.preventDefault();
    choose(Math.max(0, Math.min(frames.length - 1, selected + move)));
  };
  const noDebugInfo = description.value?.firmware?.debugInfo === false;
  return (
    <div class={`cpu-list${staleClass(false)}`}>
      <Freshness at={live.at} sampled={false} />
      {thread !== undefined && (
        <p class="cpu-note">
          Stack of thread {thread}.{' '}
          <button type="button" class="cpu-link" onClick={onThread}>
            Show the core's own
          </button>
        </p>
      )}
      {frames.length === 0 && (
        <EmptyState title="No frames">
          <p>The core is in reset, or its stack pointer leads nowhere.</p>
        </EmptyState>
      )}
      <div
        class="cpu-frames"
        role="listbox"
        aria-label="Call stack"
        tabIndex={0}
        onKeyDown={key}
        aria-activedescendant={`cpu-stack-frame-${selected}`}
      >
        {frames.map((frame, index) => (
          <div
            key={index}
            id={`cpu-stack-frame-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === selected}
            class="cpu-stack-frame"
          >
            {/* biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the list */}
            {/* biome-ignore lint/a11y/noStaticElementInteractions: the option around it has the role */}
            <div class="cpu-frame-line" onClick={() => choose(index)}>
              <span class="cpu-frame-number">{index}</span>
              <span class="cpu-frame-name">{frame.function ?? placeText(frame.place)}</span>
              {frame.inlined && <Badge tip="the compiler has put it into its caller">inlined</Badge>}
              {frame.exception !== undefined && <Badge hue="interrupt">{frame.exception}</Badge>}
              <span class="cpu-frame-place">{lineText(frame.place) ?? hex(frame.place.address)}</span>
            </div>
            {index === selected && <Locals frame={frame} />}
          </div>
        ))}
      </div>
      {noDebugInfo && frames.length > 0 && (
        <p class="cpu-note">
          The ELF has no debug information: frames come from the code and the stack, without lines and locals. Build with -g.
        </p>
      )}
    </div>
  );
}

function Locals({ frame }: { readonly frame: StackFrame }) {
  const { locals } = frame;
  if (locals === undefined || locals.length === 0) return null;
  return (
    <table class="cpu-locals" aria-label={`Locals of ${frame.function ?? 'the frame'}`}>
      <tbody>
        {locals.map(({ name, type, value }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td class="cpu-local-value" data-tip={value.length > 40 ? value : undefined}>
              {value}
            </td>
            <td class="cpu-local-type">{type}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
