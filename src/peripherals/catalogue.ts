/**
 * Every kind of peripheral that a SoC description can name, and the factory that makes one.
 *
 * A `PeripheralSpec` is data: which model, where, on which interrupt lines and clocks. `createPeripheral` hands each model exactly what
 * it uses and nothing else; the machine maps the result and wires its lines.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { assertNever } from '../errors.ts';
import type { EventHub } from '../events.ts';
import { AddressSpace, type BusDevice } from '../memory/bus.ts';
import type { Scheduler } from '../time/scheduler.ts';
import type { AnalogInputs } from './analog-inputs.ts';
import { DeviceDefinitions } from './attached/definitions.ts';
import { Audiomix } from './audiomix.ts';
import { CanBuses } from './can-bus.ts';
import { Ccm, type ClockRoot, type DerivedRoot } from './ccm.ts';
import { CcmAnalog } from './ccm-analog.ts';
import type { CcmAnalogLayoutName } from './ccm-analog-layouts.ts';
import type { ClockSource, ClockTree } from './clock-tree.ts';
import { Csu } from './csu.ts';
import { Ecspi } from './ecspi.ts';
import { Epit } from './epit.ts';
import { Flexcan } from './flexcan.ts';
import type { FlexcanLayoutName } from './flexcan-registers.ts';
import { Gpc } from './gpc.ts';
import type { GpcLayoutName } from './gpc-layouts.ts';
import { Gpio } from './gpio.ts';
import { Gpt, type GptClocks } from './gpt.ts';
import { ImxI2c } from './imx-i2c.ts';
import { ImxUart } from './imx-uart.ts';
import { Imx6Anatop } from './imx6-anatop.ts';
import type { AnatopLayoutName } from './imx6-anatop-layouts.ts';
import { Imx6Ccm, type Imx6Clock } from './imx6-ccm.ts';
import { Imx7dAdc } from './imx7d-adc.ts';
import { Iomuxc } from './iomuxc.ts';
import { IOMUXC_GPR_LAYOUTS, IOMUXC_LAYOUTS, type IomuxcGprLayoutName, type IomuxcLayoutName } from './iomuxc-layouts.ts';
import { Nic301 } from './nic301.ts';
import { Ocotp, type OcotpLayoutName } from './ocotp.ts';
import { Pins } from './pins.ts';
import { Pwm, type TimerClocks } from './pwm.ts';
import { Rdc, type RdcConfiguration } from './rdc.ts';
import { RdcSemaphore, type SemaphoreMasters, type SemaphoreReset } from './rdc-semaphore.ts';
import { Sdma } from './sdma.ts';
import type { DmaMemory, DmaPort } from './sdma-memory.ts';
import type { SdmaRomName } from './sdma-scripts.ts';
import { Sema4, type SemaProcessors } from './sema4.ts';
import { Snvs } from './snvs.ts';
import { Src } from './src.ts';
import type { SrcLayoutName } from './src-layouts.ts';
import { SystemCounter } from './system-counter.ts';
import { Tmu } from './tmu.ts';
import type { TmuLayoutName } from './tmu-layouts.ts';
import { ReservedWindow, UnmodelledBlock } from './unmodelled-block.ts';
import { Vf610Adc } from './vf610-adc.ts';
import { Wdog } from './wdog.ts';
import { Xtalosc } from './xtalosc.ts';

/** What all specs have. */
interface Placement {
  /** The block's name in the reference manual (`UART4`). */
  readonly name: string;
  readonly base: number;
  /** Base address in views that see the block elsewhere; see `Located` in soc/soc.ts. */
  readonly bases?: Readonly<Record<string, number>>;
  /** Bytes of the bus window. */
  readonly size: number;
  /** Interrupt line by view: NVIC line for a core, GIC SPI for `linux`. */
  readonly interrupts?: Readonly<Record<string, number>>;
  /** Second line of blocks that have two: GPIO pins 16 to 31, SEMA4's processor 1, the system counter's compare 1. */
  readonly highInterrupts?: Readonly<Record<string, number>>;
  /** Views that see the block; all unless given. */
  readonly views?: readonly string[];
  /** Number of the block's permissions in the RDC (PDAP); absent: the RDC does not guard it. */
  readonly pdap?: number;
  /** DMA requests of the block by SDMA and direction, as event numbers; absent: it has none, or they lead nowhere. */
  readonly dma?: Readonly<Record<string, Readonly<Partial<Record<DmaDirection, number>>>>>;
}

/** Which of a block's DMA requests: data for memory, or from memory. */
export type DmaDirection = 'receive' | 'transmit';

