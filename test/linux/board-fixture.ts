/**
 * An i.MX 8M Plus without its Cortex-M7: memories, MU1 and a Linux; the core is a script on side B of the MU.
 *
 * The script does what rpmsg firmware does: it enables its receive interrupt, polls the status byte of its table, takes the rings'
 * addresses out of the table, announces services and answers messages.
 */
import { builtInTree } from '../../src/devicetree/built-in-tree.ts';
import type { DeviceTree } from '../../src/devicetree/tree.ts';
import { Diagnostics } from '../../src/diagnostics.ts';
import { EventHub, type MachineEvent } from '../../src/events.ts';
import type { KernelCode } from '../../src/linux/kernel.ts';
import { Kernel } from '../../src/linux/kernel.ts';
import type { KernelFlavour } from '../../src/linux/kernel-flavour.ts';
import { Linux } from '../../src/linux/linux.ts';
import type { Clockwork } from '../../src/linux/user-space.ts';
import { Arena } from '../../src/memory/arena.ts';
import { KiB, MiB } from '../../src/memory/bits.ts';
import { AddressSpace } from '../../src/memory/bus.ts';
import { Ram } from '../../src/memory/ram.ts';
import { MessagingUnit } from '../../src/mu/messaging-unit.ts';
import { MU_LAYOUTS, type MuLayoutName } from '../../src/mu/mu-layout.ts';
import type { CoreBoot, CoreControl } from '../../src/remoteproc/imx-rproc.ts';
import type { AttEntry, BoardDescription, RemoteprocDescription, ReservedMemory, SocDescription } from '../../src/soc/soc.ts';
import { Scheduler } from '../../src/time/scheduler.ts';
import { VirtioModules } from '../../src/virtio/modules.ts';
import { encodeNsMsg } from '../../src/virtio/rpmsg-ns.ts';
import { VirtioDeviceQueue } from '../../src/virtio/virtio-device-queue.ts';
import { buildElf, rpmsgTable, words } from '../remoteproc/elf-builder.ts';

export const MU_A = 0x30aa_0000;
export const MU_B = 0x30ab_0000;
export const ITCM_SA = 0x007e_0000;
export const TABLE = 0x550f_f000;
const SPI = 88;

export const ATT: readonly AttEntry[] = [
  { da: 0x0000_0000, sa: ITCM_SA, size: 0x2_0000, own: true },
  { da: 0x2000_0000, sa: 0x0080_0000, size: 0x2_0000, own: true },
  { da: 0x4000_0000, sa: 0x4000_0000, size: 0x8000_0000 },
];

export const EVK_REGIONS: readonly ReservedMemory[] = [
  { name: 'vdev0buffer', base: 0x5540_0000, size: MiB },
  { name: 'vdev0vring0', base: 0x5500_0000, size: 32 * KiB },
  { name: 'vdev0vring1', base: 0x5500_8000, size: 32 * KiB },
  { name: 'rsc-table', base: TABLE, size: 4 * KiB },
  { name: 'm7', base: 0x8000_0000, size: 16 * MiB },
];

/** Registers of side B that the script uses (v1 and v2). */
const SIDE_B = {
  imx6sx: { tr1: 0x04, rr1: 0x14, rie: 0x24, rie1: 1 << 26 },
  imx8ulp: { tr1: 0x204, rr1: 0x284, rie: 0x128, rie1: 1 << 1 },
} as const;

export interface BoardOptions {
  readonly regions?: readonly ReservedMemory[];
  readonly remoteproc?: Partial<RemoteprocDescription>;
  readonly layout?: keyof typeof SIDE_B;
  /** MU of the remoteproc node; `MU1` unless given. */
  readonly mu?: string;
  readonly modules?: readonly string[];
  readonly control?: Partial<CoreControl>;
  /** Whether the core reads the words that Linux sends. */
  readonly answersMu?: boolean;
  /** Services that the core announces once DRIVER_OK is set, with their addresses. */
  readonly services?: readonly (readonly [name: string, addr: number])[];
  /** System address at which the core looks at its table. */
  readonly tableAt?: number;
  /** The tree that Linux boots with; the one that is built in unless given, which `change` may then alter. */
  readonly deviceTree?: DeviceTree;
  readonly change?: (tree: DeviceTree) => void;
  readonly autostart?: Uint8Array | undefined;
  readonly flavour?: KernelFlavour;
  /** A resource table that another boot stage put into the region before Linux. */
  readonly prepare?: Uint8Array;
  readonly completeDump?: boolean;
}

