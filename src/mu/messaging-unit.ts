/**
 * A Messaging Unit: two mirrored register blocks through which two processors exchange words, general interrupts and flags.
 *
 * One state machine for every layout of `mu-layout.ts`. Both sides act at once (FUP and EP never read as 1). Contents survive a reset
 * of either processor; only MUR or a reset of the SoC clears them. Not modelled: resetting, holding or interrupting (NMI) the other
 * processor through HR, RSTH and NMI: these bits are stored and reported.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { assertNever } from '../errors.ts';
import type { EventHub } from '../events.ts';
import { mask } from '../memory/bits.ts';
import type { BusDevice } from '../memory/bus.ts';
import { type FieldSpec, type RegisterBehaviour, RegisterFile, type RegisterMap, type RegisterSpec } from '../memory/registers.ts';
import type { MuField, MuLayout, MuRegister, MuSignal } from './mu-layout.ts';

/** What the MU shows one processor of the other's state. */
export type ProcessorState = 'run' | 'wait' | 'stop' | 'reset';

/** Bits of CSSR0 and CSR0 (v2) for each state. */
const CORE_STATE: Record<ProcessorState, number> = { run: 1 << 2, reset: 1 << 3, wait: 1 << 5, stop: 1 << 6 };
/** SR.PM (v1). */
const POWER_MODE: Record<ProcessorState, number> = { run: 0, reset: 0, wait: 1, stop: 3 };
/** Registers that act on channels have this many bits at most. */
const FLAG_MASK = 7;

/** What a `MessagingUnit` needs. */
export interface MessagingUnitOptions {
  /** Name in events and diagnostics (`MU1`). */
  readonly name: string;
  readonly layout: MuLayout;
  /** Present cycle, for events. */
  readonly now: () => number;
  readonly diagnostics: Diagnostics;
  readonly events: EventHub;
  /** Level of each side's interrupt line, called when it changes. */
  readonly interruptA: (level: boolean) => void;
  readonly interruptB: (level: boolean) => void;
}

/** The unit; `a` and `b` are its two faces on the bus. */
export class MessagingUnit {
  readonly name: string;
  readonly layout: MuLayout;
  readonly a: MuSide;
  readonly b: MuSide;
  private readonly sram: Uint8Array;

  constructor(options: MessagingUnitOptions) {
    this.name = options.name;
    this.layout = options.layout;
    this.sram = new Uint8Array(options.layout.sram?.size ?? 0);
    this.a = new MuSide('A', options, this.sram, options.interruptA);
    this.b = new MuSide('B', options, this.sram, options.interruptB);
    this.a.connect(this.b);
    this.b.connect(this.a);
  }

  /** Reset of the whole SoC: both sides and the memory. */
  reset(): void {
    this.sram.fill(0);
    this.a.clear();
    this.b.clear();
    this.a.settle();
  }

  /** Tells the unit that the processor of `side` runs, sleeps or is in reset; its peer sees it in SR or CSSR0. */
  setProcessorState(side: 'A' | 'B', state: ProcessorState): void {
    (side === 'A' ? this.a : this.b).setState(state);
  }
}

/** One side: a block of registers, an interrupt line. */
export class MuSide implements BusDevice {
  readonly side: 'A' | 'B';
  private readonly options: MessagingUnitOptions;
  private readonly layout: MuLayout;
  private readonly sram: Uint8Array;
  private readonly line: (level: boolean) => void;
  private readonly file: RegisterFile<RegisterMap>;
  private peer!: MuSide;
  /** Words received; kept after they were read, until the peer overwrites them. */
  private readonly received: Uint32Array;
  /** Channels whose word a whole read has already taken. */
  private taken = 0;
  private full = 0;
  private pending = 0;
  private transmitEnable = 0;
  private receiveEnable = 0;
  private generalEnable = 0;
  private flags = 0;
  private resetPending = 0;
  private resetEnable = 0;
  private deassertPending = 0;
  private deassertEnable = 0;
  private coreEvents = 0;
  private coreEnable = 0;
  private control = 0;
  private state: ProcessorState = 'run';
  private level = false;
  private wholeRead = true;

  constructor(side: 'A' | 'B', options: MessagingUnitOptions, sram: Uint8Array, line: (level: boolean) => void) {
    this.side = side;
    this.options = options;
    this.layout = options.layout;
    this.sram = sram;
    this.line = line;
    this.received = new Uint32Array(options.layout.channels);
    this.file = this.buildFile();
  }

  /** @internal Wires the two sides together. */
  connect(peer: MuSide): void {
    this.peer = peer;
  }

  /** Level of the interrupt line. */
  get interrupt(): boolean {
    return this.level;
  }

  read(offset: number, size: number): number {
    if (this.inSram(offset, size)) return this.readSram(offset, size);
    this.wholeRead = size === 4;
    return this.file.read(offset, size);
  }

  registerName(offset: number): string | undefined {
    return this.file.registerName(offset);
  }

