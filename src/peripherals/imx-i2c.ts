/**
 * The i.MX I2C controller of 6SX, 7D and the 8M family (not LPI2C): master and target, interrupts, bits in virtual time.
 *
 * Described in the I2C chapter of the reference manuals. A byte takes nine periods of SCL, START, repeated START and STOP one each (the manual
 * gives their parts in clocks of the module by IFDR). RXAK shows SDA at the ninth clock whoever drives it. Not modelled: clock stretching by
 * devices, arbitration bit by bit (a test says that it is lost), the filter on the lines. The controller has no DMA.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { bit, defineRegisters, field, RegisterFile } from '../memory/registers.ts';
import type { Scheduler, Timer } from '../time/scheduler.ts';
import type { I2cDevice } from './attached/attached-device.ts';
import type { ClockSource, ClockTree } from './clock-tree.ts';
import { I2cBus } from './i2c-bus.ts';
import { OutsideMaster } from './imx-i2c-master.ts';

/** Registers in manual order. They are 16 bits wide; accesses of other widths find zeros beside them. */
export const IMX_I2C = defineRegisters({
  IADR: { offset: 0x00, access: 'ro', fields: { ADR: field(1, 7) } },
  IFDR: { offset: 0x04, access: 'ro', fields: { IC: field(0, 6) } },
  I2CR: {
    offset: 0x08,
    access: 'ro',
    fields: { RSTA: bit(2, 'wo'), TXAK: bit(3), MTX: bit(4), MSTA: bit(5), IIEN: bit(6), IEN: bit(7) },
  },
  I2SR: {
    offset: 0x0c,
    reset: 0x81,
    access: 'ro',
    // IIF and IAL are cleared by writing 0.
    fields: {
      RXAK: bit(0, 'ro'),
      IIF: bit(1, 'ro'),
      SRW: bit(2, 'ro'),
      IAL: bit(4, 'ro'),
      IBB: bit(5, 'ro'),
      IAAS: bit(6, 'ro'),
      ICF: bit(7, 'ro'),
    },
  },
  I2DR: { offset: 0x10, access: 'ro', fields: { DATA: field(0, 8) } },
});

const RSTA = 1 << 2;
const MTX = 1 << 4;
const MSTA = 1 << 5;
const IEN = 1 << 7;
const IIF = 1 << 1;
const IAL = 1 << 4;
const IBB = 1 << 5;

/** Module clocks of a period of SCL, by IFDR.IC. */
const DIVIDERS = [
  30, 32, 36, 42, 48, 52, 60, 72, 80, 88, 104, 128, 144, 160, 192, 240, 288, 320, 384, 480, 576, 640, 768, 960, 1152, 1280, 1536, 1920,
  2304, 2560, 3072, 3840, 22, 24, 26, 28, 32, 36, 40, 44, 48, 56, 64, 72, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640,
  768, 896, 1024, 1280, 1536, 1792, 2048,
] as const;
const BYTE_BITS = 9;
const CONDITION_BITS = 1;
/** What another master that won arbitration goes on with: a byte and its STOP. */
const RIVAL_BITS = BYTE_BITS + CONDITION_BITS;
const PULLED_UP = 0xff;

/** What an `ImxI2c` needs. */
export interface ImxI2cOptions {
  readonly name: string;
  readonly clock: ClockSource;
  readonly clocks: ClockTree;
  readonly scheduler: Scheduler;
  readonly diagnostics: Diagnostics;
  /** The device that a name stands for. */
  readonly definition: (id: string) => I2cDevice;
  readonly interrupt: (level: boolean) => void;
}

/** One controller with its bus. */
export class ImxI2c {
  readonly device: RegisterFile<typeof IMX_I2C>;
  /** The devices on its bus. */
  readonly bus: I2cBus;
  /** A master elsewhere on the bus. */
  readonly outside: OutsideMaster;
  private readonly options: ImxI2cOptions;
  private readonly timer: Timer;
  /** What is being generated on the lines; `rival` is another master that won. */
  private phase: 'idle' | 'start' | 'restart' | 'send' | 'receive' | 'stop' | 'rival' = 'idle';
  /** The bus is this controller's, from its START to its STOP. */
  private owned = false;
  /** The next byte is an address. */
  private addressNext = false;
  private direction: 'write' | 'read' = 'write';
  private shifting = 0;
  /** Byte that was written while a START was being generated, or -1. */
  private queued = -1;
  private stopWanted = false;
  private restartWanted = false;
  private received = 0;
  /** Bytes of this controller that lose arbitration to come. */
  private losses = 0;
  /** Somebody holds SDA low for good. */
  private stuck = false;
  private level = false;

