/**
 * SDMA of the i.MX family: 32 channels that a scheduler gives to one small processor by priority, started by software or by DMA requests.
 *
 * Described in the SDMA chapter of the reference manuals. The processor's code is not executed: what the scripts in its ROM do is known by their
 * addresses (`sdma-scripts.ts`); a channel at any other address is reported and stands still. Time: `COST` below, in cycles of the SDMA clock; a
 * channel is interrupted by one of higher priority after each piece of 256 bytes. Not modelled: OnCE, cross-triggers, hardware DONE events.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { hex32 } from '../memory/bits.ts';
import { RegisterFile } from '../memory/registers.ts';
import type { Scheduler, Timer } from '../time/scheduler.ts';
import type { ClockSource, ClockTree } from './clock-tree.ts';
import {
  bootCommand,
  type ChannelContext,
  contextOf,
  describeBusError,
  isOwned,
  memoryPiece,
  type Piece,
  peripheralPiece,
  pieceSize,
  uartPiece,
  waysOf,
} from './sdma-channel.ts';
import { BD, type BufferDescriptor, closeDescriptor, currentDescriptor, type DmaPorts, SdmaRam } from './sdma-memory.ts';
import { SDMA, SDMA_CHANNELS, SDMA_EVENTS } from './sdma-registers.ts';
import { SDMA_ROMS, type SdmaRomName, type SdmaScript } from './sdma-scripts.ts';

/** SDMA clock cycles: to take up a channel with its context and descriptor, for a word between memories, for a byte of a peripheral. */
const COST = { channel: 48, memoryWord: 4, peripheralByte: 8 } as const;

/** What an `Sdma` needs. */
export interface SdmaOptions {
  readonly name: string;
  readonly rom: SdmaRomName;
  /** Clock of its processor. */
  readonly clock: ClockSource;
  readonly clocks: ClockTree;
  readonly scheduler: Scheduler;
  readonly diagnostics: Diagnostics;
  /** The system's memory and registers as its ports see them. */
  readonly ports: DmaPorts;
  readonly interrupt: (level: boolean) => void;
}

/** One SDMA. */
export class Sdma {
  readonly device: RegisterFile<typeof SDMA>;
  private readonly options: SdmaOptions;
  private readonly timer: Timer;
  private readonly ram = new SdmaRam();
  /** The channel that has the processor. */
  private running: number | undefined;
  /** Bytes of each channel's descriptor that were moved. */
  private moved: number[] = new Array<number>(SDMA_CHANNELS).fill(0);
  /** Channels, as bits, that found nothing to do, or whose script is not modelled, and wait for somebody to start them. */
  private idle = 0;
  private level = false;

  constructor(options: SdmaOptions) {
    const { name, scheduler, diagnostics, clocks } = options;
    this.options = options;
    this.timer = scheduler.timer(name, () => this.due());
    clocks.onChange(() => this.clockChanged());
    const changed = (): void => this.wake();
    this.device = new RegisterFile(SDMA, {
      name,
      diagnostics,
      behaviour: {
        INTR: { write: () => this.settle() },
        STOP_STAT: { write: (_next, _previous, _index, written) => this.stop(written) },
        HSTART: { write: (_next, _previous, _index, written) => this.start(written) },
        EVTOVR: { write: changed },
        DSPOVR: { write: changed },
        HOSTOVR: { write: changed },
        EVTPEND: { write: (_next, _previous, _index, written) => this.pend(written) },
        RESET: { write: (_next, _previous, _index, written) => this.resetRegister(written) },
        EVTERR: { read: () => this.device.set('EVTERR', 0) },
        PSW: { value: () => this.schedulerStatus(), steady: true },
        EVTERRDBG: { value: () => this.device.get('EVTERR'), steady: true },
        SDMA_LOCK: { write: (next, previous) => this.device.set('SDMA_LOCK', next | (previous & 1)) },
        ILLINSTADDR: { write: (_next, previous) => this.keepLocked('ILLINSTADDR', previous) },
        CHN0ADDR: { write: (_next, previous) => this.keepLocked('CHN0ADDR', previous) },
        SDMA_CHNPRI: { write: changed },
      },
    });
  }

