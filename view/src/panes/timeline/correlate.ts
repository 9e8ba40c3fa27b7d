/**
 * The way of one message through rings, doorbell and interrupts, found again among the events: which of them belong to it follows from their order, as
 * virtio_rpmsg_bus and the messaging unit have it; there is no number that all of them carry.
 *
 * To the core: vring1 `avail`, message `tx`, `kick`, MU transmit by Linux, interrupt at the core, MU receive by the core.
 * To Linux: MU transmit by the core, MU receive by Linux, vring0 `used`, message `rx`, `avail` (the buffer goes back), `kick`.
 */
import type { ViewEvent } from '../../../../src/view/protocol.ts';
import type { EventLog } from './event-log.ts';

export type Role =
  | 'message'
  | 'buffer given'
  | 'buffer taken'
  | 'doorbell rung'
  | 'MU transmit'
  | 'interrupt'
  | 'MU receive'
  | 'buffer returned'
  | 'answer'
  | 'answers';

export interface Link {
  readonly id: number;
  readonly role: Role;
}

export interface Chain {
  /** The message that it is about. */
  readonly message: number;
  /** In the order of time. */
  readonly links: readonly Link[];
  /** What was to be expected and is not there, in words. */
  readonly missing: readonly string[];
}

/** So many events are looked at in one direction. */
const REACH = 400;
/** An answer may take longer. */
const ANSWER_REACH = 20_000;

type Of<T extends ViewEvent['type']> = Extract<ViewEvent, { type: T }>;

/** Which side of a messaging unit Linux has. */
export type LinuxSide = (mu: string) => 'A' | 'B';
const SIDE_A: LinuxSide = () => 'A';

/** Looks from `id`, without it, in one direction; the first event for which `accepts` is true. */
function seek(log: EventLog, id: number, direction: 1 | -1, accepts: (event: ViewEvent) => boolean | 'stop', reach = REACH): number {
  for (let step = 1; step <= reach; step++) {
    const at = id + step * direction;
    if (!log.has(at)) return -1;
    const answer = accepts(log.event(at));
    if (answer === 'stop') return -1;
    if (answer) return at;
  }
  return -1;
}

const isVring = (event: ViewEvent, device: string, queue: number, action: string): event is Of<'vring'> =>
  event.type === 'vring' && event.device === device && event.queue === queue && event.action === action;

const isMu = (event: ViewEvent, ...actions: readonly string[]): event is Of<'mu'> => event.type === 'mu' && actions.includes(event.action);

/** The chain that a message belongs to. */
export function chainOfMessage(log: EventLog, id: number, linuxSide = SIDE_A): Chain | undefined {
  if (!log.has(id)) return undefined;
  const event = log.event(id);
  if (event.type !== 'message') return undefined;
  const way = wayOf(log, id, event, linuxSide);
  return { ...way, links: inOrder(log, [...way.links, ...partner(log, id, event)]) };
}

/** The chain without the message that answers or is answered, which may be far. */
export function wayOf(log: EventLog, id: number, event: Of<'message'>, linuxSide = SIDE_A): Chain {
  const found = event.direction === 'tx' ? toCore(log, id, event, linuxSide) : toLinux(log, id, event, linuxSide);
  return { message: id, links: inOrder(log, [...found.links, { id, role: 'message' }]), missing: found.missing };
}

function inOrder(log: EventLog, links: Link[]): Link[] {
  return links.sort((a, b) => log.cycle(a.id) - log.cycle(b.id) || a.id - b.id);
}

/** The chain that any event belongs to: of the message next to it whose chain has it. */
export function chainOf(log: EventLog, id: number, linuxSide = SIDE_A): Chain | undefined {
  if (!log.has(id)) return undefined;
  const event = log.event(id);
  if (event.type === 'message') return chainOfMessage(log, id, linuxSide);
  if (event.type !== 'mu' && event.type !== 'vring' && event.type !== 'interrupt') return undefined;
  for (const direction of [1, -1] as const) {
    let at = id;
    for (let tries = 0; tries < 3; tries++) {
      at = seek(log, at, direction, (other) => other.type === 'message', 100);
      if (at < 0) break;
      const chain = chainOfMessage(log, at, linuxSide);
      if (chain?.links.some((link) => link.id === id)) return chain;
    }
  }
  return undefined;
}

interface Found {
  readonly links: Link[];
  readonly missing: string[];
}

function toCore(log: EventLog, id: number, event: Of<'message'>, linuxSide: LinuxSide): Found {
  const links: Link[] = [];
  const missing: string[] = [];
  const another = (other: ViewEvent): boolean => other.type === 'message' && other.device === event.device && other.direction === 'tx';
  const given = seek(log, id, -1, (other) => isVring(other, event.device, 1, 'avail') || (another(other) ? 'stop' : false));
  if (given >= 0) links.push({ id: given, role: 'buffer given' });
  else missing.push('the buffer that carried it (vring1 avail)');
  const kick = seek(log, id, 1, (other) => isVring(other, event.device, 1, 'kick'));
  if (kick < 0 || (log.cycle(kick) > event.cycle && seek(log, id, 1, another, kick - id) >= 0)) {
    missing.push('a doorbell: the core had asked for none, or one was on its way');
    return { links, missing };
  }
  links.push({ id: kick, role: 'doorbell rung' });
  doorbell(log, kick, links, missing, linuxSide);
  return { links, missing };
}

