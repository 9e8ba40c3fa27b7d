/**
 * The vring inspector: each ring as it stands in memory, who has which buffer, the messages in them, and what is wrong with it.
 *
 * The view and GDB's `monitor vring` show the same. Nothing here touches the machine.
 */
import { UsageError } from '../../errors.ts';
import { hex, hex32 } from '../../memory/bits.ts';
import { RPMSG_NS_ADDR, RPMSG_NS_MSG_SIZE } from '../../virtio/rpmsg-ns.ts';
import { toBase64 } from '../base64.ts';
import type { BufferOwner, Vring, VringDescriptor, VringSummary, VringViolation } from '../protocol.ts';
import { RPMSG_HEADER_SIZE, readAnnouncement } from '../rpmsg-bytes.ts';
import { printableText } from './bytes.ts';
import type { InspectContext } from './context.ts';
import { type Breach, breaches, type RingRule } from './ring-rules.ts';
import { isUsedAhead, wentBack } from './ring-rules-indices.ts';
import { headerAt } from './ring-rules-messages.ts';
import { elements } from './ring-rules-used.ts';
import { availEntry, type RingPlace, type RingState, readRing, ringPlaces, rowOf, usedElement } from './ring-state.ts';

/** What of an inspection is needed. */
type Context = Pick<InspectContext, 'machine' | 'observations'>;

/** Bytes of a message that are shown. */
const SHOWN = 64;

/** All rings of Linux's rpmsg devices. */
export function listVrings(context: Context): VringSummary[] {
  return lookAtVrings(context).rings;
}

/** What is wrong with all rings, as `Vring.problems` has it, with the ring's name. */
export function vringProblems(context: Context): VringLook['problems'] {
  return lookAtVrings(context).problems;
}

/** All rings and what is wrong with them, from one look. */
export interface VringLook {
  readonly rings: VringSummary[];
  readonly problems: readonly { readonly ring: string; readonly problem: VringViolation }[];
}

export function lookAtVrings(context: Context): VringLook {
  const rings: VringSummary[] = [];
  const problems: { ring: string; problem: VringViolation }[] = [];
  for (const place of ringPlaces(context.machine)) {
    const ring = readRing(place, context);
    const found = breaches(ring);
    rings.push(summary(ring, found.length));
    for (const { rule, breach } of found)
      problems.push({ ring: `${ring.device} vring${ring.queue.index}`, problem: violation(rule, breach) });
  }
  return { rings, problems };
}

/** One ring in full. @throws {UsageError} when there is none of that name now */
export function inspectVring(context: Context, device: string, queue: number): Vring {
  const ring = readRing(placeNamed(context, device, queue), context);
  const found = breaches(ring);
  const problems = found.map(({ rule, breach }) => violation(rule, breach));
  const owned = owners(ring);
  return {
    ...summary(ring, problems.length),
    cycle: ring.machine.scheduler.now,
    descAddress: ring.desc,
    availAddress: ring.avail,
    usedAddress: ring.used,
    align: ring.align,
    descriptors: owned.map((owner, index) => descriptor(ring, index, owner, problems)),
    avail: { flags: ring.availFlags, index: ring.availIndex, ring: owned.map((_, slot) => availEntry(ring, slot)) },
    used: { flags: ring.usedFlags, index: ring.usedIndex, ring: owned.map((_, slot) => usedElement(ring, slot)) },
    linux: { lastUsedIndex: ring.linux.lastUsedIdx, free: ring.num - ring.linux.lent.size, ...(ring.queue.broken ? { broken: true } : {}) },
    problems,
  };
}

function placeNamed({ machine }: Context, device: string, queue: number): RingPlace {
  const places = ringPlaces(machine);
  const place = places.find((each) => each.device === device && each.queue.index === queue);
  if (place) return place;
  const names = places.map((each) => `${each.device} ${each.queue.index}`).join(', ');
  throw new UsageError(
    `no vring ${queue} of ${device}`,
    names
      ? `there are ${names}`
      : 'there is none before the driver of the virtio device has started; the firmware needs a resource table with a vdev',
    'device',
  );
}

/** Who has each buffer: by what Linux remembers, and by what the core has put into the used ring. */
function owners(ring: RingState): BufferOwner[] {
  const { linux, num } = ring;
  const lent: BufferOwner = wentBack(ring) || isUsedAhead(ring) ? 'unknown' : 'core';
  const result = Array.from({ length: num }, (_, id): BufferOwner => (linux.lent.has(id) ? lent : 'linux'));
  for (const { element, fault } of elements(ring)) {
    if (element.id < num) result[element.id] = fault ? 'unknown' : 'returned';
  }
  return result;
}

