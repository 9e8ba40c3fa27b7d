/**
 * What each fault does once its moment has come: between two instructions, when no timer of Linux is firing.
 *
 * Hardware is changed where it is, behind the back of both sides; Linux gets an input. What has to be undone is noted on the agenda, as data.
 */
import { UsageError } from '../errors.ts';
import type { Machine } from '../machine.ts';
import { hex, hex32 } from '../memory/bits.ts';
import type { Region } from '../memory/bus.ts';
import type { Peripheral } from '../peripherals/catalogue.ts';
import { ROOM_TEMPERATURE } from '../peripherals/tmu.ts';
import { timeText } from '../time/duration.ts';
import type { FaultName } from './catalogue.ts';
import { chosen, type Effect, type EffectContext, type FaultPlace, number, span, word } from './effect-context.ts';
import { corrupt, show, withhold } from './vring-effects.ts';

/** A user's command takes Linux so long to begin with. */
const SUSPEND_RETRY_NS = 20e3;
const SUSPEND_TRIES = 10;
const SUSPEND_AGAIN_NS = 1e6;

// --- blocks

function blockName(context: FaultPlace): string {
  const name = word(context, 'block');
  const { machine } = context;
  return (name === 'console' ? (machine.consoleName ?? name) : name).toUpperCase();
}

function peripheral(context: FaultPlace): Peripheral | undefined {
  const name = blockName(context);
  return context.machine.peripherals.find((each) => each.name.toUpperCase() === name);
}

function blockRegions(context: FaultPlace): Region[] {
  const { machine } = context;
  const name = blockName(context);
  return machine.view(machine.core.name).regions.filter((region) => region.device && region.name.toUpperCase() === name);
}

/** Clocks by which a block counts or shifts, as the SoC's description names them. */
function blockClocks(context: FaultPlace): string[] {
  const name = blockName(context);
  const spec = context.machine.soc.peripherals.find((each) => each.name.toUpperCase() === name);
  if (spec?.kind === 'imx-uart' && typeof spec.clock === 'string') return [spec.clock];
  // A GPT has its clocks by the value of CLKSRC; shared oscillators go on for others.
  if (spec?.kind === 'gpt')
    return [...new Set(Object.values(spec.clocks).filter((each) => typeof each === 'string' && !each.startsWith('OSC')))];
  return [];
}

function warm({ peripherals }: Machine, celsius: number): void {
  for (const { tmu } of peripherals) tmu?.setTemperature(celsius);
}

// --- the rest

/** The segments of the firmware that are not its code; all of them when they cannot be told apart. */
function dataOf({ firmware }: Machine): { readonly address: number; readonly size: number }[] {
  const segments = firmware?.segments ?? [];
  const entry = (firmware?.entry ?? 0) & ~1;
  const data = segments.filter(({ vaddr, memsz }) => !(entry >= vaddr && entry < vaddr + memsz));
  return (data.length > 0 ? data : segments).map(({ vaddr, memsz }) => ({ address: vaddr, size: memsz }));
}

/** Where a bit flips: in a symbol, at an address, or in what the sections of the firmware say is data. */
function flip(context: EffectContext): string | undefined {
  const { machine, parameters } = context;
  const { address, symbol: name } = parameters;
  let at = typeof address === 'number' ? address : undefined;
  if (at === undefined) {
    const symbol = typeof name === 'string' ? machine.symbols.lookup(name) : undefined;
    const areas = symbol ? [{ address: symbol.address, size: Math.max(symbol.size, 1) }] : dataOf(machine);
    let byte = Math.floor((context.random() / 2 ** 32) * areas.reduce((sum, { size }) => sum + size, 0));
    const area = areas.find(({ size }) => {
      if (byte < size) return true;
      byte -= size;
      return false;
    });
    at = area && area.address + byte;
  }
  const bit = chosen(context, 'bit', 8) & 7;
  const region = at === undefined ? undefined : machine.view(machine.core.name).find(at);
  if (at === undefined || !region?.ram) return undefined;
  const offset = region.ramOffset + at - region.base;
  const before = region.ram.read(offset, 1);
  region.ram.write(offset, before ^ (1 << bit), 1);
  return `bit ${bit} of ${hex32(at)} (${machine.symbols.name(at) ?? region.name}) is ${(before >>> bit) & 1 ? 0 : 1} now`;
}

