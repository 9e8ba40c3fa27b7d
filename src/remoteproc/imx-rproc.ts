/**
 * drivers/remoteproc/imx_rproc.c: the i.MX platform driver of remoteproc, of the kernel that `KernelFlavour` names.
 *
 * Differs in two points, each said where it is done: the machine is told where the vector table is (`CoreBoot`), and the table is kept
 * in both places where firmware looks for it (`findLoadedRscTable`). Not modelled: clock rates, the SCU's method, power-off handlers.
 */
import type { KernLevel } from '../events.ts';
import { errnoName } from '../linux/errno.ts';
import { ERRNO, type Kernel, type KernelCode, sleep, Workqueue } from '../linux/kernel.ts';
import { heldUp } from '../linux/kernel-faults.ts';
import { LATENCY } from '../linux/latencies.ts';
import { type Mailboxes, type MboxChan, type MboxClient, type MboxSpecifiers, mboxSpecifier } from '../linux/mailbox.ts';
import { translateDa } from '../memory/address-map.ts';
import { hex } from '../memory/bits.ts';
import type { RemoteprocDescription, ReservedMemory } from '../soc/soc.ts';
import { readElfStructure } from './elf-structure.ts';
import type { CrashRegisters, RprocEnvironment, RprocOps } from './remoteproc.ts';
import { Rproc } from './remoteproc-core.ts';
import { ELFCLASS32, EM_ARM } from './remoteproc-coredump.ts';
import { type FirmwareImage, rprocElfFindLoadedRscTable, rprocElfGetBootAddr, rprocElfLoadRscTable } from './remoteproc-elf-loader.ts';
import { LoadedTable, misaddressed, pageAlign } from './resource-table.ts';
import { rprocMemEntryInit } from './rproc-resources.ts';

/**
 * What is known about an image when its core is started. The kernel passes none of it: `mmio` writes the SRC register, `smc` asks TF-A
 * (0xC2000005), which takes the core out of reset or CPUWAIT, and the core fetches SP and PC from its fixed vectors, on 8M parts from
 * the TCM that it sees at 0 or 0x1FFE0000. An image for TCM has its vector table there; of an image for DDR somebody must put the first
 * two words there. U-Boot's `bootaux` does so, mainline's imx_rproc does not. The machine, given both addresses, may do what bootaux does.
 */
export interface CoreBoot {
  /** `rproc->bootaddr`: the ELF's entry point. */
  readonly bootAddress: number;
  /** Device address of the vector table; undefined when nothing was loaded. */
  readonly vectors: number | undefined;
}

/** TF-A and the reset controller behind the driver. */
export interface CoreControl {
  /** Told before the core is started by either method. */
  announceBoot?(core: string, boot: CoreBoot): void;
  /** IMX_SIP_RPROC_START: 0, or an error for a0. */
  startCore(core: string, boot: CoreBoot): number;
  /** IMX_SIP_RPROC_STOP: `error` for a0; `forced` when the core was not asleep (a1). */
  stopCore(core: string): { readonly error: number; readonly forced: boolean };
  /** IMX_SIP_RPROC_STARTED. */
  coreStarted(core: string): boolean;
  /** Registers that the core had when it crashed or was stopped, for its dump. */
  crashRegisters?(core: string): CrashRegisters | undefined;
}

/** A node of `memory-region`. */
export interface MemoryRegion extends ReservedMemory {
  /** False: its `reg` gives no address. */
  readonly resolvable?: boolean;
  /** False: it is no reserved memory that the kernel set aside. */
  readonly reserved?: boolean;
}

/** What the driver finds in the device tree node and its match data. */
export interface ImxRprocProperties {
  /** Its `imx_rproc_dcfg`. */
  readonly description: RemoteprocDescription;
  /** `mboxes` by their `mbox-names`; absent when the node has no `mbox-names`. */
  readonly mboxes?: MboxSpecifiers;
  /** Receive channels beside that of `mboxes`. */
  readonly alsoReceives?: readonly number[];
  /** `memory-region`, in order. */
  readonly memoryRegions: readonly MemoryRegion[];
  /** `fsl,auto-boot`. */
  readonly autoBoot?: boolean;
  /** `fsl,startup-delay-ms`. */
  readonly startupDelayMs?: number;
  /** False: the node has no `clocks`. */
  readonly clock?: boolean;
  /** False: `syscon` leads nowhere. */
  readonly syscon?: boolean;
}

