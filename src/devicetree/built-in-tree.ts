/**
 * The device tree of a SoC and board, made from their descriptions, with the names and properties that Linux 6.1's and NXP's trees have.
 *
 * It describes what is modelled, as source text with labels, so that users can start from it (`imx-sim dts`), and overlays made for real
 * trees find the labels that they need: `mu`, `clk`, `resmem`, `src`, `uart4`. Clocks, pins and power domains are left out.
 */
import { MU_LAYOUTS } from '../mu/mu-layout.ts';
import type { PeripheralSpec } from '../peripherals/catalogue.ts';
import type {
  BoardDescription,
  ImxRpmsgDescription,
  MuDescription,
  RemoteprocDescription,
  ReservedMemory,
  SocDescription,
} from '../soc/soc.ts';
import { parseDts } from './parse-dts.ts';
import type { DeviceTree } from './tree.ts';

/** Kinds of blocks that are the clock controller. */
const CLOCKS: readonly string[] = ['ccm', 'imx6-ccm'];
/** A reserved region that Linux gives to the virtio device as its pool. */
const BUFFERS = /^vdev\d*buffer$/;
const GiB = 2 ** 30;

/** Kinds of blocks that have a node: its name, label (the block's own unless given), `compatible` behind `fsl,<soc>-`, and what follows it. */
const NODES: Readonly<
  Record<string, { readonly node: string; readonly label?: string; readonly suffix: string; readonly also: readonly string[] }>
> = {
  gpio: { node: 'gpio', suffix: 'gpio', also: ['fsl,imx35-gpio'] },
  wdog: { node: 'watchdog', suffix: 'wdt', also: ['fsl,imx21-wdt'] },
  gpt: { node: 'timer', suffix: 'gpt', also: ['fsl,imx6dl-gpt'] },
  iomuxc: { node: 'pinctrl', suffix: 'iomuxc', also: [] },
  'iomuxc-gpr': { node: 'syscon', label: 'gpr', suffix: 'iomuxc-gpr', also: ['syscon'] },
  'ccm-analog': { node: 'clock-controller', label: 'anatop', suffix: 'anatop', also: ['syscon'] },
  'imx6-anatop': { node: 'clock-controller', label: 'anatop', suffix: 'anatop', also: ['syscon'] },
  snvs: { node: 'snvs', suffix: 'snvs', also: ['syscon'] },
  ccm: { node: 'clock-controller', label: 'clk', suffix: 'ccm', also: [] },
  'imx6-ccm': { node: 'clock-controller', label: 'clks', suffix: 'ccm', also: [] },
  src: { node: 'reset-controller', label: 'src', suffix: 'src', also: ['syscon'] },
  gpc: { node: 'gpc', suffix: 'gpc', also: [] },
  'imx-uart': { node: 'serial', suffix: 'uart', also: ['fsl,imx6q-uart'] },
};

/** Which of the two drivers that carry RPMsg has the messaging unit, on boards with a node for either (`BoardDescription.rpmsg`). */
export type RpmsgTransport = 'remoteproc' | 'imx-rpmsg';

/** What the tree has on which Linux boots behind a boot loader, or without one. */
export function transportOf({ rpmsg }: BoardDescription, bootLoader: boolean): RpmsgTransport {
  return rpmsg && bootLoader ? 'imx-rpmsg' : 'remoteproc';
}

/** The tree, with `__symbols__`. */
export function builtInTree(soc: SocDescription, board: BoardDescription, transport: RpmsgTransport = 'remoteproc'): DeviceTree {
  const ofSoc = TREES.get(soc) ?? new WeakMap<BoardDescription, Map<RpmsgTransport, DeviceTree>>();
  TREES.set(soc, ofSoc);
  const trees = ofSoc.get(board) ?? new Map<RpmsgTransport, DeviceTree>();
  ofSoc.set(board, trees);
  const file = `built-in tree of ${soc.name} ${board.name}`;
  const tree = trees.get(transport) ?? parseDts(builtInSource(soc, board, transport), { file, symbols: true });
  trees.set(transport, tree);
  return tree.clone();
}

/** Descriptions are data and do not change, so neither do their trees; every machine asks several times. By SoC, too, as several may have one board. */
const TREES = new WeakMap<SocDescription, WeakMap<BoardDescription, Map<RpmsgTransport, DeviceTree>>>();

/** Its source. */
export function builtInSource(soc: SocDescription, board: BoardDescription, transport: RpmsgTransport = 'remoteproc'): string {
  return new Source(soc, board, transport).write();
}