  /** Reset of the SoC. */
  reset(): void {
    const mirrors = [this.device.get('EVT_MIRROR'), this.device.get('EVT_MIRROR2')] as const;
    this.device.reset();
    this.device.set('EVT_MIRROR', mirrors[0]);
    this.device.set('EVT_MIRROR2', mirrors[1]);
    this.ram.clear();
    this.halt();
    this.settle();
  }

  /** Level of the DMA request `event` (0 to 47) from a peripheral. */
  request(event: number, level: boolean): void {
    if (event >= SDMA_EVENTS) return;
    const [mirror, bit] = event < 32 ? (['EVT_MIRROR', 1 << event] as const) : (['EVT_MIRROR2', 1 << (event - 32)] as const);
    const before = this.device.get(mirror);
    if (((before & bit) !== 0) === level) return;
    this.device.set(mirror, (level ? before | bit : before & ~bit) >>> 0);
    if (!level) return;
    const channels = this.device.get('CHNENBL', event);
    // Requests that stay up are seen again after each piece: only an edge can be lost.
    const lost = (channels & this.device.get('EVTPEND')) >>> 0;
    if (lost) {
      this.set('EVTERR', lost);
      this.interruptFor((lost & this.device.get('INTRMASK')) >>> 0);
    }
    this.pend(channels);
  }

  // --- registers

  private set(register: 'EVTERR' | 'EVTPEND' | 'INTR' | 'STOP_STAT' | 'HSTART', bits: number): void {
    this.device.set(register, (this.device.get(register) | bits) >>> 0);
  }

  private clear(register: 'EVTPEND' | 'STOP_STAT' | 'HSTART', bits: number): void {
    this.device.set(register, (this.device.get(register) & ~bits) >>> 0);
  }

  /** HSTART: a channel that is enabled already is started once more when it has finished. */
  private start(channels: number): void {
    const enabled = this.device.get('STOP_STAT');
    this.set('HSTART', (channels & enabled) >>> 0);
    this.set('STOP_STAT', channels);
    this.wake(channels);
  }

  private stop(channels: number): void {
    this.clear('HSTART', channels);
    this.wake(0);
  }

  private pend(channels: number): void {
    this.set('EVTPEND', channels);
    this.wake(channels);
  }

  private resetRegister(written: number): void {
    if (written & 1) {
      const { device } = this;
      const lock = device.get('SDMA_LOCK');
      const kept = [device.get('ILLINSTADDR'), device.get('CHN0ADDR')] as const;
      this.reset();
      // A software reset ends the lock only when that was asked for.
      if (lock & 1 && !(lock & 2)) {
        device.set('SDMA_LOCK', lock);
        device.set('ILLINSTADDR', kept[0]);
        device.set('CHN0ADDR', kept[1]);
      }
    } else this.wake(0);
  }

  private keepLocked(register: 'ILLINSTADDR' | 'CHN0ADDR', previous: number): void {
    if (this.device.field('SDMA_LOCK', 'LOCK')) this.device.set(register, previous);
  }

  /** PSW: the channel that runs and the one that would be next, with their priorities. */
  private schedulerStatus(): number {
    const { running } = this;
    const next = this.pick(running === undefined ? 0 : 1 << running);
    const current = running === undefined ? 0 : (running & 0xf) | (this.priority(running) << 4);
    return (current | (next === undefined ? 0 : (next << 8) | (this.priority(next) << 13))) >>> 0;
  }

  // --- scheduler

  private priority(channel: number): number {
    return this.device.get('SDMA_CHNPRI', channel);
  }