/** What the driver needs of the kernel around it; the rest of `RprocEnvironment` it supplies itself. */
export interface ImxRprocEnvironment
  extends Pick<RprocEnvironment, 'kernel' | 'recoveryWq' | 'requestFirmware' | 'dmaAlloc' | 'dmaFree' | 'parentDevice' | 'devCoredumps'> {
  readonly mailboxes: Mailboxes;
  /** Hears, in plain words, what would not work on a board. */
  readonly onFinding?: (text: string) => void;
  readonly control: CoreControl;
  /** A core dump holds all memories of the core and its registers, which no kernel of these arranges; else it is as theirs. */
  readonly completeDump?: boolean;
  readonly registerVdev: (imx: ImxRproc, ...args: Parameters<RprocEnvironment['registerVdev']>) => number;
}

/** `IMX_RPROC_MEM_MAX`. */
const IMX_RPROC_MEM_MAX = 32;
/** tx_tout, in milliseconds. */
const TX_TOUT_MS = 100;
/** Type of the channels in `mboxes` on which Linux receives. */
const RX_TYPE = 1;
/** Size that a table installed by somebody else is taken to have. */
const SZ_1K = 1024;

/** The pool for message buffers: mainline's name, or NXP's `vdevbuffer`. */
export function isVdevBuffer({ name }: Pick<ReservedMemory, 'name'>): boolean {
  return name === 'vdev0buffer' || name === 'vdevbuffer';
}

/** `struct imx_rproc`. */
export class ImxRproc implements RprocOps {
  readonly rproc: Rproc;
  readonly properties: ImxRprocProperties;
  private readonly env: ImxRprocEnvironment;
  private readonly kernel: Kernel;
  /** Of the platform device. */
  readonly name: string;
  private readonly device: string;
  /** Memory mapped at probe, by system address. */
  private readonly mem: { readonly base: number; readonly size: number }[] = [];
  private readonly rscTable: ReservedMemory | undefined;
  private readonly workqueue: Workqueue;
  private readonly work: { readonly name: string; readonly code: () => KernelCode };
  private txCh: MboxChan | undefined;
  private rxCh: MboxChan | undefined;
  private readonly extraChannels: MboxChan[] = [];
  /** `imx_rproc_detach`, where the kernel has it: only the SCU's method can. */
  readonly detach?: () => KernelCode<number>;

  constructor(env: ImxRprocEnvironment, index: number, deviceName: string, properties: ImxRprocProperties) {
    this.env = env;
    this.kernel = env.kernel;
    this.properties = properties;
    this.name = deviceName;
    this.device = `imx-rproc ${deviceName}`;
    this.rscTable = properties.memoryRegions.find(({ name }) => name === 'rsc-table');
    this.workqueue = new Workqueue(env.kernel, deviceName);
    this.work = { name: 'imx_rproc_vq_work', code: () => this.vqWork() };
    if (env.kernel.flavour.imxRproc.detach) this.detach = refuseDetach;
    this.rproc = new Rproc({
      ...env,
      index,
      name: 'imx-rproc',
      parent: this.device,
      ops: this,
      registerVdev: (rproc, data) => env.registerVdev(this, rproc, data),
    });
  }

  private log(level: KernLevel, text: string): void {
    this.kernel.dev(level, this.device, text);
  }

  private get core(): string {
    return this.properties.description.core;
  }

  /** `imx_rproc_probe`: 0 or a negative errno. */
  *probe(): KernelCode<number> {
    const err = yield* this.probeSteps();
    // rproc_free, whose last reference this is.
    if (err) this.rproc.release();
    return err;
  }

  private *probeSteps(): KernelCode<number> {
    const { rproc } = this;
    const mailbox = this.xtrMboxInit();
    if (mailbox) return mailbox;
    let err = this.addrInit();
    if (err) this.log(3, 'failed on imx_rproc_addr_init');
    err ||= this.detectMode() || this.clkEnable();
    if (!err) {
      // A core that runs already is attached to at once.
      rproc.autoBoot = rproc.state === 'detached' || (this.properties.autoBoot ?? false);
      if (this.env.completeDump) rproc.elf = { class: ELFCLASS32, machine: EM_ARM };
      err = yield* rproc.add();
      if (err) this.log(3, 'rproc_add failed');
    }
    if (err) this.freeMbox();
    return err;
  }

