/**
 * A workbench for one peripheral: clock, diagnostics, events and the clock tree of a SoC of the i.MX 8M family (the Plus unless given), without
 * a processor.
 */
import { Diagnostics } from '../../src/diagnostics.ts';
import { EventHub, type MachineEvent } from '../../src/events.ts';
import { Arena } from '../../src/memory/arena.ts';
import { AddressSpace, type BusDevice } from '../../src/memory/bus.ts';
import { Ram } from '../../src/memory/ram.ts';
import { DeviceDefinitions } from '../../src/peripherals/attached/definitions.ts';
import { CanBuses } from '../../src/peripherals/can-bus.ts';
import { createPeripheral, type Peripheral, type PeripheralContext, type PeripheralSpec } from '../../src/peripherals/catalogue.ts';
import { ClockTree } from '../../src/peripherals/clock-tree.ts';
import { DmaFace } from '../../src/peripherals/dma-face.ts';
import { Pins } from '../../src/peripherals/pins.ts';
import { IMX8MP } from '../../src/soc/imx8mp.ts';
import type { SocDescription } from '../../src/soc/soc.ts';
import { Scheduler } from '../../src/time/scheduler.ts';

/** Blocks that make clocks, in the order in which they need each other. */
const CLOCK_MAKERS = ['XTALOSC', 'CCM_ANALOG', 'CCM'];

/** Everything that a peripheral is built with, and what it did to it. */
export class Bench {
  readonly scheduler: Scheduler;
  readonly diagnostics = new Diagnostics({ now: () => this.scheduler.now, pc: () => undefined });
  readonly events = new EventHub();
  readonly clocks = new ClockTree();
  readonly seen: MachineEvent[] = [];
  readonly resets: string[] = [];
  readonly coreResets: boolean[] = [];
  /** Levels of the two interrupt lines of every block made so far. */
  readonly lines = new Map<string, boolean>();
  readonly pins = new Pins();
  readonly canBuses = new CanBuses();
  readonly devices = new DeviceDefinitions();
  /** What bus masters see: 1 MiB of RAM from 0x8000_0000 on; a test may map more. */
  readonly memory = new AddressSpace('system');
  /** The same by bus master, with what is closed to each. */
  readonly faces = new Map<string, DmaFace>();
  private readonly soc: SocDescription;
  private readonly made = new Map<string, Peripheral>();

  constructor(soc: SocDescription = IMX8MP) {
    this.soc = soc;
    this.scheduler = new Scheduler(soc.baseHz);
    this.memory.mapRam(0x8000_0000, new Ram('DDR', 1024 * 1024, new Arena()));
    this.events.subscribe((event) => this.seen.push(event));
    for (const [name, hz] of Object.entries(soc.oscillators ?? {})) this.clocks.define(name, () => hz);
  }

  /** The SoC's block called `name`, with the clocks that it needs. */
  make(name: string): Peripheral {
    const known = this.made.get(name);
    if (known) return known;
    const specOf = (block: string) => this.soc.peripherals.find((candidate) => candidate.name === block);
    const own = CLOCK_MAKERS.indexOf(name);
    const before = own < 0 ? CLOCK_MAKERS : CLOCK_MAKERS.slice(0, own);
    for (const maker of before) if (specOf(maker)) this.make(maker);
    const spec = specOf(name);
    if (!spec) throw new Error(`no block ${name}`);
    return this.makeSpec(spec);
  }

  /** A block that the 8M Plus does not have; its clocks are rates. */
  makeSpec(spec: PeripheralSpec): Peripheral {
    const { name } = spec;
    const context: PeripheralContext = {
      scheduler: this.scheduler,
      diagnostics: this.diagnostics,
      events: this.events,
      clocks: this.clocks,
      interrupt: (level) => this.lines.set(name, level),
      highInterrupt: (level) => this.lines.set(`${name} high`, level),
      pinInterrupts: Array.from({ length: 8 }, (_, pin) => (level: boolean) => void this.lines.set(`${name} pin ${pin}`, level)),
      pins: this.pins,
      canBuses: this.canBuses,
      devices: this.devices,
      dma: (port) => this.face(`${name} ${port}`),
      dmaRequest: (direction, level) => this.lines.set(`${name} ${direction}`, level),
      requestReset: (cause) => this.resets.push(cause),
      coreReset: (_core, held) => this.coreResets.push(held),
    };
    const peripheral = createPeripheral(spec, context);
    this.made.set(name, peripheral);
    return peripheral;
  }

  private face(name: string): DmaFace {
    const face = new DmaFace(this.memory);
    this.faces.set(name, face);
    return face;
  }

  /** Level of a line, false if it was never driven. */
  line(name: string): boolean {
    return this.lines.get(name) ?? false;
  }

  /** Lets virtual time pass, firing timers when they are due. */
  advance(cycles: number): void {
    this.advanceTo(this.scheduler.now + cycles);
  }

  /** Lets virtual time pass until `cycle`. */
  advanceTo(cycle: number): void {
    while (this.scheduler.nextDeadline <= cycle) {
      this.scheduler.advanceTo(this.scheduler.nextDeadline);
      this.scheduler.fireDue();
    }
    this.scheduler.advanceTo(cycle);
  }

  /** Lets `ms` milliseconds pass. */
  milliseconds(ms: number): void {
    this.advance((ms * this.scheduler.hz) / 1000);
  }

  /** Console bytes so far, as text. */
  get console(): string {
    return this.seen.map((event) => (event.type === 'console' ? String.fromCharCode(event.byte) : '')).join('');
  }

  /** What the models complained about, as `kind block register`. */
  get complaints(): string[] {
    return this.diagnostics.all.map(({ kind, block, register }) => `${kind} ${block} ${register}`);
  }
}

/** Reads a word. */
export const get = (device: BusDevice, offset: number): number => device.read(offset, 4);
/** Writes a word. */
export const put = (device: BusDevice, offset: number, value: number): boolean => device.write(offset, value, 4);