/** The scripted M7. */
export class ScriptedCore implements CoreControl {
  readonly starts: CoreBoot[] = [];
  stops = 0;
  running = false;
  readonly words: number[] = [];
  readonly messages: { src: number; dst: number; text: string }[] = [];
  private readonly board: Board;
  private readonly options: BoardOptions;
  private queues: { readonly tx: VirtioDeviceQueue; readonly rx: VirtioDeviceQueue } | undefined;

  constructor(board: Board, options: BoardOptions) {
    this.board = board;
    this.options = options;
  }

  startCore(_core: string, boot: CoreBoot): number {
    this.starts.push(boot);
    this.running = true;
    this.queues = undefined;
    this.reg('rie', this.options.answersMu === false ? 0 : this.regs.rie1);
    this.poll();
    return 0;
  }

  stopCore(): { error: number; forced: boolean } {
    this.stops++;
    this.running = false;
    this.reg('rie', 0);
    return { error: 0, forced: false };
  }

  coreStarted(): boolean {
    return this.running;
  }

  private get regs(): (typeof SIDE_B)[keyof typeof SIDE_B] {
    return SIDE_B[this.options.layout ?? 'imx6sx'];
  }

  private reg(name: 'rie' | 'tr1', value: number): void {
    this.board.mu.b.write(this.regs[name], value, 4);
  }

  /** Writes TR1, as the core's MU driver does. */
  kick(vq: number): void {
    this.reg('tr1', vq << 16);
  }

  /** Side B interrupts: the handler reads RR1 and looks at the ring. */
  interrupt(): void {
    if (this.options.answersMu === false || !this.running) return;
    this.words.push(this.board.mu.b.read(this.regs.rr1, 4));
    this.drain();
  }

  /** Polls the status byte every 50 us until DRIVER_OK. */
  private poll(): void {
    const { board, options } = this;
    board.later(50_000, () => {
      if (!this.running) return;
      const table = options.tableAt ?? TABLE;
      const word = (offset: number): number => board.memory.read(table + offset, 4);
      if (word(0) !== 1 || (word(20 + 4 + 20) & 4) === 0) return this.poll();
      const queue = (vring: number): VirtioDeviceQueue => {
        const at = 20 + 4 + 24 + 20 * vring;
        return new VirtioDeviceQueue({ memory: board.memory, address: word(at), align: word(at + 4), num: word(at + 8) });
      };
      this.queues = { tx: queue(0), rx: queue(1) };
      for (const [name, addr] of options.services ?? []) this.send(addr, 53, encodeNsMsg(name, addr, 0));
      this.drain();
    });
  }

  send(src: number, dst: number, data: Uint8Array): void {
    const buffer = this.queues?.tx.take();
    if (!buffer) return;
    const bytes = new Uint8Array(16 + data.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, src, true);
    view.setUint32(4, dst, true);
    view.setUint16(12, data.length, true);
    bytes.set(data, 16);
    this.queues!.tx.write(buffer, bytes);
    this.queues!.tx.give(buffer.head, bytes.length);
    this.kick(0);
  }

  private drain(): void {
    if (!this.queues) return;
    for (let buffer = this.queues.rx.take(); buffer; buffer = this.queues.rx.take()) {
      const bytes = this.queues.rx.read(buffer)!;
      const view = new DataView(bytes.buffer);
      const [src, dst] = [view.getUint32(0, true), view.getUint32(4, true)];
      const data = bytes.slice(16, 16 + view.getUint16(12, true));
      this.messages.push({ src, dst, text: String.fromCharCode(...data) });
      this.queues.rx.give(buffer.head, bytes.length);
      this.send(dst, src, data);
    }
  }
}