function refused(message: string, remedy: string): UsageError {
  return new UsageError(`fault ${message}`, remedy, '--faults');
}

function checkPlace({ machine, parameters }: FaultPlace): void {
  const { symbol, address } = parameters;
  if (typeof symbol === 'string' && !machine.symbols.lookup(symbol))
    throw refused(`ram-bit-flip: the firmware has no symbol ${symbol}`, 'nm shows those that it has');
  if (typeof address === 'number' && !machine.view(machine.core.name).find(address)?.ram)
    throw refused(`ram-bit-flip: ${hex32(address)} is no memory of the core`, 'imx-sim socs lists its memories');
}

function checkUart(context: FaultPlace): void {
  if (!peripheral(context)?.uart) throw refused(`: ${blockName(context)} is no UART`, 'imx-sim socs lists them');
}

/** Linux goes to sleep, once it is up again from the time before. */
function goToSleep(context: EffectContext): string | undefined {
  if (context.machine.kernel?.pm.suspending) {
    context.later(SUSPEND_AGAIN_NS, 'again');
    return undefined;
  }
  const state = word(context, 'state') === 'freeze' ? 'freeze' : 'mem';
  context.linux({ what: 'suspend', state });
  context.later(number(context, 'for'), 'end', { tries: 0 });
  return `Linux goes to sleep (${state}) ${span(number(context, 'for'))}`;
}