  /** Channels that may run, as bits. */
  private get runnable(): number {
    const { device } = this;
    const host = device.get('STOP_STAT') | device.get('HOSTOVR');
    const event = device.get('EVTPEND') | device.get('EVTOVR');
    return (host & event & device.get('DSPOVR') & ~this.idle) >>> 0;
  }

  /** The channel of the highest priority that may run; among equals the one that runs, then the highest number. */
  private pick(without = 0): number | undefined {
    let best: number | undefined;
    let most = 0;
    const runnable = this.runnable & ~without;
    for (let channel = SDMA_CHANNELS - 1; channel >= 0; channel--) {
      const priority = (runnable >>> channel) & 1 ? this.priority(channel) : 0;
      if (priority > most || (priority === most && priority > 0 && channel === this.running)) {
        best = channel;
        most = priority;
      }
    }
    return best;
  }

  /** Something changed that may let `channels` run (all unless given). */
  private wake(channels = 0xffff_ffff): void {
    this.idle &= ~channels;
    if (!this.timer.armed) this.next();
  }

  private next(): void {
    const channel = this.pick();
    this.running = channel;
    if (channel === undefined) this.timer.cancel();
    else this.timer.armIn(this.duration(channel));
  }

  private halt(): void {
    this.timer.cancel();
    this.running = undefined;
    this.moved.fill(0);
    this.idle = 0;
  }

  private clockChanged(): void {
    if (this.running !== undefined && !this.timer.armed) this.next();
  }

  /** Cycles of the base clock that the channel's next piece takes. */
  private duration(channel: number): number {
    const { clocks, clock, scheduler } = this.options;
    return (this.cost(channel) * scheduler.hz) / clocks.hz(clock);
  }

  private cost(channel: number): number {
    const descriptor = this.descriptor(channel);
    if (!isOwned(descriptor)) return COST.channel;
    if (channel === 0) return COST.channel + descriptor.count * COST.memoryWord;
    const { pc, watermark } = this.context(channel);
    const memoryToMemory = this.script(pc)?.kind === 'memory';
    const bytes = pieceSize(descriptor, this.moved[channel]!, memoryToMemory, watermark);
    return COST.channel + (memoryToMemory ? Math.ceil(bytes / 4) * COST.memoryWord : bytes * COST.peripheralByte);
  }

  // --- channels

  private complain(channel: number, text: string): void {
    this.options.diagnostics.guestError(this.options.name, `channel ${channel}`, text);
  }

  private descriptor(channel: number): BufferDescriptor | undefined {
    return currentDescriptor(this.options.ports.burst, this.device.get('MC0PTR'), channel);
  }

  private get contextSize(): number {
    return this.device.field('CHN0ADDR', 'SMSZ') ? 32 : 24;
  }

  private context(channel: number): ChannelContext {
    return contextOf(this.ram, channel, this.contextSize);
  }

  private script(pc: number): SdmaScript | undefined {
    return SDMA_ROMS[this.options.rom].get(pc);
  }

  /** The time for a piece is over. */
  private due(): void {
    const { running } = this;
    if (running !== undefined && (this.runnable >>> running) & 1) {
      if (running === 0) this.boot();
      else this.runScript(running);
    }
    this.next();
    this.settle();
  }

  private boot(): void {
    const descriptor = this.descriptor(0);
    if (!isOwned(descriptor)) {
      if (!descriptor) this.complainOfNone(0);
      this.finish(0);
      return;
    }
    const { ports } = this.options;
    const locked = this.device.field('SDMA_LOCK', 'LOCK') === 1;
    const { error, loaded, complaint } = bootCommand(ports.burst, this.ram, descriptor, { contextSize: this.contextSize, locked });
    if (complaint) this.complain(0, complaint);
    for (let channel = 0; channel < SDMA_CHANNELS; channel++) if ((loaded >>> channel) & 1) this.moved[channel] = 0;
    this.idle &= ~loaded;
    this.close(0, descriptor, descriptor.count, error);
  }

