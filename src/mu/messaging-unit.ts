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
/** Four bits, as many as there are channels, in the opposite order. */
const TURNED = Uint8Array.from({ length: 16 }, (_, bits) => ((bits & 1) << 3) | ((bits & 2) << 1) | ((bits & 4) >> 1) | (bits >> 3));

/**
 * What becomes of a word or a general interrupt on its way to the other side: it arrives; it is lost, and the sender finds it taken; it stays
 * where it is, so that the sender finds it not taken.
 */
export type DoorbellFate = 'arrives' | 'lost' | 'stays';

/** A word or a general interrupt that one side has sent. */
export interface Doorbell {
  readonly side: 'A' | 'B';
  readonly kind: 'word' | 'general';
  readonly channel: number;
  /** 1 for a general interrupt. */
  readonly value: number;
}

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

const REGISTER_MAPS = new WeakMap<MuLayout, RegisterMap>();

/** The registers of a layout as a list; one for all units. */
function registerMap(layout: MuLayout): RegisterMap {
  const known = REGISTER_MAPS.get(layout);
  if (known) return known;
  const { channels, transmit, receive, registers } = layout;
  const map: Record<string, RegisterSpec> = {
    TR: { offset: transmit, count: channels, access: 'wo' },
    RR: { offset: receive, count: channels, access: 'ro' },
  };
  for (const register of registers) {
    const fields: Record<string, FieldSpec> = {};
    for (const { name, lsb, width } of register.fields) fields[name] = { lsb, width, access: 'rw' };
    map[register.name] = { offset: register.offset, access: 'ro', fields };
  }
  REGISTER_MAPS.set(layout, map);
  return map;
}

/** The unit; `a` and `b` are its two faces on the bus. */
export class MessagingUnit {
  static readonly wiring = ['interposer'];
  readonly name: string;
  readonly layout: MuLayout;
  readonly a: MuSide;
  readonly b: MuSide;
  /** Decides what becomes of each doorbell, for whoever wants to see how processors get on with a bad unit; all arrive without it. */
  interposer: ((doorbell: Doorbell) => DoorbellFate) | undefined;
  private readonly sram: Uint8Array;