export interface Board {
  readonly linux: Linux;
  readonly kernel: Kernel;
  readonly memory: AddressSpace;
  readonly scheduler: Scheduler;
  readonly mu: MessagingUnit;
  readonly core: ScriptedCore;
  readonly events: MachineEvent[];
  readonly findings: string[];
  /** Everything that dmesg shows, without the times. */
  dmesg(): string[];
  /** The same without what Linux says of reserved memory before anything else. */
  dmesgOfDrivers(): string[];
  later(ns: number, action: () => void): void;
  /** Lets `seconds` of virtual time pass. */
  settle(seconds?: number): void;
  run<T>(code: KernelCode<T>, seconds?: number): T | undefined;
}

const EARLY = /^(Reserved memory|OF): /;

export function createBoard(options: BoardOptions = {}): Board {
  const memory = new AddressSpace('linux');
  const arena = new Arena(16 * MiB);
  memory.mapRam(ITCM_SA, new Ram('ITCM', 128 * KiB, arena));
  memory.mapRam(0x0080_0000, new Ram('DTCM', 128 * KiB, arena));
  memory.mapRam(0x4000_0000, new Ram('DDR', 0x8000_0000, arena));
  const scheduler = new Scheduler(800_000_000);
  const hub = new EventHub();
  const events: MachineEvent[] = [];
  const findings: string[] = [];
  hub.subscribe((event) => events.push(event));
  const kernel = new Kernel({ scheduler, memory, events: hub, ...(options.flavour ? { flavour: options.flavour } : {}) });
  if (options.prepare) memory.writeBytes(TABLE, options.prepare);
  const layout: MuLayoutName = options.layout ?? 'imx6sx';
  let core: ScriptedCore | undefined;
  const serve = scheduler.timer('side B interrupt', () => core?.interrupt());
  const mu = new MessagingUnit({
    name: 'MU1',
    layout: MU_LAYOUTS[layout],
    now: () => scheduler.now,
    diagnostics: new Diagnostics({ now: () => scheduler.now, pc: () => undefined }),
    events: hub,
    interruptA: (level) => kernel.setInterrupt(SPI, level),
    interruptB: (level) => level && serve.armIn(scheduler.cyclesFromNs(1000)),
  });
  memory.mapDevice(MU_A, MU_LAYOUTS[layout].window, mu.a, 'MU1_A');
  const remoteproc: RemoteprocDescription = {
    core: 'm7',
    compatible: 'fsl,imx8mp-cm7',
    node: 'remoteproc-cm7',
    method: 'smc',
    att: ATT,
    ...options.remoteproc,
  };
  const description: BoardDescription = {
    name: 'evk',
    title: 'EVK',
    ddr: 0x8000_0000,
    console: 'uart4',
    remoteprocs: { m7: { mu: options.mu ?? 'MU1', memoryRegions: options.regions ?? EVK_REGIONS } },
  };
  const soc: SocDescription = {
    name: 'test',
    title: 'Test',
    baseHz: scheduler.hz,
    cores: [],
    memories: [],
    mus: [{ name: 'MU1', layout, a: { base: MU_A, interrupts: { linux: SPI } }, b: { base: MU_B, interrupts: {} } }],
    peripherals: [],
    remoteprocs: [remoteproc],
    boards: [description],
    detection: [],
  };
  const settle = (seconds = 1): void => {
    const end = scheduler.now + seconds * scheduler.hz;
    for (let steps = 0; scheduler.nextDeadline <= end; steps++) {
      if (steps > 2_000_000) throw new Error(`still busy: ${scheduler.nextName}`);
      scheduler.advanceTo(scheduler.nextDeadline);
      scheduler.fireDue();
    }
    scheduler.advanceTo(end);
  };
  const board: Omit<Board, 'linux' | 'core'> & { linux?: Linux; core?: ScriptedCore } = {
    kernel,
    memory,
    scheduler,
    mu,
    events,
    findings,
    dmesg: () => kernel.log.map(({ text }) => text),
    dmesgOfDrivers: () => kernel.log.map(({ text }) => text).filter((text) => !EARLY.test(text)),
    later: (ns, action) => scheduler.timer('script', action).armIn(scheduler.cyclesFromNs(ns)),
    settle,
    run<T>(code: KernelCode<T>, seconds?: number) {
      let result: T | undefined;
      kernel.spawn(
        'test',
        (function* () {
          result = yield* code;
        })(),
      );
      settle(seconds);
      return result;
    },
  };
  const built = board as Board;
  core = new ScriptedCore(built, options);
  board.core = core;
  const control: CoreControl = {
    startCore: (name, boot) => core.startCore(name, boot),
    stopCore: () => core.stopCore(),
    coreStarted: () => core.coreStarted(),
    ...options.control,
  };
  const onFinding = (text: string): void => void findings.push(text);
  board.linux = new Linux({
    kernel,
    soc,
    board: description,
    control,
    clockwork: eventsOnly(scheduler),
    modules: new VirtioModules(kernel, { onFinding }),
    onFinding,
    ...(options.completeDump ? { completeDump: true } : {}),
    ...(options.modules ? { moduleNames: options.modules } : {}),
    ...treeOption(options, soc, description),
    ...(options.autostart ? { autostart: { core: 'm7', name: 'fw.elf', bytes: options.autostart } } : {}),
  });
  return built;
}