/** `kind` chooses the model; the other keys are what that model needs to know. */
export type PeripheralSpec = Placement &
  (
    | { readonly kind: 'imx-uart'; readonly clock: ClockSource }
    | { readonly kind: 'gpt'; readonly clocks: GptClocks }
    | { readonly kind: 'pwm'; readonly clocks: TimerClocks }
    | { readonly kind: 'epit'; readonly clocks: TimerClocks }
    | {
        readonly kind: 'gpio';
        /** Interrupts of single pins beside the combined ones, from pin 0 on. */
        readonly pinInterrupts?: readonly Readonly<Record<string, number>>[];
      }
    | { readonly kind: 'imx-i2c'; readonly clock: ClockSource }
    | { readonly kind: 'ecspi'; readonly clock: ClockSource }
    | { readonly kind: 'wdog' }
    | { readonly kind: 'sema4'; readonly processors: SemaProcessors }
    | { readonly kind: 'ccm'; readonly roots: readonly ClockRoot[]; readonly derived: readonly DerivedRoot[] }
    | { readonly kind: 'ccm-analog'; readonly layout: CcmAnalogLayoutName; readonly digprog: number }
    | { readonly kind: 'imx6-ccm'; readonly clocks: readonly Imx6Clock[] }
    | { readonly kind: 'imx6-anatop'; readonly layout: AnatopLayoutName; readonly digprog: number }
    | { readonly kind: 'iomuxc'; readonly layout: IomuxcLayoutName }
    | { readonly kind: 'iomuxc-gpr'; readonly layout: IomuxcGprLayoutName }
    | { readonly kind: 'xtalosc' }
    | ({ readonly kind: 'rdc' } & RdcConfiguration)
    | { readonly kind: 'rdc-semaphore'; readonly masters: SemaphoreMasters; readonly reset?: SemaphoreReset }
    | { readonly kind: 'csu' }
    | { readonly kind: 'gpc'; readonly layout: GpcLayoutName }
    | {
        readonly kind: 'src';
        readonly layout: SrcLayoutName;
        /** The core that it holds in reset and lets go. */
        readonly core: string;
      }
    | { readonly kind: 'sdma'; readonly clock: ClockSource; readonly rom: SdmaRomName }
    | { readonly kind: 'tmu'; readonly layout: TmuLayoutName }
    | {
        readonly kind: 'ocotp';
        readonly layout: OcotpLayoutName;
        /** Burnt fuses; see `OcotpOptions`. All others are 0. */
        readonly fuses?: Readonly<Record<number, number>>;
      }
    | { readonly kind: 'flexcan'; readonly layout: FlexcanLayoutName; readonly clock: ClockSource }
    | { readonly kind: 'nic301' }
    | { readonly kind: 'imx7d-adc'; readonly clock: ClockSource }
    | { readonly kind: 'vf610-adc'; readonly clock: ClockSource }
    | { readonly kind: 'snvs' }
    | { readonly kind: 'audiomix' }
    | { readonly kind: 'system-counter' /** The crystal; `OSC_24M` unless given. */; readonly clock?: ClockSource }
    | { readonly kind: 'unmodelled' }
    | { readonly kind: 'reserved' }
  );

/** What peripherals are built with. */
export interface PeripheralContext {
  readonly scheduler: Scheduler;
  readonly diagnostics: Diagnostics;
  readonly events: EventHub;
  /** The SoC's clocks, one tree for all its peripherals; the machine defines the oscillators (`SocDescription.oscillators`) first. */
  readonly clocks: ClockTree;
  /** Drives the block's interrupt line. */
  readonly interrupt: (level: boolean) => void;
  /** Drives its second line, where there is one. */
  readonly highInterrupt?: (level: boolean) => void;
  /** Lines of single pins, where there are some. */
  readonly pinInterrupts?: readonly ((level: boolean) => void)[];
  /** What is outside of the GPIO pins of all banks. */
  readonly pins?: Pins;
  /** The CAN buses that controllers are on; one for each alone unless given. */
  readonly canBuses?: CanBuses;
  /** What devices on I2C and SPI are made of. */
  readonly devices?: DeviceDefinitions;
  /** The block asks for a reset of the system; `cause` is for the user. */
  readonly requestReset?: (cause: string) => void;
  /** What a bus master of the SoC reads and writes; nothing answers unless given. */
  readonly dma?: (port: DmaPort) => DmaMemory;
  /** Drives a DMA request of the block. */
  readonly dmaRequest?: (direction: DmaDirection, level: boolean) => void;
  /** Software put a core into reset (true) or let it go, through SRC's registers. */
  readonly coreReset?: (core: string, held: boolean) => void;
}