  constructor(options: MessagingUnitOptions) {
    this.name = options.name;
    this.layout = options.layout;
    this.sram = new Uint8Array(options.layout.sram?.size ?? 0);
    const fate = (doorbell: Doorbell): DoorbellFate => this.interposer?.(doorbell) ?? 'arrives';
    this.a = new MuSide('A', options, this.sram, options.interruptA, fate);
    this.b = new MuSide('B', options, this.sram, options.interruptB, fate);
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

  /** A doorbell that was lost or stayed arrives after all, or arrives again; false when the other side has not taken the one before. */
  deliver(doorbell: Doorbell): boolean {
    return (doorbell.side === 'A' ? this.b : this.a).arrive(doorbell);
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
  private readonly fate: (doorbell: Doorbell) => DoorbellFate;
  private readonly file: RegisterFile<RegisterMap>;
  private peer!: MuSide;
  /** Words received; kept after they were read, until the peer overwrites them. */
  private readonly received: Uint32Array;
  /** Channels whose word a whole read has already taken. */
  private taken = 0;
  private full = 0;
  private pending = 0;
  /** Channels whose word, or general interrupt, from the peer has not arrived, and counts as not taken. */
  private wordsDue = 0;
  private generalsDue = 0;
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

  constructor(
    side: 'A' | 'B',
    options: MessagingUnitOptions,
    sram: Uint8Array,
    line: (level: boolean) => void,
    fate: (doorbell: Doorbell) => DoorbellFate,
  ) {
    this.side = side;
    this.fate = fate;
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
    this.wordsDue = 0;
    this.generalsDue = 0;
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
    return ~(this.peer.full | this.peer.wordsDue) & mask(this.layout.channels);
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
    if ((this.peer.full | this.peer.wordsDue) & bit) {
      this.options.diagnostics.guestError(
        this.block,
        `TR${channel}`,
        'written while TE is 0: the peer loses the word that it has not read',
      );
    }
    this.peer.wordsDue &= ~bit;
    const fate = this.fate({ side: this.side, kind: 'word', channel, value });
    if (fate === 'arrives') this.peer.store(channel, value);
    else if (fate === 'stays') this.peer.wordsDue |= bit;
    this.emit('transmit', channel, value);
    this.settle();
  }

  private store(channel: number, value: number): void {
    this.received[channel] = value;
    this.full |= 1 << channel;
    this.taken &= ~(1 << channel);
  }

  /** @internal Called by the unit: what the peer sent arrives at this side; false when the one before has not been taken. */
  arrive({ kind, channel, value }: Doorbell): boolean {
    const bit = 1 << channel;
    if ((kind === 'word' ? this.full : this.pending) & bit) return false;
    if (kind === 'word') {
      this.wordsDue &= ~bit;
      this.store(channel, value);
    } else {
      this.generalsDue &= ~bit;
      this.pending |= bit;
    }
    this.settle();
    return true;
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

  /** What gives the value of a signal, channel n at bit n; undefined for one that always reads as 0. */
  private signal(signal: MuSignal): (() => number) | undefined {
    switch (signal) {
      case 'TE':
        return () => this.empty;
      case 'RF':
        return () => this.full;
      case 'GIP':
        return () => this.pending;
      case 'GIR':
        return () => this.peer.pending | this.peer.generalsDue;
      case 'TIE':
        return () => this.transmitEnable;
      case 'RIE':
        return () => this.receiveEnable;
      case 'GIE':
        return () => this.generalEnable;
      case 'F':
        return () => this.flags;
      case 'PF':
        return () => this.peer.flags;
      case 'MURIP':
        return () => this.resetPending;
      case 'MURIE':
        return () => this.resetEnable;
      case 'GIRP':
        return () => (this.pending ? 1 : 0);
      case 'TEP':
        return () => (this.empty ? 1 : 0);
      case 'RFP':
        return () => (this.full ? 1 : 0);
      case 'CEP':
        return () => (this.coreEvents ? 1 : 0);
      case 'PM':
        return () => POWER_MODE[this.peer.state];
      case 'RS':
        return () => (this.peer.state === 'reset' ? 1 : 0);
      case 'RDIP':
        return () => this.deassertPending;
      case 'RDIE':
        return () => this.deassertEnable;
      case 'CSSR':
        return () => this.coreEvents;
      case 'CIER':
        return () => this.coreEnable;
      case 'CSR':
        return () => CORE_STATE[this.peer.state];
      case 'CONTROL':
        return () => this.control;
      case 'MUR':
      case 'ZERO':
        return undefined;
      default:
        return assertNever(signal);
    }
  }

  /**
   * What a guest's write to a signal does; undefined where it does nothing. `ones` were written as 1, `kept` are the bits outside the written
   * lanes; channel n at bit n.
   */
  private setter(signal: MuSignal): ((ones: number, kept: number) => void) | undefined {
    switch (signal) {
      case 'GIP':
        return (ones) => this.acknowledge(ones & this.pending);
      case 'GIR':
        return (ones) => this.request(ones & ~(this.peer.pending | this.peer.generalsDue));
      case 'TIE':
        return (ones, kept) => {
          this.transmitEnable = (this.transmitEnable & kept) | ones;
        };
      case 'RIE':
        return (ones, kept) => {
          this.receiveEnable = (this.receiveEnable & kept) | ones;
        };
      case 'GIE':
        return (ones, kept) => {
          this.generalEnable = (this.generalEnable & kept) | ones;
        };
      case 'F':
        return (ones, kept) => this.setFlags(((this.flags & kept) | ones) & FLAG_MASK);
      case 'MURIP':
        return (ones) => {
          this.resetPending &= ~ones;
        };
      case 'MURIE':
        return (ones, kept) => {
          this.resetEnable = (this.resetEnable & kept) | ones;
        };
      case 'RDIP':
        return (ones) => {
          this.deassertPending &= ~ones;
        };
      case 'RDIE':
        return (ones, kept) => {
          this.deassertEnable = (this.deassertEnable & kept) | ones;
        };
      case 'CSSR':
        return (ones) => {
          this.coreEvents &= ~ones;
        };
      case 'CIER':
        return (ones, kept) => {
          this.coreEnable = (this.coreEnable & kept) | ones;
        };
      case 'CONTROL':
        return (ones, kept) => {
          this.control = (this.control & kept) | ones;
          if (ones)
            this.options.diagnostics.unimplemented(this.block, 'CONTROL', 'control of the other processor through the MU has no effect');
        };
      default:
        // Read-only signals.
        return undefined;
    }
  }

  private acknowledge(channels: number): void {
    this.pending &= ~channels;
    for (let n = 0; n < this.layout.channels; n++) if (channels & (1 << n)) this.emit('acknowledge', n, 0);
  }

  private request(channels: number): void {
    for (let channel = 0; channel < this.layout.channels; channel++) {
      const bit = channels & (1 << channel);
      if (!bit) continue;
      const fate = this.fate({ side: this.side, kind: 'general', channel, value: 1 });
      if (fate === 'arrives') this.peer.pending |= bit;
      else if (fate === 'stays') this.peer.generalsDue |= bit;
      this.emit('general', channel, 1);
    }
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
    const behaviour: Record<string, RegisterBehaviour> = {
      TR: { write: (next, _previous, channel) => this.transmit(channel, next) },
      RR: { value: (channel) => this.received[channel]!, read: (channel) => this.receive(channel) },
    };
    for (const register of this.layout.registers) {
      const write = this.writer(register);
      behaviour[register.name] = {
        value: this.reader(register),
        write: (_next, _previous, _index, written, lanes) => write(written, lanes),
      };
    }
    return new RegisterFile(registerMap(this.layout), { name: this.block, diagnostics: this.options.diagnostics, behaviour });
  }

  /** What gives the value of `register`; both processors ask for it several times for each message. */
  private reader(register: MuRegister): () => number {
    const { constant = 0 } = register;
    const fields = register.fields.flatMap(({ signal, lsb, descending }) => {
      const get = this.signal(signal);
      return get ? [{ get, lsb, descending }] : [];
    });
    return () => {
      let value = constant;
      for (const { get, lsb, descending } of fields) {
        const bits = get();
        if (bits !== 0) value |= (descending ? TURNED[bits]! : bits) << lsb;
      }
      return value >>> 0;
    };
  }

  /** What a write of `register` does. */
  private writer(register: MuRegister): (written: number, lanes: number) => void {
    const reset = register.fields.find(({ signal }) => signal === 'MUR');
    const fields = register.fields.flatMap((field) => {
      const set = this.setter(field.signal);
      return set ? [{ field, set, width: mask(field.width) }] : [];
    });
    return (written, lanes) => {
      // A write that resets the unit leaves no other trace.
      if (reset && (written >>> reset.lsb) & 1) this.resetBoth();
      else {
        for (const { field, set, width } of fields)
          set(order((written >>> field.lsb) & width, field), order(~(lanes >>> field.lsb) & width, field));
      }
      this.settle();
    };
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
  return field.descending ? TURNED[bits]! : bits;
}