  /** `imx_rproc_remove`. */
  *remove(): KernelCode {
    yield* this.rproc.del();
    this.freeMbox();
    this.rproc.release();
  }

  /** `imx_rproc_xtr_mbox_init`. */
  private xtrMboxInit(): number {
    const { mboxes } = this.properties;
    if (!mboxes || (this.txCh && this.rxCh)) return 0;
    const client: MboxClient = {
      device: this.device,
      txBlock: true,
      txTout: TX_TOUT_MS,
      rxCallback: () => void this.workqueue.queue(this.work),
    };
    const { mailboxes } = this.env;
    const tx = mailboxes.requestByName(this.kernel, client, mboxes, 'tx');
    if (typeof tx === 'number') return this.mboxFailed('tx', tx);
    const rx = mailboxes.requestByName(this.kernel, client, mboxes, 'rx');
    if (typeof rx === 'number') {
      tx.free();
      return this.mboxFailed('rx', rx);
    }
    this.txCh = tx;
    this.rxCh = rx;
    const specifier = mboxSpecifier(mboxes, 'rx');
    if (typeof specifier === 'object') for (const channel of this.properties.alsoReceives ?? []) this.receiveAlso(specifier.node, channel);
    return 0;
  }

  /** Hears a channel that no mainline tree names; see `BoardDescription.remoteprocs`. */
  private receiveAlso(mailbox: string, channel: number): void {
    const client: MboxClient = {
      device: this.device,
      txBlock: false,
      txTout: 0,
      rxCallback: () => {
        this.env.onFinding?.(
          `the firmware rings MU channel ${channel}; heard here, but with mboxes = <&mu 1 1>, as mainline device trees have it, Linux listens on channel 1 only`,
        );
        this.workqueue.queue(this.work);
      },
    };
    const chan = this.env.mailboxes.request(client, mailbox, RX_TYPE, channel);
    if (typeof chan !== 'number') this.extraChannels.push(chan);
  }

  /** `dev_err_probe`: deferral is not worth a line. */
  private mboxFailed(which: string, err: number): number {
    if (err !== ERRNO.EPROBE_DEFER) this.log(3, `error -${errnoName(err)}: failed to request ${which} mailbox channel`);
    return err;
  }

  /** `imx_rproc_addr_init`: the core's own memories, and every memory-region that is not for a vdev. */
  private addrInit(): number {
    this.mem.push(...this.properties.description.att.filter((entry) => entry.own).map(({ sa, size }) => ({ base: sa, size })));
    for (const { name, base, size, resolvable } of this.properties.memoryRegions) {
      if (name.startsWith('vdev')) continue;
      if (resolvable === false) {
        this.log(3, 'unable to resolve memory region');
        return ERRNO.EINVAL;
      }
      this.mem.push({ base, size });
    }
    this.mem.splice(IMX_RPROC_MEM_MAX);
    return 0;
  }

  /** `imx_rproc_detect_mode`: does the core run already? */
  private detectMode(): number {
    const { method, src } = this.properties.description;
    let running = method === 'none';
    if (method === 'smc') running = this.env.control.coreStarted(this.core);
    if (method === 'mmio' && src) {
      if (this.properties.syscon === false) {
        this.log(3, 'failed to find syscon');
        return ERRNO.ENODEV;
      }
      running = (this.kernel.readl(src.address) & src.mask) >>> 0 !== src.stop;
    }
    if (running) this.rproc.state = 'detached';
    return 0;
  }

  /** `imx_rproc_clk_enable`: NXP's kernel does without a clock. */
  private clkEnable(): number {
    const { clock, description } = this.properties;
    if (clock !== false || description.method === 'none' || this.kernel.flavour.imxRproc.clockOptional) return 0;
    this.log(3, 'Failed to get clock');
    return ERRNO.ENOENT;
  }