  /** All but the receive registers: the peer's accesses are events. */
  steady(offset: number): boolean {
    const { receive, channels } = this.layout;
    return offset < receive || offset >= receive + 4 * channels;
  }

  peek(offset: number, size: number): number {
    return this.inSram(offset, size) ? this.readSram(offset, size) : this.file.peek(offset, size);
  }

  write(offset: number, value: number, size: number): boolean {
    if (!this.inSram(offset, size)) return this.file.write(offset, value, size);
    const start = offset - this.layout.sram!.offset;
    for (let i = 0; i < size; i++) this.sram[start + i] = value >>> (8 * i);
    return true;
  }

  /** @internal Puts this side to its reset state without touching the line; `settle` follows. */
  clear(): void {
    this.received.fill(0);
    this.taken = 0;
    this.full = 0;
    this.pending = 0;
    this.transmitEnable = 0;
    this.receiveEnable = 0;
    this.generalEnable = 0;
    this.flags = 0;
    this.resetPending = 0;
    this.resetEnable = 0;
    this.deassertPending = 0;
    this.deassertEnable = 0;
    this.coreEvents = 0;
    this.coreEnable = 0;
    this.control = 0;
  }

  /** @internal Called by the unit when this side's processor changes state. */
  setState(state: ProcessorState): void {
    if (state === this.state) return;
    if (this.state === 'reset') this.peer.deassertPending = 1;
    this.state = state;
    this.peer.coreEvents |= CORE_STATE[state];
    this.settle();
  }

  /** @internal Drives both interrupt lines from the present state. */
  settle(): void {
    this.drive();
    this.peer.drive();
  }

  private drive(): void {
    const level =
      ((this.pending & this.generalEnable) |
        (this.empty & this.transmitEnable) |
        (this.full & this.receiveEnable) |
        (this.resetPending & this.resetEnable) |
        (this.deassertPending & this.deassertEnable) |
        (this.coreEvents & this.coreEnable)) !==
      0;
    if (level === this.level) return;
    this.level = level;
    this.line(level);
  }

  /** Channels whose transmit register is empty: the peer has taken what was sent. */
  private get empty(): number {
    return ~this.peer.full & mask(this.layout.channels);
  }

  private emit(action: 'transmit' | 'receive' | 'general' | 'acknowledge' | 'flags' | 'reset', channel: number, value: number): void {
    const { events, name, now } = this.options;
    events.emit({ type: 'mu', cycle: now(), mu: name, side: this.side, action, channel, value });
  }

  private get block(): string {
    return `${this.options.name}_${this.side}`;
  }

  private transmit(channel: number, value: number): void {
    const bit = 1 << channel;
    if (this.peer.full & bit) {
      this.options.diagnostics.guestError(
        this.block,
        `TR${channel}`,
        'written while TE is 0: the peer loses the word that it has not read',
      );
    }
    this.peer.received[channel] = value;
    this.peer.full |= bit;
    this.peer.taken &= ~bit;
    this.emit('transmit', channel, value);
    this.settle();
  }

  private receive(channel: number): void {
    const bit = 1 << channel;
    if (this.full & bit) {
      this.full &= ~bit;
      if (this.wholeRead) this.taken |= bit;
      this.emit('receive', channel, this.received[channel]!);
      this.settle();
    } else if (this.wholeRead && this.taken & bit) {
      this.options.diagnostics.guestError(this.block, `RR${channel}`, 'read while RF is 0: the same word is taken twice');
    }
  }

  /** Value of a signal, channel n at bit n. */
  private signal(signal: MuSignal): number {
    const { peer } = this;
    switch (signal) {
      case 'TE':
        return this.empty;
      case 'RF':
        return this.full;
      case 'GIP':
        return this.pending;
      case 'GIR':
        return peer.pending;
      case 'TIE':
        return this.transmitEnable;
      case 'RIE':
        return this.receiveEnable;
      case 'GIE':
        return this.generalEnable;
      case 'F':
        return this.flags;
      case 'PF':
        return peer.flags;
      case 'MURIP':
        return this.resetPending;
      case 'MURIE':
        return this.resetEnable;
      case 'GIRP':
        return this.pending ? 1 : 0;
      case 'TEP':
        return this.empty ? 1 : 0;
      case 'RFP':
        return this.full ? 1 : 0;
      case 'CEP':
        return this.coreEvents ? 1 : 0;
      case 'PM':
        return POWER_MODE[peer.state];
      case 'RS':
        return peer.state === 'reset' ? 1 : 0;
      case 'RDIP':
        return this.deassertPending;
      case 'RDIE':
        return this.deassertEnable;
      case 'CSSR':
        return this.coreEvents;
      case 'CIER':
        return this.coreEnable;
      case 'CSR':
        return CORE_STATE[peer.state];
      case 'CONTROL':
        return this.control;
      case 'MUR':
      case 'ZERO':
        return 0;
      default:
        return assertNever(signal);
    }
  }