class Source {
  private readonly soc: SocDescription;
  private readonly board: BoardDescription;
  private readonly transport: RpmsgTransport;
  private readonly lines: string[] = [];
  /** Cells of an address or size at the root. */
  private readonly cells: number;
  private depth = 0;

  constructor(soc: SocDescription, board: BoardDescription, transport: RpmsgTransport) {
    this.soc = soc;
    this.board = board;
    this.transport = transport;
    this.cells = soc.deviceTree?.cells ?? 2;
  }

  write(): string {
    const { soc, board } = this;
    this.lines.push('/dts-v1/;', '');
    this.node('/', () => {
      this.line(`interrupt-parent = <&${this.label('gic', 'gic')}>;`);
      this.busCells(this.cells);
      this.line(`model = ${text(board.model ?? board.title)};`);
      const compatible = [...(board.compatible ?? []), ...(soc.compatible ? [soc.compatible] : [])];
      this.line(`compatible = ${(compatible.length > 0 ? compatible : [`imx-sim,${soc.name}`]).map(text).join(', ')};`);
      this.aliases();
      this.cpus();
      this.memory();
      this.node('resmem: reserved-memory', () => this.reservedMemory());
      this.interruptController();
      this.node(this.cells === 1 ? 'soc: soc' : 'soc: soc@0', () => this.busses());
      if (this.transport === 'remoteproc') for (const description of soc.remoteprocs) this.remoteproc(description);
      if (board.rpmsg && board.rpmsg.bus === undefined) this.imxRpmsg(board.rpmsg);
    });
    return `${this.lines.join('\n')}\n`;
  }

  private line(text: string): void {
    this.lines.push(`${'\t'.repeat(this.depth)}${text}`);
  }

  private node(name: string, content: () => void): void {
    if (this.depth > 0) this.lines.push('');
    this.line(`${name} {`);
    this.depth++;
    content();
    this.depth--;
    this.line('};');
  }

  /** The label of a node of that kind: the SoC's, or else `standard`. */
  private label(kind: string, standard: string): string {
    return this.soc.deviceTree?.labels?.[kind] ?? standard;
  }

  private busCells(cells: number): void {
    this.line(`#address-cells = <${cells}>;`);
    this.line(`#size-cells = <${cells}>;`);
  }

  /** `base size` in the cells of the root. */
  private range(base: number, size: number): string {
    const cell = (value: number): string => `0x${value.toString(16)}`;
    const number = (value: number): string =>
      this.cells === 1 ? cell(value) : `${cell(Math.floor(value / 2 ** 32))} ${cell(value % 2 ** 32)}`;
    return `${number(base)} ${number(size)}`;
  }

  private get uarts(): PeripheralSpec[] {
    return this.soc.peripherals.filter(({ kind }) => kind === 'imx-uart');
  }

  private aliases(): void {
    const serials = this.uarts.map(({ name }) => ({ number: Number(/\d+$/.exec(name)?.[0] ?? 1) - 1, label: name.toLowerCase() }));
    serials.sort((one, other) => one.number - other.number);
    if (serials.length > 0)
      this.node('aliases', () => {
        for (const { number, label } of serials) this.line(`serial${number} = &${label};`);
      });
    const { linuxConsole } = this.board;
    if (linuxConsole) this.node('chosen', () => this.line(`stdout-path = &${linuxConsole};`));
  }

  private cpus(): void {
    const { cpus } = this.soc.deviceTree ?? {};
    if (!cpus) return;
    this.node('cpus', () => {
      this.line('#address-cells = <1>;');
      this.line('#size-cells = <0>;');
      for (let number = 0; number < cpus.count; number++)
        this.node(`cpu${number}: cpu@${number}`, () => {
          this.line('device_type = "cpu";');
          this.line(`compatible = ${text(cpus.compatible)};`);
          this.line(`reg = <${number}>;`);
          if (cpus.count > 1 && this.cells === 2) this.line('enable-method = "psci";');
        });
    });
  }

  /** The board's DDR: what lies below 4 GiB, and what lies above. */
  private memory(): void {
    const { soc, board } = this;
    const ddr = soc.memories.find(({ name }) => name === 'DDR');
    const base = ddr?.views['linux']?.[0]?.base ?? 0x4000_0000;
    const low = Math.min(board.ddr, 4 * GiB - base);
    const banks = [this.range(base, low)];
    if (board.ddr > low && this.cells === 2) banks.push(this.range(4 * GiB, board.ddr - low));
    this.node(`memory@${base.toString(16)}`, () => {
      this.line('device_type = "memory";');
      this.line(`reg = ${banks.map((bank) => `<${bank}>`).join(', ')};`);
    });
  }