  /** `imx_rproc_prepare`: carveouts for the memory-regions, except the two that are found by name; each is to be dumped, too. */
  prepare(): number {
    const { rproc } = this;
    for (const { name, base, size, reserved } of this.properties.memoryRegions) {
      if (name === 'vdev0buffer' || name === 'rsc-table') continue;
      if (reserved === false) {
        this.log(3, 'unable to acquire memory-region');
        return ERRNO.EINVAL;
      }
      const alloc = (_rproc: Rproc, mem: { va: number | undefined; dma: number }): number => {
        mem.va = mem.dma;
        return 0;
      };
      rproc.carveouts.push(rprocMemEntryInit({ name, dma: base, len: size, da: base, alloc }));
      if (!this.env.completeDump) rproc.dumpSegments.push({ da: base, size });
    }
    if (this.env.completeDump) this.addDumpSegments();
    return 0;
  }

  /** What a debugger wants to see: the core's own memories at the addresses of the core, and all memory-regions. */
  private addDumpSegments(): void {
    const { memory } = this.kernel;
    const { description, memoryRegions } = this.properties;
    const own = description.att.filter((entry) => entry.own);
    for (const { da, sa, size } of [...own, ...memoryRegions.map(({ base, size }) => ({ da: base, sa: base, size }))]) {
      if (!memory.readBytes(sa, size)) continue;
      this.rproc.dumpSegments.push({ da, size, dump: (offset, length) => memory.readBytes(sa + offset, length) });
    }
  }

  /** `imx_rproc_parse_fw`. */
  parseFw(fw: FirmwareImage): number {
    const { rproc } = this;
    const bytes = rprocElfLoadRscTable(rproc.log.bind(rproc), fw);
    if (!bytes) {
      rproc.log(6, 'No resource table in elf');
      return 0;
    }
    const wrong = this.kernel.faults.wrongAddress;
    rproc.table.parsed(wrong?.where === 'file' ? misaddressed(bytes, wrong) : bytes);
    return 0;
  }

  /** `imx_rproc_da_to_va`. */
  daToVa(da: number, length: number): number | undefined {
    if (length === 0) return undefined;
    const sys = translateDa(this.properties.description.att, da, length);
    if (sys === undefined) {
      this.log(4, `Translation failed: da = ${hex(da)} len = ${hex(length)}`);
      return undefined;
    }
    return this.mapped(sys, length);
  }

  /** `sys` when it lies in mapped memory; the last byte of a mapping cannot be reached, as in the kernel. */
  private mapped(sys: number, length: number): number | undefined {
    return this.mem.some(({ base, size }) => sys >= base && sys + length < base + size) ? sys : undefined;
  }

  /**
   * `imx_rproc_elf_find_loaded_rsc_table`: the `rsc-table` region, and where the table was linked to. The kernel takes the region alone
   * when there is one, and firmware that polls the status byte of its own copy then never sees DRIVER_OK; here both are written.
   */
  findLoadedRscTable(fw: FirmwareImage): LoadedTable | undefined {
    const { rproc, rscTable, kernel } = this;
    if (!rproc.table.inEffect) return undefined;
    const { size } = rproc.table.inEffect;
    if (!rscTable) {
      const address = rprocElfFindLoadedRscTable(rproc.log.bind(rproc), fw, this);
      return address === undefined ? undefined : new LoadedTable(kernel.memory, [address], size);
    }
    const linked = rprocElfFindLoadedRscTable(() => {}, fw, { daToVa: (da, length) => this.quietDaToVa(da, length) });
    const addresses = linked === undefined || linked === rscTable.base ? [rscTable.base] : [rscTable.base, linked];
    return new LoadedTable(kernel.memory, addresses, Math.min(size, pageAlign(rscTable.size)));
  }

  private quietDaToVa(da: number, length: number): number | undefined {
    const sys = length > 0 ? translateDa(this.properties.description.att, da, length) : undefined;
    return sys === undefined ? undefined : this.mapped(sys, length);
  }

  /** `imx_rproc_get_loaded_rsc_table`: for a core that somebody else started. */
  getLoadedRscTable(): LoadedTable | undefined {
    return this.rscTable && new LoadedTable(this.kernel.memory, [this.rscTable.base], SZ_1K);
  }