  /** A guest's write: `ones` were written as 1, `kept` are the bits outside the written lanes; channel n at bit n. */
  private writeSignal(signal: MuSignal, ones: number, kept: number): void {
    const merge = (old: number): number => (old & kept) | ones;
    switch (signal) {
      case 'GIP':
        this.acknowledge(ones & this.pending);
        break;
      case 'GIR':
        this.request(ones & ~this.peer.pending);
        break;
      case 'TIE':
        this.transmitEnable = merge(this.transmitEnable);
        break;
      case 'RIE':
        this.receiveEnable = merge(this.receiveEnable);
        break;
      case 'GIE':
        this.generalEnable = merge(this.generalEnable);
        break;
      case 'F':
        this.setFlags(merge(this.flags) & FLAG_MASK);
        break;
      case 'MUR':
        if (ones) this.resetBoth();
        break;
      case 'MURIP':
        this.resetPending &= ~ones;
        break;
      case 'MURIE':
        this.resetEnable = merge(this.resetEnable);
        break;
      case 'RDIP':
        this.deassertPending &= ~ones;
        break;
      case 'RDIE':
        this.deassertEnable = merge(this.deassertEnable);
        break;
      case 'CSSR':
        this.coreEvents &= ~ones;
        break;
      case 'CIER':
        this.coreEnable = merge(this.coreEnable);
        break;
      case 'CONTROL':
        this.control = merge(this.control);
        if (ones)
          this.options.diagnostics.unimplemented(this.block, 'CONTROL', 'control of the other processor through the MU has no effect');
        break;
      default:
        // Read-only signals.
        break;
    }
  }

  private acknowledge(channels: number): void {
    this.pending &= ~channels;
    for (let n = 0; n < this.layout.channels; n++) if (channels & (1 << n)) this.emit('acknowledge', n, 0);
  }

  private request(channels: number): void {
    this.peer.pending |= channels;
    for (let n = 0; n < this.layout.channels; n++) if (channels & (1 << n)) this.emit('general', n, 1);
  }

  private setFlags(flags: number): void {
    if (flags === this.flags) return;
    this.flags = flags;
    this.emit('flags', 0, flags);
  }

  private resetBoth(): void {
    this.clear();
    this.peer.clear();
    this.peer.resetPending = 1;
    this.emit('reset', 0, 0);
  }

  private buildFile(): RegisterFile<RegisterMap> {
    const { channels, transmit, receive, registers } = this.layout;
    const map: Record<string, RegisterSpec> = {
      TR: { offset: transmit, count: channels, access: 'wo' },
      RR: { offset: receive, count: channels, access: 'ro' },
    };
    const behaviour: Record<string, RegisterBehaviour> = {
      TR: { write: (next, _previous, channel) => this.transmit(channel, next) },
      RR: { value: (channel) => this.received[channel]!, read: (channel) => this.receive(channel) },
    };
    for (const register of registers) {
      const fields: Record<string, FieldSpec> = {};
      for (const { name, lsb, width } of register.fields) fields[name] = { lsb, width, access: 'rw' };
      map[register.name] = { offset: register.offset, access: 'ro', fields };
      behaviour[register.name] = {
        value: () => this.readRegister(register),
        write: (_next, _previous, _index, written, lanes) => this.writeRegister(register, written, lanes),
      };
    }
    return new RegisterFile(map, { name: this.block, diagnostics: this.options.diagnostics, behaviour });
  }

  private readRegister(register: MuRegister): number {
    let value = register.constant ?? 0;
    for (const field of register.fields) value |= order(this.signal(field.signal), field) << field.lsb;
    return value >>> 0;
  }

  private writeRegister(register: MuRegister, written: number, lanes: number): void {
    const wasReset = register.fields.some(({ signal, lsb }) => signal === 'MUR' && (written >>> lsb) & 1);
    for (const field of register.fields) {
      const width = mask(field.width);
      // A write that resets the unit leaves no other trace.
      if (wasReset && field.signal !== 'MUR') continue;
      const ones = order((written >>> field.lsb) & width, field);
      const kept = order(~(lanes >>> field.lsb) & width, field);
      this.writeSignal(field.signal, ones, kept);
    }
    this.settle();
  }

  private inSram(offset: number, size: number): boolean {
    const { sram } = this.layout;
    return sram !== undefined && offset >= sram.offset && offset + size <= sram.offset + sram.size;
  }

  private readSram(offset: number, size: number): number {
    const start = offset - this.layout.sram!.offset;
    let value = 0;
    for (let i = 0; i < size; i++) value += this.sram[start + i]! * 2 ** (8 * i);
    return value;
  }
}

/** Turns a field's bits into channels or back: v1 counts its channels down. */
function order(bits: number, field: MuField): number {
  if (!field.descending) return bits;
  let turned = 0;
  for (let n = 0; n < field.width; n++) if (bits & (1 << n)) turned |= 1 << (field.width - 1 - n);
  return turned;
}