  private reservedMemory(): void {
    this.busCells(this.cells);
    this.line('ranges;');
    const seen = new Set<string>();
    for (const region of this.reservedRegions()) {
      const name = unitName(region);
      if (seen.has(name)) continue;
      seen.add(name);
      this.node(`${label(region)}: ${name}`, () => {
        if (BUFFERS.test(region.name)) this.line('compatible = "shared-dma-pool";');
        this.line(`reg = <${this.range(region.base, region.size)}>;`);
        this.line('no-map;');
      });
    }
  }

  /** With imx_rpmsg: its own, and the memory that firmware is linked to. */
  private reservedRegions(): readonly ReservedMemory[] {
    const { remoteprocs, rpmsg } = this.board;
    const all = Object.entries(remoteprocs).flatMap(([core, { memoryRegions }]) => memoryRegions.map((region) => ({ core, region })));
    if (this.transport === 'remoteproc') return all.map(({ region }) => region);
    return [...all.filter(({ core, region }) => region.name.startsWith(core)).map(({ region }) => region), ...(rpmsg?.reserved ?? [])];
  }

  private interruptController(): void {
    const { compatible = 'arm,gic-v3', reg = [] } = this.soc.deviceTree?.gic ?? {};
    const at = reg[0]?.[0];
    this.node(`${this.label('gic', 'gic')}: interrupt-controller${at === undefined ? '' : `@${at.toString(16)}`}`, () => {
      this.line(`compatible = ${text(compatible)};`);
      if (reg.length > 0) this.line(`reg = ${reg.map(([base, size]) => `<${this.range(base, size)}>`).join(', ')};`);
      this.line('#address-cells = <0>;');
      this.line('#interrupt-cells = <3>;');
      this.line('interrupt-controller;');
    });
  }

  /** `soc@0` with its bridges, and the blocks below the bridge in whose window they lie. */
  private busses(): void {
    this.line('compatible = "simple-bus";');
    this.line('#address-cells = <1>;');
    this.line('#size-cells = <1>;');
    this.line(this.cells === 1 ? 'ranges;' : 'ranges = <0x0 0x0 0x0 0x40000000>;');
    const { buses = [] } = this.soc.deviceTree ?? {};
    const blocks = this.blocks();
    const inside = (base: number) => buses.find((bus) => base >= bus.base && base < bus.base + bus.size);
    for (const bus of buses)
      this.node(`${bus.name}: bus@${bus.base.toString(16)}`, () => {
        this.line('compatible = "fsl,aips-bus", "simple-bus";');
        this.line(`reg = <0x${bus.base.toString(16)} 0x${bus.size.toString(16)}>;`);
        this.line('#address-cells = <1>;');
        this.line('#size-cells = <1>;');
        this.line('ranges;');
        for (const block of blocks) if (inside(block.base) === bus) block.write();
        const { rpmsg } = this.board;
        if (rpmsg?.bus === bus.name) this.imxRpmsg(rpmsg);
      });
    for (const block of blocks) if (!inside(block.base)) block.write();
  }

  /** Blocks and MUs by address. */
  private blocks(): { readonly base: number; readonly write: () => void }[] {
    const { peripherals, mus } = this.soc;
    const blocks = peripherals.filter(({ kind, views }) => NODES[kind] && (views?.includes('linux') ?? true));
    const written = [
      ...blocks.map((block) => ({ base: block.base, write: () => this.block(block) })),
      ...mus
        .filter(({ a }) => a.interrupts['linux'] !== undefined)
        .map((mu, index) => ({ base: mu.a.base, write: () => this.mu(mu, index) })),
    ];
    return written.sort((one, other) => one.base - other.base);
  }

