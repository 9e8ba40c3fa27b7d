/**
 * Every kind of peripheral that a SoC description can name, and the factory that makes one.
 *
 * A `PeripheralSpec` is data: which model, where, on which interrupt lines and clocks. `createPeripheral` hands each model exactly what
 * it uses and nothing else; the machine maps the result and wires its lines.
 */
import type { Diagnostics } from '../diagnostics.ts';
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

/** The context with stand-ins for what is not there. */
type Surroundings = PeripheralContext &
  Required<Pick<PeripheralContext, 'highInterrupt' | 'requestReset' | 'coreReset' | 'pins' | 'devices' | 'canBuses' | 'dma'>>;

/** A block without what its spec says already. */
type Made = Omit<Peripheral, 'name' | 'kind'>;

/** How each kind of block is made. */
const MAKERS: { readonly [K in PeripheralSpec['kind']]: (spec: Extract<PeripheralSpec, { kind: K }>, context: Surroundings) => Made } = {
  'imx-uart': ({ name, clock }, { clocks, scheduler, diagnostics, events, pins, interrupt, dmaRequest }) => {
    const outside = { device: name.toLowerCase(), events, pins, interrupt, ...(dmaRequest ? { dmaRequest } : {}) };
    const uart = new ImxUart({ name, clock, clocks, scheduler, diagnostics, ...outside });
    return { ...block(uart), uart };
  },
  gpt: ({ name, clocks: sources }, { clocks, scheduler, diagnostics, pins, interrupt }) => {
    const gpt = new Gpt({ name, clocks, sources, scheduler, diagnostics, pins, interrupt });
    return { ...block(gpt), gpt };
  },
  pwm: ({ name, clocks: sources }, { clocks, scheduler, diagnostics, pins, interrupt }) => {
    const pwm = new Pwm({ name, clocks, sources, scheduler, diagnostics, pins, interrupt });
    return { ...block(pwm), pwm };
  },
  epit: ({ name, clocks: sources }, { clocks, scheduler, diagnostics, pins, interrupt }) =>
    block(new Epit({ name, clocks, sources, scheduler, diagnostics, pins, interrupt })),
  gpio: ({ name }, { diagnostics, scheduler, pins, interrupt, highInterrupt, pinInterrupts }) => {
    const lines = { interrupt, highInterrupt, ...(pinInterrupts ? { pinInterrupts } : {}) };
    const gpio = new Gpio({ name, diagnostics, scheduler, pins, ...lines });
    return { ...block(gpio), gpio };
  },
  'imx-i2c': ({ name, clock }, { clocks, scheduler, diagnostics, devices, interrupt }) => {
    const definition = (id: string) => devices.i2c(id);
    const i2c = new ImxI2c({ name, clock, clocks, scheduler, diagnostics, definition, interrupt });
    return { ...block(i2c), i2c };
  },
  ecspi: ({ name, clock }, { clocks, scheduler, diagnostics, devices, pins, interrupt, dmaRequest }) => {
    const definition = (id: string) => devices.spi(id);
    const requests = dmaRequest ? { dmaRequest } : {};
    const ecspi = new Ecspi({ name, clock, clocks, scheduler, diagnostics, pins, definition, interrupt, ...requests });
    return { ...block(ecspi), ecspi };
  },
  wdog: ({ name }, { scheduler, diagnostics, interrupt, requestReset }) =>
    block(new Wdog({ name, scheduler, diagnostics, interrupt, requestReset })),
  sema4: ({ name, processors }, { diagnostics, interrupt, highInterrupt }) => {
    const sema4 = new Sema4({ name, processors, diagnostics, interrupt, highInterrupt });
    return { ...block(sema4), deviceFor: (view) => sema4.deviceFor(view) };
  },
  ccm: ({ name, roots, derived }, { clocks, diagnostics }) => block(new Ccm({ name, roots, derived, clocks, diagnostics })),
  'ccm-analog': ({ name, layout, digprog }, { scheduler, clocks, diagnostics }) =>
    block(new CcmAnalog({ name, layout, digprog, scheduler, clocks, diagnostics })),
  'imx6-ccm': ({ name, clocks }, { clocks: tree, diagnostics }) => block(new Imx6Ccm({ name, clocks, tree, diagnostics })),
  'imx6-anatop': ({ name, layout, digprog }, { scheduler, clocks, diagnostics }) =>
    block(new Imx6Anatop({ name, layout, digprog, scheduler, clocks, diagnostics })),
  iomuxc: ({ name, layout }, { diagnostics }) => block(new Iomuxc({ name, registers: IOMUXC_LAYOUTS[layout], diagnostics })),
  'iomuxc-gpr': ({ name, layout }, { diagnostics }) => block(new Iomuxc({ name, registers: IOMUXC_GPR_LAYOUTS[layout], diagnostics })),
  xtalosc: ({ name }, { clocks, diagnostics }) => block(new Xtalosc({ name, clocks, diagnostics })),
  rdc: (spec, { diagnostics }) => {
    const rdc = new Rdc({ name: spec.name, configuration: spec, diagnostics });
    return { ...block(rdc), deviceFor: (view) => rdc.deviceFor(view), rdc };
  },
  'rdc-semaphore': ({ name, masters, reset }, { diagnostics }) => {
    const rdcSemaphore = new RdcSemaphore({ name, masters, diagnostics, ...(reset ? { reset } : {}) });
    return { ...block(rdcSemaphore), deviceFor: (view) => rdcSemaphore.deviceFor(view), rdcSemaphore };
  },
  csu: ({ name }, { diagnostics }) => block(new Csu({ name, diagnostics })),
  gpc: ({ name, layout }, { scheduler, diagnostics }) => block(new Gpc({ name, layout, scheduler, diagnostics })),
  src: ({ name, layout, core }, { diagnostics, coreReset }) =>
    block(new Src({ name, layout, diagnostics, coreReset: (held) => coreReset(core, held) })),
  sdma: ({ name, rom, clock }, { clocks, scheduler, diagnostics, dma, interrupt }) => {
    const ports = { burst: dma('burst'), peripheral: dma('peripheral'), shared: dma('shared') };
    const sdma = new Sdma({ name, rom, clock, clocks, scheduler, diagnostics, ports, interrupt });
    return { ...block(sdma), sdma };
  },
  tmu: ({ name, layout }, { scheduler, diagnostics, interrupt }) => {
    const tmu = new Tmu({ name, layout, scheduler, diagnostics, interrupt });
    return { ...block(tmu), tmu };
  },
  ocotp: ({ name, layout, fuses = {} }, { scheduler, diagnostics }) => block(new Ocotp({ name, layout, fuses, scheduler, diagnostics })),
  flexcan: ({ name, layout, clock }, { clocks, scheduler, diagnostics, canBuses: buses, interrupt }) => {
    const flexcan = new Flexcan({ name, layout, clock, clocks, scheduler, diagnostics, buses, interrupt });
    return { ...block(flexcan), flexcan };
  },
  nic301: ({ name }, { diagnostics }) => block(new Nic301({ name, diagnostics })),
  'imx7d-adc': ({ name, clock }, { clocks, scheduler, diagnostics, interrupt }) => {
    const adc = new Imx7dAdc({ name, clock, clocks, scheduler, diagnostics, interrupt });
    return { ...block(adc), analog: adc.inputs };
  },
  'vf610-adc': ({ name, clock }, { clocks, scheduler, diagnostics, interrupt }) => {
    const adc = new Vf610Adc({ name, clock, clocks, scheduler, diagnostics, interrupt });
    return { ...block(adc), analog: adc.inputs };
  },
  snvs: ({ name }, { scheduler, diagnostics, interrupt }) => block(new Snvs({ name, scheduler, diagnostics, interrupt })),
  audiomix: ({ name }, { scheduler, clocks, diagnostics }) => block(new Audiomix({ name, scheduler, clocks, diagnostics })),
  'system-counter': ({ name, clock = 'OSC_24M' }, { scheduler, clocks, diagnostics, interrupt, highInterrupt }) =>
    block(new SystemCounter({ name, scheduler, clocks, clock, diagnostics, interrupt, highInterrupt })),
  unmodelled: ({ name }, { diagnostics }) => standIn(new UnmodelledBlock({ name, diagnostics })),
  reserved: ({ name }, { diagnostics }) => standIn(new ReservedWindow({ name, diagnostics })),
};

/** Makes the block that `spec` describes. */
export function createPeripheral(spec: PeripheralSpec, context: PeripheralContext): Peripheral {
  const surroundings: Surroundings = {
    highInterrupt: nowhere,
    requestReset: nowhere,
    coreReset: nowhere,
    pins: context.pins ?? new Pins(),
    devices: context.devices ?? new DeviceDefinitions(),
    canBuses: context.canBuses ?? new CanBuses(),
    dma: () => new AddressSpace('nothing'),
    ...context,
  };
  // The table has for each kind a maker that takes specs of that kind, which the compiler cannot follow.
  const make = MAKERS[spec.kind] as (spec: PeripheralSpec, context: Surroundings) => Made;
  return { name: spec.name, kind: spec.kind, ...make(spec, surroundings) };
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