  /** `imx_rproc_get_boot_addr`: the entry point, or for some cores with NXP's kernel the section `.interrupts`, 0 without one. */
  getBootAddr(fw: FirmwareImage): number {
    if (!this.kernel.flavour.imxRproc.bootsAtInterrupts.includes(this.properties.description.compatible)) return rprocElfGetBootAddr(fw);
    return readElfStructure(fw.data).sections.find(({ name }) => name === '.interrupts')?.addr ?? 0;
  }

  /** `imx_rproc_start`. */
  *start(): KernelCode<number> {
    const { startupDelay, mailboxPerStart } = this.kernel.flavour.imxRproc;
    const mailbox = mailboxPerStart ? this.xtrMboxInit() : 0;
    if (mailbox) return mailbox;
    if (this.properties.description.method === 'none') return ERRNO.EOPNOTSUPP;
    const ret = yield* this.startCore();
    if (ret) this.log(3, 'Failed to enable remote core!');
    const { startupDelayMs = 0 } = this.properties;
    if (startupDelay && startupDelayMs > 0) yield* sleep(startupDelayMs * 1e6);
    return ret;
  }

  private *startCore(): KernelCode<number> {
    const { control } = this.env;
    const { method, src } = this.properties.description;
    const boot = { bootAddress: this.rproc.bootaddr, vectors: this.rproc.vectors };
    control.announceBoot?.(this.core, boot);
    if (method === 'mmio' && src) {
      this.updateBits(src.address, src.mask, src.start);
      return 0;
    }
    yield* sleep(LATENCY.smc);
    return control.startCore(this.core, boot);
  }

  /** `imx_rproc_stop`. */
  *stop(): KernelCode<number> {
    if (this.properties.description.method === 'none') return ERRNO.EOPNOTSUPP;
    const error = yield* this.stopCore();
    if (error) this.log(3, 'Failed to stop remote core');
    else if (this.kernel.flavour.imxRproc.mailboxPerStart) this.freeMbox();
    return error;
  }

  private *stopCore(): KernelCode<number> {
    const { method, src } = this.properties.description;
    if (method === 'mmio' && src) {
      this.updateBits(src.address, src.mask, src.stop);
      return 0;
    }
    yield* sleep(LATENCY.smc);
    const { error, forced } = this.env.control.stopCore(this.core);
    if (forced) this.log(6, 'Not in wfi, force stopped');
    return error;
  }

  /** `regmap_update_bits`. */
  private updateBits(address: number, mask: number, value: number): void {
    const old = this.kernel.readl(address);
    this.kernel.writel(((old & ~mask) | (value & mask)) >>> 0, address);
  }

  /** `imx_rproc_attach`. */
  *attach(): KernelCode<number> {
    return this.kernel.flavour.imxRproc.mailboxPerStart ? this.xtrMboxInit() : 0;
  }

  /** Registers for the dump, where it is complete. */
  crashRegisters(): CrashRegisters | undefined {
    return this.env.completeDump ? this.env.control.crashRegisters?.(this.core) : undefined;
  }

  /** `imx_rproc_kick`: sleeps until the core has read the word, at most `tx_tout`. */
  *kick(vqid: number): KernelCode {
    if (!this.txCh) {
      this.log(3, 'No initialized mbox tx channel');
      return;
    }
    const err = yield* this.txCh.send((vqid << 16) >>> 0);
    if (err < 0) this.log(3, `imx_rproc_kick: failed (${vqid}, err:${err})`);
  }

  /** `imx_rproc_vq_work`: whatever word came, all vrings are looked at. */
  private *vqWork(): KernelCode {
    const { notifyIds } = this.kernel.flavour.imxRproc;
    yield* heldUp(this.kernel);
    for (let id = 0; id < notifyIds; id++) yield* this.rproc.vqInterrupt(id);
  }

  /** `imx_rproc_free_mbox`. */
  freeMbox(): void {
    this.txCh?.free();
    this.rxCh?.free();
    this.txCh = undefined;
    this.rxCh = undefined;
    for (const chan of this.extraChannels.splice(0)) chan.free();
  }
}

function* refuseDetach(): KernelCode<number> {
  return ERRNO.EOPNOTSUPP;
}
