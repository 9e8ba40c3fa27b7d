/**
 * Linux 6.1 drivers/remoteproc/imx_rproc.c: the i.MX platform driver of remoteproc.
 *
 * Differs in two points, each said where it is done: the machine is told where the vector table is (`CoreBoot`), and the table is kept
 * in both places where firmware looks for it (`findLoadedRscTable`). Not modelled: clocks, `fsl,auto-boot`, detaching.
 */
import type { KernLevel } from '../events.ts';
import { ERRNO, type Kernel, type KernelCode, sleep, Workqueue } from '../linux/kernel.ts';
import { LATENCY } from '../linux/latencies.ts';
import type { Mailboxes, MboxChan, MboxClient } from '../linux/mailbox.ts';
import { translateDa } from '../memory/address-map.ts';
import { hex } from '../memory/bits.ts';
import type { RemoteprocDescription, ReservedMemory } from '../soc/soc.ts';
import { Rproc, type RprocEnvironment, type RprocOps } from './remoteproc-core.ts';
import { type FirmwareImage, rprocElfFindLoadedRscTable, rprocElfLoadRscTable } from './remoteproc-elf-loader.ts';
import { CachedTable, LoadedTable, pageAlign } from './resource-table.ts';
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
}

/** What the driver finds in the device tree node and its match data. */
export interface ImxRprocProperties {
  /** Its `imx_rproc_dcfg`. */
  readonly description: RemoteprocDescription;
  /** Node of `mboxes`; absent when the node has none. */
  readonly mailbox?: string;
  /** Receive channels beside that of `mboxes`. */
  readonly alsoReceives?: readonly number[];
  /** `memory-region`, in order. */
  readonly memoryRegions: readonly ReservedMemory[];
}

/** What the driver needs of the kernel around it; the rest of `RprocEnvironment` it supplies itself. */
export interface ImxRprocEnvironment extends Pick<RprocEnvironment, 'kernel' | 'recoveryWq' | 'requestFirmware' | 'dmaAlloc' | 'dmaFree'> {
  readonly mailboxes: Mailboxes;
  /** Hears, in plain words, what would not work on a board. */
  readonly onFinding?: (text: string) => void;
  readonly control: CoreControl;
  readonly registerVdev: (imx: ImxRproc, ...args: Parameters<RprocEnvironment['registerVdev']>) => number;
}