function summary(ring: RingState, violations: number): VringSummary {
  let returned = 0;
  for (const { fault } of elements(ring)) if (!fault) returned++;
  const lent = ring.linux.lent.size;
  return {
    device: ring.device,
    queue: ring.queue.index,
    direction: ring.direction,
    size: ring.num,
    availIndex: ring.availIndex,
    usedIndex: ring.usedIndex,
    owned: { linux: ring.num - lent, core: lent - returned, inFlight: returned },
    violations,
  };
}

function descriptor(ring: RingState, index: number, owner: BufferOwner, problems: readonly VringViolation[]): VringDescriptor {
  const { address, length, flags, next } = rowOf(ring, index);
  const message = messageOf(ring, index, owner);
  return {
    index,
    address,
    length,
    flags,
    next,
    owner,
    ...(message ? { message } : {}),
    violations: problems.filter((problem) => problem.descriptor === index).map(({ id }) => id),
  };
}

/**
 * The message in a buffer: from the core when it has returned it, to the core while it has it. What stands in other buffers was delivered before, if there
 * ever was something.
 */
function messageOf(ring: RingState, index: number, owner: BufferOwner): VringDescriptor['message'] {
  const lent = ring.linux.lent.get(index);
  const address = lent?.address ?? rowOf(ring, index).address;
  if (address === 0 || address < ring.buffers.base || address >= ring.buffers.base + ring.buffers.size) return undefined;
  const header = headerAt(ring, address);
  if (!header || (header.src === 0 && header.dst === 0 && header.length === 0)) return undefined;
  const { src, dst, length, flags } = header;
  const room = ring.buffers.each - RPMSG_HEADER_SIZE;
  const payload = ring.linuxView.readBytes(address + RPMSG_HEADER_SIZE, Math.min(length, room, SHOWN)) ?? new Uint8Array();
  const text = printableText(payload);
  const isCurrent = owner === (ring.direction === 'to-linux' ? 'returned' : 'core');
  const announced = dst === RPMSG_NS_ADDR && length === RPMSG_NS_MSG_SIZE ? readAnnouncement(payload) : undefined;
  return {
    src,
    dst,
    length,
    flags,
    data: toBase64(payload),
    ...(text === undefined ? {} : { text }),
    ...(announced ? { nameService: announced } : {}),
    ...(isCurrent ? {} : { old: true as const }),
  };
}

function violation({ name, consequence, remedy }: RingRule, breach: Breach): VringViolation {
  const { text, address, size } = breach;
  return {
    id: identity(name, address),
    rule: name,
    text,
    consequence: breach.consequence ?? consequence,
    remedy,
    address,
    size,
    ...(breach.descriptor === undefined ? {} : { descriptor: breach.descriptor }),
  };
}

/** The same for the same rule at the same place, whenever somebody asks. FNV-1a. */
function identity(rule: string, address: number): number {
  let hash = 0x811c_9dc5;
  for (const character of `${rule}@${address}`) hash = Math.imul(hash ^ character.charCodeAt(0), 0x0100_0193);
  return hash >>> 1;
}

/** The ring as lines for a terminal: `monitor vring`. */
export function vringLines(vring: Vring): string[] {
  const { device, queue, direction, size, owned, avail, used, linux, problems } = vring;
  const lines = [
    `${device} vring${queue} (${direction === 'to-linux' ? 'core to Linux' : 'Linux to core'}): ${size} descriptors at ${hex32(vring.descAddress)}, avail ${hex32(vring.availAddress)}, used ${hex32(vring.usedAddress)}`,
    `  avail idx ${avail.index} flags ${hex(avail.flags)}; used idx ${used.index} flags ${hex(used.flags)}; Linux has read up to ${linux?.lastUsedIndex ?? '?'}${linux?.broken ? ', and has given the queue up' : ''}`,
    `  buffers: ${owned.core} with the core, ${owned.inFlight} returned, ${owned.linux} with Linux`,
  ];
  for (const { index, address, length, message } of vring.descriptors) {
    if (!message || message.old) continue;
    const what = message.nameService
      ? `${message.nameService.flags} ${message.nameService.name} at ${hex(message.nameService.address)}`
      : (message.text ?? '').slice(0, 48);
    lines.push(
      `  [${index}] ${hex32(address)}+${length}: ${hex(message.src)} -> ${hex(message.dst)}, ${message.length} bytes ${what}`.trimEnd(),
    );
  }
  for (const { rule, text, consequence, remedy } of problems)
    lines.push(`  WRONG ${rule}: ${text}`, `    leads to: ${consequence}`, `    remedy: ${remedy}`);
  return lines;
}