function treeOption({ deviceTree, change }: BoardOptions, soc: SocDescription, board: BoardDescription): { deviceTree?: DeviceTree } {
  if (!deviceTree && !change) return {};
  const tree = deviceTree ?? builtInTree(soc, board);
  change?.(tree);
  return { deviceTree: tree };
}

/** A machine of timers alone. */
function eventsOnly(scheduler: Scheduler): Clockwork {
  let wanted = false;
  return {
    scheduler,
    requestStop: () => {
      wanted = true;
    },
    run(limit) {
      for (;;) {
        scheduler.fireDue();
        if (wanted) {
          wanted = false;
          return { kind: 'requested' };
        }
        if (scheduler.now >= limit) return { kind: 'limit' };
        if (scheduler.nextDeadline === Number.POSITIVE_INFINITY) return { kind: 'deadlock' };
        scheduler.advanceTo(Math.min(scheduler.nextDeadline, limit));
      }
    },
  };
}

/** A board that has been up for a second with `SMALL_ELF` running. */
export function bootedBoard(options: BoardOptions = {}) {
  const board = createBoard({ autostart: SMALL_ELF, ...options });
  board.settle();
  let from = board.kernel.log.length;
  return {
    board,
    get rproc() {
      return board.linux.remoteprocs[0]!.rproc;
    },
    /** What dmesg shows since the last call. */
    since(): string[] {
      const lines = board.dmesg().slice(from);
      from = board.kernel.log.length;
      return lines;
    },
  };
}

/** Beginning of its vector table. */
export const VECTORS = words(0x2002_0000, 0x401, 0x401, 0x401);
/** A resource table with rings of eight, and firmware that has it in a section alone. */
export const SMALL_TABLE = rpmsgTable({ num: 8, align: 16 });
export const SMALL_ELF = buildElf({
  segments: [{ da: 0, data: VECTORS }],
  sections: [{ name: '.resource_table', addr: 0x400, data: SMALL_TABLE }],
}).bytes;
/** Where the table of `rpmsgElf` is linked. */
export const TABLE_DA = 0x400;

/** Firmware with a vector table and a resource table in ITCM. */
export function rpmsgElf(table = rpmsgTable({ da0: 0x5500_0000, da1: 0x5500_8000 })): Uint8Array {
  return buildElf({
    entry: 0x579,
    segments: [
      { da: 0, data: VECTORS },
      { da: TABLE_DA, data: table },
    ],
    sections: [{ name: '.resource_table', addr: TABLE_DA, data: table }],
  }).bytes;
}
