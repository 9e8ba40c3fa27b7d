/** The selected event in full: when, what, its bytes, what it means, what belongs to it, and where to go from it. */
import type { ComponentChildren } from 'preact';
import type { ViewEvent } from '../../../../src/view/protocol.ts';
import { Badge, Button, copyText, IconButton } from '../../components/index.ts';
import { dump, fromBase64 } from '../../format.ts';
import { go, mode as serverMode, state } from '../../store.ts';
import type { Chain } from './correlate.ts';
import { detailOf, hex, hex32, isText, lineOf, muMeaning, titleOf, toneOf, visible } from './describe.ts';
import { exceptionName } from './exceptions.ts';
import { chain, detailShown, goToCycle, hz, log, lookAt, select, selected, setMarker, version } from './model.ts';
import { formatDuration, formatInteger, formatTime } from './time-format.ts';

export function DetailPanel() {
  version.value;
  const id = selected.value;
  return (
    <aside class="timeline-detail" aria-label="Selected event">
      <header class="timeline-detail-head">
        <h3>{id === undefined || !log.has(id) ? 'Selected event' : <Title event={log.event(id)} />}</h3>
        <IconButton icon="close" label="Hide this panel" shortcut="i" onClick={() => (detailShown.value = false)} />
      </header>
      {id === undefined || !log.has(id) ? <Nothing /> : <Event id={id} event={log.event(id)} />}
    </aside>
  );
}

function Nothing() {
  return (
    <div class="timeline-detail-body timeline-detail-none muted">
      <p>
        Click an event to see all of it: its bytes, what a register means, and the whole way of a message through rings, doorbell and
        interrupt.
      </p>
      <p>
        <kbd>j</kbd> and <kbd>k</kbd> go from event to event in the row that is selected, <kbd>/</kbd> searches, <kbd>f</kbd> filters,{' '}
        <kbd>h</kbd> shows all keys.
      </p>
    </div>
  );
}

function Title({ event }: { readonly event: ViewEvent }) {
  return (
    <>
      <Badge hue={toneOf(event)}>{event.type}</Badge> {titleOf(event)}
    </>
  );
}