  constructor(options: ImxI2cOptions) {
    const { name, scheduler, diagnostics, definition } = options;
    this.options = options;
    this.timer = scheduler.timer(name, () => this.due());
    this.bus = new I2cBus({ name, scheduler, diagnostics, definition });
    this.outside = new OutsideMaster({ name, scheduler, target: this });
    this.device = new RegisterFile(IMX_I2C, {
      name,
      diagnostics,
      behaviour: {
        I2CR: { write: (next, previous) => this.control(next, previous) },
        I2SR: {
          value: () => this.status(),
          steady: true,
          write: (_next, _previous, _index, written, lanes) => this.clear(lanes & ~written),
        },
        I2DR: { value: () => this.received, read: () => this.dataRead(), write: (next) => this.dataWritten(next) },
      },
    });
  }

  /** Reset of the SoC; what is attached stays so. */
  reset(): void {
    this.disable();
    this.device.reset();
    this.received = 0;
    this.settle();
  }

  /** Bits per second by IFDR and the module's clock. */
  get hz(): number {
    const { clocks, clock } = this.options;
    return clocks.hz(clock) / DIVIDERS[this.device.field('IFDR', 'IC')]!;
  }

  /** The next byte of this controller, or the one that is under way, loses arbitration to another master. */
  loseArbitration(): void {
    this.losses++;
  }

  /** Somebody on the bus holds SDA low (true) or lets it go: IBB stays set meanwhile. */
  hold(stuck: boolean): void {
    this.stuck = stuck;
    if (!stuck) this.outside.begin();
    this.settle();
  }

  // --- as a target of an outside master

  get free(): boolean {
    return !this.stuck && !this.owned && this.phase === 'idle';
  }

  changed(): void {
    this.settle();
  }

  addressed(byte: number): boolean {
    const mine = (this.device.get('I2CR') & (IEN | MSTA)) === IEN && byte >>> 1 === this.device.field('IADR', 'ADR');
    if (!mine) return false;
    this.received = byte;
    this.device.setField('I2SR', 'IAAS', 1);
    this.device.setField('I2SR', 'SRW', byte & 1);
    this.complete(true);
    return true;
  }

  arrived(byte: number): boolean {
    this.received = byte;
    const acknowledged = !this.device.field('I2CR', 'TXAK');
    this.complete(acknowledged);
    return acknowledged;
  }

  sent(acknowledged: boolean): void {
    this.complete(acknowledged);
  }

  // --- registers

  private status(): number {
    const busy = this.owned || this.stuck || this.phase === 'rival' || this.outside.active;
    return this.device.get('I2SR') | (busy && this.enabled ? IBB : 0);
  }

  private get enabled(): boolean {
    return this.device.field('I2CR', 'IEN') === 1;
  }

  private clear(bits: number): void {
    this.device.set('I2SR', this.device.get('I2SR') & ~(bits & (IIF | IAL)));
    this.settle();
  }

  private control(next: number, previous: number): void {
    this.device.set('I2CR', next & ~RSTA);
    this.device.setField('I2SR', 'IAAS', 0);
    if (!(next & IEN)) {
      if (previous & IEN) this.disable();
      this.settle();
      return;
    }
    const wasMaster = (previous & (MSTA | IEN)) === (MSTA | IEN);
    if (next & MSTA && !wasMaster) this.startWanted();
    else if (!(next & MSTA) && wasMaster) this.stop();
    else if (next & RSTA) this.restart(wasMaster);
    this.settle();
  }

  private startWanted(): void {
    if (this.status() & IBB || this.phase !== 'idle') this.arbitrationLost();
    else this.arm('start', CONDITION_BITS);
  }

  private restart(wasMaster: boolean): void {
    if (!wasMaster) this.arbitrationLost();
    else if (this.phase === 'idle') this.arm('restart', CONDITION_BITS);
    else this.restartWanted = true;
  }

  /** A STOP follows what is under way. */
  private stop(): void {
    if (this.phase === 'idle') this.arm('stop', CONDITION_BITS);
    else this.stopWanted = true;
  }

  private dataWritten(byte: number): void {
    const control = this.device.get('I2CR');
    if (!(control & IEN) || !(control & MTX))
      this.complain('I2DR', `written ${control & IEN ? 'in receive mode' : 'while the block is disabled'}`);
    else if (this.outside.active && !(control & MSTA)) this.releaseBus(byte);
    else if (!(control & MSTA)) this.complain('I2DR', 'written without owning the bus');
    else if (this.phase === 'start' || this.phase === 'restart' || this.restartWanted) this.queued = byte;
    else if (this.phase === 'idle') this.send(byte);
    else this.complain('I2DR', 'written while a byte is being transferred: it is lost');
  }