/** From Linux's kick to the core's look at the word. */
function doorbell(log: EventLog, kick: number, links: Link[], missing: string[], linuxSide: LinuxSide): void {
  const transmit = seek(log, kick, 1, (other) => isMu(other, 'transmit', 'general') && other.side === linuxSide(other.mu));
  if (transmit < 0) {
    missing.push('the write to the messaging unit');
    return;
  }
  links.push({ id: transmit, role: 'MU transmit' });
  const receive = receiverOf(log, transmit);
  if (receive < 0) missing.push('the core’s look at the word: it has not read it');
  else links.push({ id: receive, role: 'MU receive' });
  const interrupt = receive < 0 ? -1 : handlerOf(log, receive, receive - transmit);
  if (interrupt >= 0) links.push({ id: interrupt, role: 'interrupt' });
}

/** The innermost handler in which an event happens, if it was entered at most so many events before. */
function handlerOf(log: EventLog, id: number, reach: number): number {
  const left = new Map<string, number>();
  return seek(
    log,
    id,
    -1,
    (other) => {
      if (other.type !== 'interrupt') return false;
      const key = `${other.core} ${other.number}`;
      const depth = left.get(key) ?? 0;
      left.set(key, other.phase === 'exit' ? depth + 1 : Math.max(0, depth - 1));
      return other.phase === 'enter' && depth === 0;
    },
    reach,
  );
}

/** Where the other side reads the word of a `transmit`, or acknowledges a `general`; -1 if it has not. */
function receiverOf(log: EventLog, id: number): number {
  const event = log.event(id);
  if (event.type !== 'mu') return -1;
  const wanted = event.action === 'general' ? 'acknowledge' : 'receive';
  return seek(
    log,
    id,
    1,
    (other) => {
      if (other.type !== 'mu' || other.mu !== event.mu || other.channel !== event.channel) return false;
      if (other.side !== event.side && other.action === wanted) return true;
      return other.side === event.side && other.action === event.action && event.action === 'transmit' ? 'stop' : false;
    },
    REACH * 5,
  );
}

function toLinux(log: EventLog, id: number, event: Of<'message'>, linuxSide: LinuxSide): Found {
  const links: Link[] = [];
  const missing: string[] = [];
  const used = seek(log, id, -1, (other) => isVring(other, event.device, 0, 'used'));
  if (used < 0) {
    missing.push('the buffer that carried it (vring0 used)');
    return { links, missing };
  }
  links.push({ id: used, role: 'buffer taken' });
  const receive = seek(log, used, -1, (other) => isMu(other, 'receive', 'acknowledge') && other.side === linuxSide(other.mu));
  const transmit = receive < 0 ? -1 : transmitterOf(log, receive);
  // One doorbell may announce several messages: all have it in their chains.
  if (receive >= 0) links.push({ id: receive, role: 'MU receive' });
  else missing.push('Linux’s look at the messaging unit');
  if (transmit >= 0) links.push({ id: transmit, role: 'MU transmit' });
  else missing.push('the core’s write to the messaging unit');
  const buffer = log.event(used) as Of<'vring'>;
  const back = seek(log, id, 1, (other) => isVring(other, event.device, 0, 'avail') && (other as Of<'vring'>).id === buffer.id);
  if (back >= 0) {
    links.push({ id: back, role: 'buffer returned' });
    const kick = seek(log, back, 1, (other) => isVring(other, event.device, 0, 'kick') || (other.type === 'message' ? 'stop' : false), 40);
    if (kick >= 0) {
      links.push({ id: kick, role: 'doorbell rung' });
    }
  }
  return { links, missing };
}

/** Who wrote the word that a `receive` reads. */
function transmitterOf(log: EventLog, id: number): number {
  const event = log.event(id) as Of<'mu'>;
  const wanted = event.action === 'acknowledge' ? 'general' : 'transmit';
  return seek(log, id, -1, (other) => {
    if (other.type !== 'mu' || other.mu !== event.mu || other.channel !== event.channel) return false;
    if (other.side !== event.side && other.action === wanted) return true;
    return other.side === event.side && other.action === event.action ? 'stop' : false;
  });
}

/** The message that answers this one, and the one that this one answers. */
function partner(log: EventLog, id: number, event: Of<'message'>): Link[] {
  if (event.nameService) return [];
  const swapped = (other: ViewEvent): boolean =>
    other.type === 'message' &&
    other.device === event.device &&
    other.src === event.dst &&
    other.dst === event.src &&
    other.direction !== event.direction;
  const direction = event.direction === 'tx' ? 1 : -1;
  const at = seek(log, id, direction, swapped, ANSWER_REACH);
  if (at < 0) return [];
  return [{ id: at, role: direction === 1 ? 'answer' : 'answers' }];
}