  private runScript(channel: number): void {
    const context = this.context(channel);
    const script = this.script(context.pc);
    if (!script || script.kind === 'unmodelled') {
      const what = script ? script.name : `${context.pc} (${context.pc < 0x1000 ? 'ROM' : 'RAM'})`;
      this.options.diagnostics.unimplemented(this.options.name, `script ${what}`, 'is not modelled; its channel stands still');
      this.idle |= 1 << channel;
      return;
    }
    const descriptor = this.descriptor(channel);
    if (!isOwned(descriptor)) {
      if (!descriptor) this.complainOfNone(channel);
      this.finish(channel);
      return;
    }
    const done = this.moved[channel]!;
    const piece = this.piece(script, context, descriptor, done);
    const moved = done + piece.bytes;
    if (piece.fault) {
      const back = `its descriptor at ${hex32(descriptor.at)} goes back with R, and the channel stops`;
      this.complain(channel, `${script.name}: ${describeBusError(piece.fault)}; ${back}`);
    }
    this.moved[channel] = moved;
    if (script.kind !== 'memory') this.served(channel);
    if (piece.error || piece.closes || moved >= descriptor.count) this.close(channel, descriptor, moved, piece.error === true);
  }

  private piece(script: SdmaScript, context: ChannelContext, descriptor: BufferDescriptor, done: number): Piece {
    const { kind } = script;
    const { ports } = this.options;
    if (kind === 'from-uart') return uartPiece(waysOf(ports, script), descriptor, done, context);
    if (kind === 'from-peripheral' || kind === 'to-peripheral')
      return peripheralPiece(waysOf(ports, script), descriptor, done, context, kind);
    return memoryPiece(ports.burst, descriptor, done);
  }

  /** A request was served; one that is still up asks for more. */
  private served(channel: number): void {
    this.clear('EVTPEND', 1 << channel);
    for (let event = 0; event < SDMA_EVENTS; event++) {
      const up = (this.device.get(event < 32 ? 'EVT_MIRROR' : 'EVT_MIRROR2') >>> (event % 32)) & 1;
      if (up && (this.device.get('CHNENBL', event) >>> channel) & 1) this.set('EVTPEND', 1 << channel);
    }
  }

  /** Gives the descriptor back; the channel goes on with the next one if C says so. */
  private close(channel: number, descriptor: BufferDescriptor, count: number, error: boolean): void {
    const lost = closeDescriptor(this.options.ports.burst, this.device.get('MC0PTR'), channel, descriptor, { count, error });
    if (lost !== undefined) {
      const what = `its descriptor at ${hex32(descriptor.at)} cannot be given back, and the channel stops`;
      this.complain(channel, `${describeBusError({ address: lost, write: true })}: ${what}`);
    }
    const failed = error || lost !== undefined;
    this.moved[channel] = 0;
    if (failed || descriptor.status & BD.I) this.interruptFor(1 << channel);
    if (failed || !(descriptor.status & BD.C)) this.finish(channel);
  }

  private complainOfNone(channel: number): void {
    const pointer = hex32(this.device.get('MC0PTR'));
    this.complain(channel, `was started without a buffer descriptor: its control block, by MC0PTR ${pointer}, holds none that can be read`);
  }

  /** The script has nothing more to do (`done 3`): it waits to be started again, which HSTART may have done already. */
  private finish(channel: number): void {
    const bit = (1 << channel) >>> 0;
    const again = (this.device.get('HSTART') & bit) !== 0;
    this.clear('HSTART', bit);
    this.clear('EVTPEND', bit);
    if (again) return;
    this.clear('STOP_STAT', bit);
    this.idle |= bit;
  }

  private interruptFor(channels: number): void {
    this.set('INTR', channels);
    this.settle();
  }

  /** Drives the interrupt line from the present state. */
  private settle(): void {
    const level = this.device.get('INTR') !== 0;
    if (level === this.level) return;
    this.level = level;
    this.options.interrupt(level);
  }
}