/** `IMX_RPROC_MEM_MAX`. */
const IMX_RPROC_MEM_MAX = 32;
/** tx_tout, in milliseconds. */
const TX_TOUT_MS = 100;
/** Channel specifiers in `mboxes`: type and index. */
const TX_CHANNEL = [0, 1] as const;
const RX_CHANNEL = [1, 1] as const;
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
  private readonly device: string;
  /** Memory mapped at probe, by system address. */
  private readonly mem: { readonly base: number; readonly size: number }[] = [];
  private readonly rscTable: ReservedMemory | undefined;
  private readonly workqueue: Workqueue;
  private readonly work: { readonly name: string; readonly code: () => KernelCode };
  private txCh: MboxChan | undefined;
  private rxCh: MboxChan | undefined;
  private readonly extraChannels: MboxChan[] = [];

  constructor(env: ImxRprocEnvironment, index: number, deviceName: string, properties: ImxRprocProperties) {
    this.env = env;
    this.kernel = env.kernel;
    this.properties = properties;
    this.device = `imx-rproc ${deviceName}`;
    this.rscTable = properties.memoryRegions.find(({ name }) => name === 'rsc-table');
    this.workqueue = new Workqueue(env.kernel, deviceName);
    this.work = { name: 'imx_rproc_vq_work', code: () => this.vqWork() };
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
  probe(): number {
    const mailbox = this.xtrMboxInit();
    if (mailbox) {
      // rproc_free, whose last reference this is.
      this.rproc.log(6, `releasing ${this.rproc.name}`);
      return mailbox;
    }
    this.addrInit();
    this.detectMode();
    // fsl,auto-boot is in no device tree here; a core that runs already is attached to at once.
    this.rproc.autoBoot = this.rproc.state === 'detached';
    const err = this.rproc.add();
    if (err) this.log(3, 'rproc_add failed');
    return err;
  }

  /** `imx_rproc_xtr_mbox_init`. */
  private xtrMboxInit(): number {
    const { mailbox } = this.properties;
    if (mailbox === undefined) return 0;
    const client: MboxClient = {
      device: this.device,
      txBlock: true,
      txTout: TX_TOUT_MS,
      rxCallback: () => void this.workqueue.queue(this.work),
    };
    const { mailboxes } = this.env;
    const tx = mailboxes.request(client, mailbox, ...TX_CHANNEL);
    if (typeof tx === 'number') return this.mboxFailed('tx', tx);
    const rx = mailboxes.request(client, mailbox, ...RX_CHANNEL);
    if (typeof rx === 'number') {
      tx.free();
      return this.mboxFailed('rx', rx);
    }
    this.txCh = tx;
    this.rxCh = rx;
    for (const channel of this.properties.alsoReceives ?? []) this.receiveAlso(mailbox, channel);
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
    const chan = this.env.mailboxes.request(client, mailbox, RX_CHANNEL[0], channel);
    if (typeof chan !== 'number') this.extraChannels.push(chan);
  }

  /** `dev_err_probe`: deferral is not worth a line. */
  private mboxFailed(which: string, err: number): number {
    if (err !== ERRNO.EPROBE_DEFER) this.log(3, `error ${errnoName(err)}: failed to request ${which} mailbox channel`);
    return err;
  }

  /** `imx_rproc_addr_init`: the core's own memories, and every memory-region that is not for a vdev. */
  private addrInit(): void {
    const own = this.properties.description.att.filter((entry) => entry.own).map(({ sa, size }) => ({ base: sa, size }));
    const regions = this.properties.memoryRegions.filter(({ name }) => !name.startsWith('vdev'));
    this.mem.push(...[...own, ...regions].slice(0, IMX_RPROC_MEM_MAX));
  }

  /** `imx_rproc_detect_mode`: does the core run already? */
  private detectMode(): void {
    const { method, src } = this.properties.description;
    let running = method === 'none';
    if (method === 'smc') running = this.env.control.coreStarted(this.core);
    if (method === 'mmio' && src) running = (this.kernel.readl(src.address) & src.mask) >>> 0 !== src.stop;
    if (running) this.rproc.state = 'detached';
  }

  /** `imx_rproc_prepare`: carveouts for the memory-regions, except the two that are found by name. */
  prepare(): number {
    for (const { name, base, size } of this.properties.memoryRegions) {
      if (isVdevBuffer({ name }) || name === 'rsc-table') continue;
      const alloc = (_rproc: Rproc, mem: { va: number | undefined; dma: number }): number => {
        mem.va = mem.dma;
        return 0;
      };
      this.rproc.carveouts.push(rprocMemEntryInit({ name, dma: base, len: size, da: base, alloc }));
    }
    return 0;
  }

  /** `imx_rproc_parse_fw`. */
  parseFw(fw: FirmwareImage): number {
    const { rproc } = this;
    const bytes = rprocElfLoadRscTable(rproc.log.bind(rproc), fw);
    if (!bytes) {
      rproc.log(6, 'No resource table in elf');
      return 0;
    }
    rproc.cachedTable = new CachedTable(bytes);
    rproc.tablePtr = rproc.cachedTable;
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
    if (!rproc.tablePtr) return undefined;
    const { size } = rproc.tablePtr;
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

  /** `imx_rproc_start`. */
  *start(): KernelCode<number> {
    const { control } = this.env;
    const { method, src } = this.properties.description;
    const boot = { bootAddress: this.rproc.bootaddr, vectors: this.rproc.vectors };
    if (method === 'none') return ERRNO.EOPNOTSUPP;
    control.announceBoot?.(this.core, boot);
    if (method === 'mmio' && src) {
      this.updateBits(src.address, src.mask, src.start);
      return 0;
    }
    yield* sleep(LATENCY.smc);
    const ret = control.startCore(this.core, boot);
    if (ret) this.log(3, 'Failed to enable remote core!');
    return ret;
  }

  /** `imx_rproc_stop`. */
  *stop(): KernelCode<number> {
    const { method, src } = this.properties.description;
    if (method === 'none') return ERRNO.EOPNOTSUPP;
    if (method === 'mmio' && src) {
      this.updateBits(src.address, src.mask, src.stop);
      return 0;
    }
    yield* sleep(LATENCY.smc);
    const { error, forced } = this.env.control.stopCore(this.core);
    if (forced) this.log(6, 'Not in wfi, force stopped');
    if (error) this.log(3, 'Failed to stop remote core');
    return error;
  }

  /** `regmap_update_bits`. */
  private updateBits(address: number, mask: number, value: number): void {
    const old = this.kernel.readl(address);
    this.kernel.writel(((old & ~mask) | (value & mask)) >>> 0, address);
  }

  /** `imx_rproc_attach`. */
  attach(): number {
    return 0;
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
    yield* this.rproc.vqInterrupt(0);
    yield* this.rproc.vqInterrupt(1);
  }

  /** `imx_rproc_free_mbox`. */
  freeMbox(): void {
    this.txCh?.free();
    this.rxCh?.free();
    for (const chan of this.extraChannels.splice(0)) chan.free();
  }
}

/** `%pe`. */
function errnoName(err: number): string {
  return (
    Object.entries(ERRNO)
      .find(([, value]) => value === err)?.[0]
      .replace(/^/, '-') ?? String(err)
  );
}