  private dataRead(): void {
    const control = this.device.get('I2CR');
    if (!(control & IEN) || control & MTX) return;
    if (!(control & MSTA)) {
      if (this.outside.held) this.releaseBus();
      return;
    }
    if (this.phase === 'idle') {
      this.device.setField('I2SR', 'ICF', 0);
      this.arm('receive', BYTE_BITS);
    } else this.complain('I2DR', 'read while a byte is being transferred');
  }

  private releaseBus(byte?: number): void {
    if (!this.outside.held) return;
    this.device.setField('I2SR', 'ICF', 0);
    this.outside.release(byte);
  }

  private complain(register: string, text: string): void {
    this.options.diagnostics.guestError(this.options.name, register, text);
  }

  // --- as master

  private send(byte: number): void {
    this.shifting = byte;
    this.device.setField('I2SR', 'ICF', 0);
    this.arm('send', BYTE_BITS);
  }

  private arm(phase: ImxI2c['phase'], bits: number): void {
    this.phase = phase;
    this.timer.armIn((bits * this.options.scheduler.hz) / this.hz);
  }

  private due(): void {
    const { phase } = this;
    this.phase = 'idle';
    switch (phase) {
      case 'start':
      case 'restart':
        this.owned = true;
        this.addressNext = true;
        break;
      case 'send':
      case 'receive':
        if (this.losses > 0) {
          this.losses--;
          this.bus.stop();
          this.arbitrationLost();
          this.arm('rival', RIVAL_BITS);
          return;
        }
        this.complete(phase === 'send' ? this.byteSent() : this.byteReceived());
        break;
      case 'stop':
        this.bus.stop();
        this.owned = false;
        break;
      default:
        break;
    }
    this.goOn();
    this.settle();
    this.outside.begin();
  }

  /** What was asked for meanwhile. */
  private goOn(): void {
    if (this.phase !== 'idle') return;
    if (this.stopWanted) {
      this.stopWanted = false;
      this.restartWanted = false;
      this.queued = -1;
      if (this.owned) this.arm('stop', CONDITION_BITS);
    } else if (this.restartWanted) {
      this.restartWanted = false;
      this.arm('restart', CONDITION_BITS);
    } else if (this.queued >= 0) {
      const byte = this.queued;
      this.queued = -1;
      this.send(byte);
    }
  }

  private byteSent(): boolean {
    const byte = this.shifting;
    if (this.addressNext) {
      this.addressNext = false;
      this.direction = byte & 1 ? 'read' : 'write';
      return this.bus.start(byte);
    }
    if (this.direction === 'write') return this.bus.write(byte);
    this.complain('I2DR', 'written after an address with the read bit: both sides drive SDA');
    return false;
  }

  private byteReceived(): boolean {
    if (this.addressNext || this.direction === 'write') {
      this.complain('I2DR', 'read in receive mode without an address with the read bit before: nobody drives SDA');
      this.received = PULLED_UP;
    } else this.received = this.bus.read();
    return !this.device.field('I2CR', 'TXAK');
  }

  /** Nine bits are over. */
  private complete(acknowledged: boolean): void {
    this.device.setField('I2SR', 'RXAK', acknowledged ? 0 : 1);
    this.device.setField('I2SR', 'ICF', 1);
    this.device.setField('I2SR', 'IIF', 1);
    this.settle();
  }

  private arbitrationLost(): void {
    this.device.setField('I2CR', 'MSTA', 0);
    this.device.setField('I2SR', 'IAL', 1);
    this.device.setField('I2SR', 'ICF', 1);
    this.device.setField('I2SR', 'IIF', 1);
    this.owned = false;
    this.queued = -1;
    this.stopWanted = false;
    this.restartWanted = false;
    this.settle();
  }

  /** I2CR.IEN is the block's software reset. */
  private disable(): void {
    this.timer.cancel();
    if (this.owned) this.bus.stop();
    this.phase = 'idle';
    this.owned = false;
    this.queued = -1;
    this.stopWanted = false;
    this.restartWanted = false;
    this.device.set('I2SR', IMX_I2C.I2SR.reset);
    this.outside.abandon();
  }

  /** Drives the interrupt line from the present state. */
  private settle(): void {
    const level = this.device.field('I2CR', 'IIEN') === 1 && this.enabled && this.device.field('I2SR', 'IIF') === 1;
    if (level === this.level) return;
    this.level = level;
    this.options.interrupt(level);
  }
}