/** What every fault does, but for those that act on a doorbell on its way. */
export const EFFECTS: Readonly<Partial<Record<FaultName, Effect>>> = {
  'descriptor-corrupt': { act: corrupt },
  'descriptor-withhold': { act: withhold, steps: { show } },
  'host-stall': {
    act: (context) => {
      context.linux({ what: 'stall', ns: number(context, 'for') });
      return `Linux takes nothing out of the rings ${span(number(context, 'for'))}`;
    },
  },
  'buffers-exhaust': {
    act: (context) => {
      const ns = number(context, 'for');
      context.linux({ what: 'buffers', held: true });
      if (ns > 0) context.later(ns, 'end');
      return `Linux has no buffers for messages to the core ${span(ns)}`;
    },
    steps: {
      end: (context) => {
        context.linux({ what: 'buffers', held: false });
        return 'Linux has buffers again';
      },
    },
  },
  'linux-kill': {
    act: (context) => {
      context.holdLinux(true);
      return 'Linux stands still for good';
    },
  },
  'linux-pause': {
    act: (context) => {
      context.holdLinux(true);
      context.later(number(context, 'for'), 'end');
      return `Linux stands still ${span(number(context, 'for'))}`;
    },
    steps: {
      end: (context) => {
        context.holdLinux(false);
        return 'Linux goes on';
      },
    },
  },
  'core-kill': {
    act: ({ machine }) => {
      if (machine.core.halted) return undefined;
      machine.killCore('killed by a fault');
      return `${machine.core.name} is in reset for good`;
    },
  },
  'core-pause': {
    act: (context) => {
      const { machine } = context;
      machine.pauseCore(true);
      context.later(number(context, 'for'), 'end');
      return `${machine.core.name} stands still ${span(number(context, 'for'))}`;
    },
    steps: {
      end: ({ machine }) => {
        machine.pauseCore(false);
        return `${machine.core.name} goes on`;
      },
    },
  },
  'core-restart': {
    act: (context) => {
      const { machine } = context;
      context.linux({ what: 'restart', core: machine.core.name, ns: number(context, 'for') });
      return `Linux stops ${machine.core.name}, and starts it again after ${timeText(number(context, 'for'))}`;
    },
  },
  'driver-ok-late': {
    act: (context) => {
      context.linux({ what: 'driver-late', ns: number(context, 'by') });
      return `the driver of the virtio device will be ready ${timeText(number(context, 'by'))} later`;
    },
  },
  'table-address': {
    act: (context) => {
      const where = word(context, 'where') === 'loaded' ? 'loaded' : 'file';
      const vring = number(context, 'vring');
      const offset = number(context, 'offset');
      context.linux({ what: 'wrong-address', vring, offset, where });
      return `the address of vring ${vring} is wrong by ${hex(offset)}${where === 'file' ? ', as Linux reads it' : ', as Linux tells it to the core'}`;
    },
  },
  'ram-bit-flip': { act: flip, check: checkPlace },
  'clock-gate': {
    check: (context) => {
      if (blockClocks(context).length === 0)
        throw refused(`clock-gate: ${blockName(context)} has no clock of its own that is modelled`, 'give a UART or a GPT');
    },
    act: (context) => {
      const { machine } = context;
      const clocks = blockClocks(context);
      const name = blockName(context);
      for (const clock of clocks) machine.clocks.gate(clock, true);
      const ns = number(context, 'for');
      if (ns > 0) context.later(ns, 'end');
      return `${name} has no clock ${span(ns)}`;
    },
    steps: {
      end: (context) => {
        for (const clock of blockClocks(context)) context.machine.clocks.gate(clock, false);
        return `${blockName(context)} has its clock again`;
      },
    },
  },
  overheat: {
    check: ({ machine }) => {
      if (!machine.peripherals.some(({ tmu }) => tmu))
        throw refused(`overheat: ${machine.soc.name} has no thermal monitor that is modelled`, 'choose another SoC');
    },
    act: (context) => {
      const celsius = number(context, 'celsius');
      warm(context.machine, celsius);
      const ns = number(context, 'for');
      if (ns > 0) context.later(ns, 'end');
      return `the silicon is at ${celsius} degrees Celsius ${span(ns)}`;
    },
    steps: {
      end: (context) => {
        warm(context.machine, ROOM_TEMPERATURE);
        return `the silicon is at ${ROOM_TEMPERATURE} degrees Celsius again`;
      },
    },
  },
  'bus-error': {
    check: (context) => {
      if (blockRegions(context).length === 0)
        throw refused(`bus-error: the core sees no block ${blockName(context)}`, 'imx-sim socs lists them');
    },
    act: (context) => {
      const regions = blockRegions(context);
      for (const region of regions) region.broken = true;
      const ns = number(context, 'for');
      if (ns > 0) context.later(ns, 'end');
      return `${blockName(context)} answers the core with bus errors ${span(ns)}`;
    },
    steps: {
      end: (context) => {
        for (const region of blockRegions(context)) region.broken = false;
        return `${blockName(context)} answers again`;
      },
    },
  },
  suspend: {
    act: goToSleep,
    steps: {
      again: goToSleep,
      end: (context, data) => {
        const tries = Number(data['tries']) + 1;
        // Linux has not got round to it; or a doorbell woke it already.
        if (!context.machine.kernel?.pm.suspending) {
          if (tries < SUSPEND_TRIES) context.later(SUSPEND_RETRY_NS, 'end', { tries });
          return undefined;
        }
        context.linux({ what: 'resume' });
        return 'something wakes Linux';
      },
    },
  },
  'uart-framing': {
    check: checkUart,
    act: (context) => {
      const uart = peripheral(context)?.uart;
      const byte = chosen(context, 'byte', 256) & 0xff;
      uart?.receiveWithError(byte, 'framing');
      return uart && `${blockName(context)} gets ${hex(byte)} with a framing error`;
    },
  },
  'uart-overrun': {
    check: checkUart,
    act: (context) => {
      const uart = peripheral(context)?.uart;
      if (!uart) return undefined;
      const characters = number(context, 'characters');
      uart.flowControl = false;
      uart.receive(Uint8Array.from({ length: characters }, (_, index) => 0x41 + (index % 26)));
      context.later(1e6, 'end');
      return `${blockName(context)} gets ${characters} characters and cannot make the sender wait`;
    },
    steps: {
      // Until the last of them has arrived.
      end: (context) => {
        const uart = peripheral(context)?.uart;
        if (uart && uart.waiting > 0 && uart.ready) context.later(1e6, 'end');
        else if (uart) uart.flowControl = true;
        return undefined;
      },
    },
  },
};
