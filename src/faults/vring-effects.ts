/**
 * Faults of vrings: what stands in memory is changed behind the back of both sides, as if it had not arrived, or had arrived damaged.
 */
import type { Machine } from '../machine.ts';
import { hex } from '../memory/bits.ts';
import type { VirtioDriverQueue } from '../virtio/virtqueue.ts';
import type { Vring } from '../virtio/vring.ts';
import { chosen, type EffectContext, number, span, word } from './effect-context.ts';
import type { StepData } from './port.ts';

/** The queue of the first rpmsg device that `queue` means. */
function queueOf({ machine }: EffectContext, queue: string): VirtioDriverQueue | undefined {
  const vrp = machine.linux?.modules.virtioRpmsgBus.virtprocs[0];
  return queue === 'tx' ? vrp?.svq : vrp?.rvq;
}

/** Memory as it is, of which Linux's history hears nothing. */
function poke(machine: Machine, address: number, value: number, size: 2 | 4): void {
  const region = machine.view(machine.core.name).find(address) ?? machine.view('linux').find(address);
  region?.ram?.write(region.ramOffset + address - region.base, value, size);
}

function peek(machine: Machine, address: number, size: 2 | 4): number {
  const region = machine.view('linux').find(address);
  return region?.ram?.read(region.ramOffset + address - region.base, size) ?? 0;
}

/** Where `field` of the newest entry stands, and its bytes. */
function fieldPlace(machine: Machine, vring: Vring, field: string): { readonly at: number; readonly size: 2 | 4; readonly of: string } {
  const { num, desc, avail, used } = vring;
  const slot = (peek(machine, avail + 2, 2) - 1) & (num - 1);
  const head = peek(machine, avail + 4 + 2 * slot, 2) % num;
  const element = used + 4 + 8 * ((peek(machine, used + 2, 2) - 1) & (num - 1));
  switch (field) {
    case 'addr':
      return { at: desc + 16 * head, size: 4, of: `addr of descriptor ${head}` };
    case 'len':
      return { at: desc + 16 * head + 8, size: 4, of: `len of descriptor ${head}` };
    case 'flags':
      return { at: desc + 16 * head + 12, size: 2, of: `flags of descriptor ${head}` };
    case 'next':
      return { at: desc + 16 * head + 14, size: 2, of: `next of descriptor ${head}` };
    case 'idx':
      return { at: avail + 2, size: 2, of: 'idx of the available ring' };
    case 'used-id':
      return { at: element, size: 4, of: 'id of the newest used element' };
    case 'used-len':
      return { at: element + 4, size: 4, of: 'len of the newest used element' };
    default:
      return { at: used + 2, size: 2, of: 'idx of the used ring' };
  }
}

/** A field of the newest entry changes. */
export function corrupt(context: EffectContext): string | undefined {
  const { machine } = context;
  const queue = queueOf(context, word(context, 'queue'));
  if (!queue) return undefined;
  const { at, size, of } = fieldPlace(machine, queue.vring, word(context, 'field'));
  const before = peek(machine, at, size);
  const value = chosen(context, 'value', 2 ** (8 * size)) % 2 ** (8 * size);
  poke(machine, at, value, size);
  return `${of} of the ${word(context, 'queue')} queue was ${hex(before)} and is ${hex(value)}`;
}

/** The newest buffers are hidden from the core. */
export function withhold(context: EffectContext): string | undefined {
  const { machine } = context;
  const queue = queueOf(context, word(context, 'queue'));
  if (!queue) return undefined;
  const { avail, used } = queue.vring;
  const idx = peek(machine, avail + 2, 2);
  const buffers = number(context, 'buffers');
  // Of the others to the core Linux knows no more than the core whether it has taken them.
  const most = queue.index === 0 ? Number.POSITIVE_INFINITY : 1;
  // The core may have one in its hands.
  const outstanding = Math.max(((idx - peek(machine, used + 2, 2)) & 0xffff) - 1, 0);
  const hidden = Math.min(buffers === 0 ? Number.POSITIVE_INFINITY : buffers, most, queue.index === 0 ? outstanding : 1);
  const shown = (idx - hidden) & 0xffff;
  poke(machine, avail + 2, shown, 2);
  const ns = number(context, 'for');
  context.later(ns, 'show', { idx, shown, at: avail + 2, device: queue.device, queue: queue.index });
  return `${hidden} buffers of the ${word(context, 'queue')} queue do not reach the core ${span(ns)}`;
}

/** Linux has offered another buffer meanwhile, and written the index with it: hides that, too. Gives what `show` has to show. */
export function hideAgain(machine: Machine, data: StepData): StepData {
  const at = Number(data['at']);
  const idx = peek(machine, at, 2);
  poke(machine, at, Number(data['shown']), 2);
  return { ...data, idx };
}

/** They are there again, with a doorbell. */
export function show(context: EffectContext, data: StepData): string | undefined {
  const { machine } = context;
  const at = Number(data['at']);
  // Unless Linux has set the ring up anew.
  if (peek(machine, at, 2) !== data['shown']) return undefined;
  poke(machine, at, Number(data['idx']), 2);
  context.ringAgain();
  return `the core finds the buffers of the ${word(context, 'queue')} queue again`;
}