function Event({ id, event }: { readonly id: number; readonly event: ViewEvent }) {
  const time = formatTime(event.cycle, hz.value);
  const noBack = serverMode.value === 'trace' ? 'a trace has no machine' : state.value?.noWayBack;
  return (
    <div class="timeline-detail-body">
      <dl class="timeline-facts">
        <Fact name="Time">
          <button type="button" class="timeline-copy mono" data-tip="copy" onClick={() => copyText(time.replaceAll('\u2009', ''))}>
            {time}
          </button>
        </Fact>
        <Fact name="Cycle">
          <button type="button" class="timeline-copy mono" data-tip="copy" onClick={() => copyText(String(event.cycle))}>
            {formatInteger(event.cycle)}
          </button>
        </Fact>
        <Fact name="Event">
          <span class="mono">#{formatInteger(event.seq)}</span>
        </Fact>
        <Facts id={id} event={event} />
      </dl>
      <div class="timeline-detail-actions">
        <Button
          onClick={() => goToCycle(event.cycle)}
          disabled={noBack !== undefined}
          tip={noBack === undefined ? 'Puts the machine into this moment' : `Not possible: ${noBack}`}
        >
          Go to this moment
        </Button>
        <Button kind="quiet" onClick={() => setMarker(event.cycle)} tip="Marker here (m)">
          Mark
        </Button>
        <Links event={event} />
      </div>
      <Body event={event} />
      {chain.value && <ChainList chain={chain.value} id={id} />}
    </div>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Facts({ id, event }: { readonly id: number; readonly event: ViewEvent }) {
  switch (event.type) {
    case 'message':
      return (
        <>
          <Fact name="From">
            <Address value={event.src} />
          </Fact>
          <Fact name="To">
            <Address value={event.dst} />
          </Fact>
          <Fact name="Length">{event.length} bytes</Fact>
          {event.nameService && (
            <Fact name="Name service">
              {event.nameService.flags} <span class="mono">{event.nameService.name}</span> at {hex(event.nameService.address)}
            </Fact>
          )}
        </>
      );
    case 'mu':
      return (
        <>
          <Fact name="Side">{event.side}</Fact>
          <Fact name="Channel">{event.channel}</Fact>
          {(event.action === 'transmit' || event.action === 'receive') && (
            <Fact name={event.action === 'transmit' ? `TR${event.channel}` : `RR${event.channel}`}>
              <span class="mono">0x{hex32(event.value)}</span>
            </Fact>
          )}
        </>
      );
    case 'vring':
      return (
        <>
          <Fact name="Queue">
            {event.queue} ({event.queue === 0 ? 'to Linux' : 'to the core'} in RPMsg)
          </Fact>
          {event.action !== 'kick' && <Fact name="Buffer">{event.id}</Fact>}
          {event.action !== 'kick' && <Fact name="Length">{event.length} bytes</Fact>}
        </>
      );
    case 'interrupt':
      return (
        <>
          <Fact name="Exception">{event.number}</Fact>
          <Fact name="Duration">{durationOf(id, event)}</Fact>
        </>
      );
    case 'thread':
      return <Fact name="Thread">{hex(event.id)}</Fact>;
    case 'dmesg':
      return <Fact name="Level">{event.level}</Fact>;
    case 'finding':
      return event.finding.remedy ? <Fact name="Remedy">{event.finding.remedy}</Fact> : null;
    default:
      return null;
  }
}

function Address({ value }: { readonly value: number }) {
  return (
    <span class="mono">
      {hex(value)} <span class="muted">({value})</span>
    </span>
  );
}

/** From entering the handler to leaving it. */
function durationOf(id: number, event: Extract<ViewEvent, { type: 'interrupt' }>): string {
  const direction = event.phase === 'enter' ? 1 : -1;
  let depth = 0;
  for (let at = id + direction; log.has(at) && Math.abs(at - id) < 5000; at += direction) {
    const other = log.event(at);
    if (other.type !== 'interrupt' || other.core !== event.core || other.number !== event.number) continue;
    if (other.phase === event.phase) depth++;
    else if (depth-- === 0) return formatDuration(Math.abs(other.cycle - event.cycle), hz.peek());
  }
  return event.phase === 'enter' ? 'goes on, or its end is not here' : 'its beginning is not here';
}

function Links({ event }: { readonly event: ViewEvent }) {
  if (event.type === 'vring')
    return (
      <Button kind="quiet" icon="vrings" onClick={() => go('vrings', { device: event.device, queue: event.queue })}>
        Vring
      </Button>
    );
  if (event.type === 'message')
    return (
      <Button kind="quiet" icon="vrings" onClick={() => go('vrings', { device: event.device, queue: event.direction === 'tx' ? 1 : 0 })}>
        Vring
      </Button>
    );
  if (event.type === 'console' || event.type === 'dmesg')
    return (
      <Button kind="quiet" icon="consoles" onClick={() => go('consoles', { device: event.type === 'dmesg' ? 'linux' : event.device })}>
        Console
      </Button>
    );
  if (event.type === 'mu')
    return (
      <Button kind="quiet" icon="system" onClick={() => go('system', { mu: event.mu })}>
        {event.mu}
      </Button>
    );
  if (event.type === 'interrupt' || event.type === 'thread' || event.type === 'core')
    return (
      <Button kind="quiet" icon="cpu" onClick={() => go('cpu', { core: event.core })}>
        {event.core}
      </Button>
    );
  return null;
}

function Body({ event }: { readonly event: ViewEvent }) {
  if (event.type === 'message') {
    const bytes = fromBase64(event.data);
    return (
      <>
        {isText(event) && <pre class="timeline-text">{visible(event.text ?? '')}</pre>}
        {bytes.length > 0 && (
          <pre class="timeline-hex">
            {dump(bytes).map((line) => (
              <div key={line.offset}>
                <span class="muted">{line.offset}</span> {line.hex.padEnd(47)} <span class="timeline-hex-text">{line.text}</span>
              </div>
            ))}
          </pre>
        )}
        {event.length > bytes.length && (
          <p class="muted">
            The first {bytes.length} of its {event.length} bytes.
          </p>
        )}
      </>
    );
  }
  if (event.type === 'mu') return <p class="timeline-meaning">{muMeaning(event)}</p>;
  if (event.type === 'interrupt' || event.type === 'thread' || event.type === 'vring') return null;
  const text = detailOf(event);
  return text === '' ? null : <pre class="timeline-text">{text}</pre>;
}

/** Whose event it is, in few characters. */
function partyOf(event: ViewEvent): string {
  switch (event.type) {
    case 'message':
      return `${hex(event.src)}→${hex(event.dst)}`;
    case 'vring':
      return event.action === 'kick' ? `vring${event.queue}` : `vring${event.queue} #${event.id}`;
    case 'mu':
      return `${event.mu} ${event.side}`;
    case 'interrupt':
      return exceptionName(event);
    default:
      return titleOf(event);
  }
}

function ChainList({ chain: { links, missing, message }, id }: { readonly chain: Chain; readonly id: number }) {
  const start = log.cycle(links[0]!.id);
  const way = links.filter((link) => link.role !== 'answer' && link.role !== 'answers');
  const end = log.cycle(way.at(-1)!.id);
  return (
    <section class="timeline-chain" aria-label="Way of the message">
      <h4 class="label">Way of message #{formatInteger(log.event(message).seq)}</h4>
      <ol>
        {links.map((link) => (
          <li key={`${link.role} ${link.id}`}>
            <button
              type="button"
              class={`timeline-link hue-${toneOf(log.event(link.id))}${link.id === id ? ' timeline-link-chosen' : ''}`}
              onClick={() => select(link.id)}
              title={lineOf(log.event(link.id))}
            >
              <span class="timeline-link-dot" />
              <span class="timeline-link-role">{link.role}</span>
              <span class="timeline-link-what mono">{partyOf(log.event(link.id))}</span>
              <span class="timeline-link-time mono">+{formatDuration(log.cycle(link.id) - start, hz.value)}</span>
            </button>
          </li>
        ))}
      </ol>
      {missing.map((text) => (
        <p key={text} class="muted">
          Not here: {text}.
        </p>
      ))}
      <Button kind="quiet" icon="fit" onClick={() => lookAt(log.cycle(way[0]!.id), end)}>
        Show its way
      </Button>
    </section>
  );
}