/** A block that is ready to be mapped. */
export interface Peripheral {
  readonly name: string;
  readonly kind: PeripheralSpec['kind'];
  /** The registers, as most masters see them. */
  readonly device: BusDevice;
  /** The registers as the master of `view` sees them, where that depends on who asks (RDC, SEMA4); use it in place of `device`. */
  readonly deviceFor?: (view: string) => BusDevice;
  /** What has the block's state in its fields. */
  readonly model: object;
  /** Reset of the SoC. A reset of the M core alone leaves peripherals as they are. */
  reset(): void;
  /** The model, for the outside world: consoles, pins. */
  readonly uart?: ImxUart;
  readonly gpio?: Gpio;
  readonly i2c?: ImxI2c;
  readonly ecspi?: Ecspi;
  readonly gpt?: Gpt;
  /** What guards accesses, and what it needs. */
  readonly rdc?: Rdc;
  readonly rdcSemaphore?: RdcSemaphore;
  readonly pwm?: Pwm;
  /** Takes DMA requests of other blocks. */
  readonly sdma?: Sdma;
  readonly tmu?: Tmu;
  readonly flexcan?: Flexcan;
  /** Inputs of an ADC. */
  readonly analog?: AnalogInputs;
}

/** Makes the block that `spec` describes. */
export function createPeripheral(spec: PeripheralSpec, context: PeripheralContext): Peripheral {
  const { name, kind } = spec;
  const { scheduler, diagnostics, events, clocks, interrupt } = context;
  const { highInterrupt = nowhere, requestReset = nowhere, coreReset = nowhere } = context;
  const { pins = new Pins(), devices = new DeviceDefinitions(), pinInterrupts } = context;
  switch (kind) {
    case 'imx-uart': {
      const { clock } = spec;
      const requests = context.dmaRequest ? { dmaRequest: context.dmaRequest } : {};
      const outside = { device: name.toLowerCase(), events, pins, interrupt, ...requests };
      const uart = new ImxUart({ name, clock, clocks, scheduler, diagnostics, ...outside });
      return { name, kind, ...block(uart), uart };
    }
    case 'gpt': {
      const gpt = new Gpt({ name, clocks, sources: spec.clocks, scheduler, diagnostics, pins, interrupt });
      return { name, kind, ...block(gpt), gpt };
    }
    case 'pwm': {
      const pwm = new Pwm({ name, clocks, sources: spec.clocks, scheduler, diagnostics, pins, interrupt });
      return { name, kind, ...block(pwm), pwm };
    }
    case 'epit':
      return { name, kind, ...block(new Epit({ name, clocks, sources: spec.clocks, scheduler, diagnostics, pins, interrupt })) };
    case 'gpio': {
      const lines = { interrupt, highInterrupt, ...(pinInterrupts ? { pinInterrupts } : {}) };
      const gpio = new Gpio({ name, diagnostics, scheduler, pins, ...lines });
      return { name, kind, ...block(gpio), gpio };
    }
    case 'imx-i2c': {
      const definition = (id: string) => devices.i2c(id);
      const i2c = new ImxI2c({ name, clock: spec.clock, clocks, scheduler, diagnostics, definition, interrupt });
      return { name, kind, ...block(i2c), i2c };
    }
    case 'ecspi': {
      const definition = (id: string) => devices.spi(id);
      const requests = context.dmaRequest ? { dmaRequest: context.dmaRequest } : {};
      const ecspi = new Ecspi({ name, clock: spec.clock, clocks, scheduler, diagnostics, pins, definition, interrupt, ...requests });
      return { name, kind, ...block(ecspi), ecspi };
    }
    case 'wdog':
      return { name, kind, ...block(new Wdog({ name, scheduler, diagnostics, interrupt, requestReset })) };
    case 'sema4': {
      const sema4 = new Sema4({ name, processors: spec.processors, diagnostics, interrupt, highInterrupt });
      return { name, kind, ...block(sema4), deviceFor: (view) => sema4.deviceFor(view) };
    }
    case 'ccm':
      return { name, kind, ...block(new Ccm({ name, roots: spec.roots, derived: spec.derived, clocks, diagnostics })) };
    case 'ccm-analog':
      return { name, kind, ...block(new CcmAnalog({ name, layout: spec.layout, digprog: spec.digprog, scheduler, clocks, diagnostics })) };
    case 'imx6-ccm':
      return { name, kind, ...block(new Imx6Ccm({ name, clocks: spec.clocks, tree: clocks, diagnostics })) };
    case 'imx6-anatop':
      return { name, kind, ...block(new Imx6Anatop({ name, layout: spec.layout, digprog: spec.digprog, scheduler, clocks, diagnostics })) };
    case 'iomuxc':
      return { name, kind, ...block(new Iomuxc({ name, registers: IOMUXC_LAYOUTS[spec.layout], diagnostics })) };
    case 'iomuxc-gpr':
      return { name, kind, ...block(new Iomuxc({ name, registers: IOMUXC_GPR_LAYOUTS[spec.layout], diagnostics })) };
    case 'xtalosc':
      return { name, kind, ...block(new Xtalosc({ name, clocks, diagnostics })) };
    case 'rdc': {
      const rdc = new Rdc({ name, configuration: spec, diagnostics });
      return { name, kind, ...block(rdc), deviceFor: (view) => rdc.deviceFor(view), rdc };
    }
    case 'rdc-semaphore': {
      const { masters, reset } = spec;
      const rdcSemaphore = new RdcSemaphore({ name, masters, diagnostics, ...(reset ? { reset } : {}) });
      return { name, kind, ...block(rdcSemaphore), deviceFor: (view) => rdcSemaphore.deviceFor(view), rdcSemaphore };
    }
    case 'csu':
      return { name, kind, ...block(new Csu({ name, diagnostics })) };
    case 'gpc':
      return { name, kind, ...block(new Gpc({ name, layout: spec.layout, scheduler, diagnostics })) };
    case 'src':
      return { name, kind, ...block(new Src({ name, layout: spec.layout, diagnostics, coreReset: (held) => coreReset(spec.core, held) })) };
    case 'sdma': {
      const port = context.dma ?? (() => new AddressSpace('nothing'));
      const ports = { burst: port('burst'), peripheral: port('peripheral'), shared: port('shared') };
      const sdma = new Sdma({ name, rom: spec.rom, clock: spec.clock, clocks, scheduler, diagnostics, ports, interrupt });
      return { name, kind, ...block(sdma), sdma };
    }
    case 'tmu': {
      const tmu = new Tmu({ name, layout: spec.layout, scheduler, diagnostics, interrupt });
      return { name, kind, ...block(tmu), tmu };
    }
    case 'ocotp': {
      const { layout, fuses = {} } = spec;
      return { name, kind, ...block(new Ocotp({ name, layout, fuses, scheduler, diagnostics })) };
    }
    case 'flexcan': {
      const { layout, clock } = spec;
      const buses = context.canBuses ?? new CanBuses();
      const flexcan = new Flexcan({ name, layout, clock, clocks, scheduler, diagnostics, buses, interrupt });
      return { name, kind, ...block(flexcan), flexcan };
    }
    case 'nic301':
      return { name, kind, ...block(new Nic301({ name, diagnostics })) };
    case 'imx7d-adc': {
      const adc = new Imx7dAdc({ name, clock: spec.clock, clocks, scheduler, diagnostics, interrupt });
      return { name, kind, ...block(adc), analog: adc.inputs };
    }
    case 'vf610-adc': {
      const adc = new Vf610Adc({ name, clock: spec.clock, clocks, scheduler, diagnostics, interrupt });
      return { name, kind, ...block(adc), analog: adc.inputs };
    }
    case 'snvs':
      return { name, kind, ...block(new Snvs({ name, scheduler, diagnostics, interrupt })) };
    case 'audiomix':
      return { name, kind, ...block(new Audiomix({ name, scheduler, clocks, diagnostics })) };
    case 'system-counter':
      return {
        name,
        kind,
        ...block(new SystemCounter({ name, scheduler, clocks, clock: spec.clock ?? 'OSC_24M', diagnostics, interrupt, highInterrupt })),
      };
    case 'unmodelled':
      return { name, kind, ...standIn(new UnmodelledBlock({ name, diagnostics })) };
    case 'reserved':
      return { name, kind, ...standIn(new ReservedWindow({ name, diagnostics })) };
    default:
      return assertNever(kind);
  }
}

function block(model: { readonly device: BusDevice; reset(): void }): { device: BusDevice; model: object; reset(): void } {
  return { device: model.device, model, reset: () => model.reset() };
}

function standIn(device: BusDevice): { device: BusDevice; model: object; reset(): void } {
  return { device, model: device, reset: () => undefined };
}

/** A line that nothing is connected to. */
function nowhere(): void {
  // Nobody listens.
}