  private block({ kind, name, base, size, interrupts, highInterrupts }: PeripheralSpec): void {
    const { node, label: its, suffix, also } = NODES[kind]!;
    const spis = [interrupts?.['linux'], highInterrupts?.['linux']].filter((spi) => spi !== undefined);
    // Of several blocks of a kind (IOMUXC_GPR, IOMUXC_LPSR_GPR), the plain one has the label of the kind.
    const plain = this.soc.peripherals.every((other) => other.kind !== kind || other.name.length >= name.length);
    const own = plain ? this.label(kind, its ?? name.toLowerCase()) : name.toLowerCase();
    const model = kind.startsWith('iomuxc') ? name.toLowerCase().replaceAll('_', '-') : suffix;
    this.node(`${its === undefined ? name.toLowerCase() : own}: ${node}@${base.toString(16)}`, () => {
      this.line(`compatible = ${[`fsl,${this.soc.name}-${model}`, ...also].map(text).join(', ')};`);
      this.line(`reg = <0x${base.toString(16)} 0x${size.toString(16)}>;`);
      if (spis.length > 0) this.line(`interrupts = ${spis.map((spi) => `<0 ${spi} 4>`).join(', ')};`);
      if (CLOCKS.includes(kind)) this.line('#clock-cells = <1>;');
      if (kind === 'src') this.line('#reset-cells = <1>;');
      if (kind === 'gpio') {
        this.line('gpio-controller;');
        this.line('#gpio-cells = <2>;');
      }
      // The M core's own console is not for Linux.
      if (name.toLowerCase() === this.board.console) this.line('status = "disabled";');
    });
  }

  private mu(unit: MuDescription, index: number): void {
    const { name, layout, window = MU_LAYOUTS[layout].window, a } = unit;
    this.node(`${this.muLabel(name, index)}: mailbox@${a.base.toString(16)}`, () => {
      const own = `fsl,${this.soc.name}-mu`;
      this.line(`compatible = ${[...new Set([own, `fsl,${layout}-mu`])].map(text).join(', ')};`);
      this.line(`reg = <0x${a.base.toString(16)} 0x${window.toString(16)}>;`);
      this.line(`interrupts = <0 ${a.interrupts['linux']} 4>;`);
      this.line('#mbox-cells = <2>;');
    });
  }

  /** `mu` for the first, as the kernel's trees have it. */
  private muLabel(name: string, index = this.soc.mus.findIndex((mu) => mu.name === name)): string {
    return index === 0 ? 'mu' : name.toLowerCase();
  }

  private remoteproc({ core, compatible, node, method, clock }: RemoteprocDescription): void {
    const its = this.board.remoteprocs[core];
    if (!its) return;
    const has = (kind: string): boolean => this.soc.peripherals.some((block) => block.kind === kind);
    const clocks = CLOCKS.find(has);
    const ownClock = clocks === undefined;
    if (ownClock)
      this.node(`${core}_clk: clock-${core}`, () => {
        this.line('compatible = "fixed-clock";');
        this.line('#clock-cells = <0>;');
        this.line(`clock-frequency = <${this.soc.cores.find(({ name }) => name === core)?.hz ?? this.soc.baseHz}>;`);
      });
    const ownSyscon = method === 'mmio' && !has('src');
    if (ownSyscon) this.node(`${core}_syscon: syscon-${core}`, () => this.line('compatible = "syscon";'));
    this.node(node, () => {
      this.line(`compatible = ${text(compatible)};`);
      this.line(`clocks = <${ownClock ? `&${core}_clk` : `&${this.label(clocks, NODES[clocks]!.label!)} ${clock ?? 0}`}>;`);
      this.mailbox(its.mu);
      this.line(`memory-region = ${its.memoryRegions.map((region) => `<&${label(region)}>`).join(', ')};`);
      if (method === 'mmio') this.line(`syscon = <&${ownSyscon ? `${core}_syscon` : 'src'}>;`);
      if (its.startupDelayMs !== undefined) this.line(`fsl,startup-delay-ms = <${its.startupDelayMs}>;`);
    });
  }

  private mailbox(unit: string): void {
    const mu = this.muLabel(unit);
    this.line('mbox-names = "tx", "rx", "rxdb";');
    this.line(`mboxes = <&${mu} 0 1>, <&${mu} 1 1>, <&${mu} 3 1>;`);
  }

  /** In NXP's and Toradex' trees the node has no unit address. */
  private imxRpmsg({ compatible, mu, base, size }: ImxRpmsgDescription): void {
    this.node('rpmsg: rpmsg', () => {
      this.line(`compatible = ${text(compatible)};`);
      this.line(`reg = <${this.range(base, size)}>;`);
      this.line('vdev-nums = <1>;');
      this.mailbox(mu);
      this.line(`status = "${this.transport === 'remoteproc' ? 'disabled' : 'okay'}";`);
    });
  }
}

function text(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function unitName({ name, base }: ReservedMemory): string {
  return `${name}@${base.toString(16)}`;
}

/** `vdev0vring0`, `rsc_table`, `m7_reserved`, `rpmsg_reserved` as in NXP's trees. */
function label({ name }: ReservedMemory): string {
  const plain = name.replaceAll(/\W/g, '_');
  return /^(m\d|rpmsg)$/.test(plain) ? `${plain}_reserved` : plain;
}
