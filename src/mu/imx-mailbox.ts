/**
 * Linux's driver of the Messaging Unit, drivers/mailbox/imx-mailbox.c of 6.1, for the generic MU (imx6sx, imx7ulp, imx8ulp and later).
 *
 * It touches the hardware only through readl and writel of Linux's side, at the offsets of mu-layout.ts. All channels share one
 * interrupt. Not modelled: the SCU, SECO and S4 protocols, runtime clock gating.
 */
import { resource } from '../devicetree/address.ts';
import type { DeviceTreeNode } from '../devicetree/tree.ts';
import { ERRNO, type Kernel, type KernelCode } from '../linux/kernel.ts';
import { type Mailboxes, MboxChan, type MboxChanOps, type MboxController } from '../linux/mailbox.ts';
import { matchNode, type OfTree } from '../linux/of.ts';
import type { PlatformDevice, PlatformDriver } from '../linux/platform.ts';
import type { NoirqOps } from '../linux/suspend.ts';
import { MU_LAYOUTS, type MuField, type MuLayout, type MuLayoutName, type MuSignal } from './mu-layout.ts';

/** `enum imx_mu_chan_type`. */
export const IMX_MU_TYPE_TX = 0;
export const IMX_MU_TYPE_RX = 1;
export const IMX_MU_TYPE_TXDB = 2;
export const IMX_MU_TYPE_RXDB = 3;
export const IMX_MU_TYPE_RST = 4;
/** `IMX_MU_CHANS`: four channels of each type and one for reset. */
const IMX_MU_CHANS = 17;
const IMX_MU_NUM_RR = 4;
/** readl_poll_timeout of 5 µs while the MU resets itself, in reads. */
const RESET_POLLS = 5;

/** What the driver finds in the device tree. */
export interface ImxMuProperties {
  /** Name of the unit in the SoC's description, by which clients refer to it. */
  readonly node: string;
  readonly base: number;
  /** GIC SPI. */
  readonly irq: number;
  readonly layout: MuLayout;
  /** `fsl,mu-side-b`. */
  readonly sideB?: boolean;
}

/** A register with its bit for each channel. */
class ChannelBits {
  readonly address: number;
  private readonly field: MuField;

  constructor(layout: MuLayout, signal: MuSignal, base: number) {
    for (const register of layout.registers) {
      const field = register.fields.find((candidate) => candidate.signal === signal);
      if (!field) continue;
      this.address = base + register.offset;
      this.field = field;
      return;
    }
    throw new Error(`MU layout ${layout.name} has no ${signal}`);
  }

  bit(channel: number): number {
    const { lsb, width, descending } = this.field;
    return (1 << (descending ? lsb + width - 1 - channel : lsb + channel)) >>> 0;
  }
}

/** One MU with its driver bound (`struct imx_mu_priv`). */
export class ImxMu implements MboxController, NoirqOps {
  readonly node: string;
  private readonly kernel: Kernel;
  readonly device: string;
  private readonly properties: ImxMuProperties;
  private readonly channels: MboxChan[] = [];
  private suspended = false;
  /** Handlers of the started channels, in the order of request_irq; one line serves them all. */
  private readonly bits: Readonly<Record<'TE' | 'RF' | 'GIP' | 'TIE' | 'RIE' | 'GIE' | 'GIR' | 'MUR', ChannelBits>>;

  constructor(kernel: Kernel, device: string, properties: ImxMuProperties) {
    const { base, layout } = properties;
    const find = (signal: MuSignal): ChannelBits => new ChannelBits(layout, signal, base);
    this.kernel = kernel;
    this.device = device;
    this.node = properties.node;
    this.properties = properties;
    this.bits = {
      TE: find('TE'),
      RF: find('RF'),
      GIP: find('GIP'),
      TIE: find('TIE'),
      RIE: find('RIE'),
      GIE: find('GIE'),
      GIR: find('GIR'),
      MUR: find('MUR'),
    };
    for (let i = 0; i < IMX_MU_CHANS; i++) {
      this.channels.push(new MboxChan(kernel, device, `${this.node} channel ${i >> 2}-${i % 4}`, this.ops(i)));
    }
    if (!properties.sideB) this.initGeneric();
  }

  /** `imx_mu_init_generic`: everything disabled, what is pending from before dropped. */
  private initGeneric(): void {
    const { kernel, bits, properties } = this;
    // IMX_MU_CR, GIER, GCR, TCR and RCR: five registers on v2, five times the same one on v1.
    for (const { address } of [bits.MUR, bits.GIE, bits.GIR, bits.TIE, bits.RIE]) kernel.writel(0, address);
    kernel.writel(kernel.readl(bits.GIP.address), bits.GIP.address);
    for (let i = 0; i < IMX_MU_NUM_RR; i++) kernel.readl(properties.base + properties.layout.receive + 4 * i);
  }

  /** `imx_mu_xlate`. */
  xlate(type: number, index: number): MboxChan | number {
    const chan = this.channels[type * 4 + index];
    if (chan) return chan;
    this.kernel.dev(3, this.device, `Not supported channel number: ${type * 4 + index}. (type: ${type}, idx: ${index})`);
    return ERRNO.EINVAL;
  }

  freeChannels(): void {
    for (const channel of this.channels) channel.free();
  }

  /** Sets and clears bits of a control register (`imx_mu_xcr_rmw`). */
  private rmw(register: ChannelBits, set: number, clear: number): void {
    const value = this.kernel.readl(register.address);
    this.kernel.writel(((value & ~clear) | set) >>> 0, register.address);
  }

  private ops(number: number): MboxChanOps {
    const type = number >> 2;
    const idx = number % 4;
    return {
      sendData: (message) => this.sendData(number, type, idx, message),
      startup: () => this.startup(number, type, idx),
      shutdown: () => this.shutdown(type, idx),
    };
  }

  /** `imx_mu_generic_tx`. */
  private sendData(number: number, type: number, idx: number, message: number): number {
    const { kernel, bits, properties } = this;
    if (type === IMX_MU_TYPE_TX) {
      kernel.writel(message, properties.base + properties.layout.transmit + 4 * idx);
      this.rmw(bits.TIE, bits.TIE.bit(idx), 0);
      return 0;
    }
    if (type === IMX_MU_TYPE_TXDB) {
      this.rmw(bits.GIR, bits.GIR.bit(idx), 0);
      // imx_mu_txdb_tasklet: a doorbell has no acknowledgement, the framework is told at once.
      kernel.spawn(`${this.node} txdb`, this.txdbTasklet(number));
      return 0;
    }
    kernel.dev(4, this.device, `Send data on wrong channel type: ${type}`);
    return ERRNO.EINVAL;
  }

  private *txdbTasklet(number: number): KernelCode {
    this.channels[number]!.txDone(0);
  }

  /** `imx_mu_startup`. */
  private startup(number: number, type: number, idx: number): number {
    const { bits } = this;
    if (type === IMX_MU_TYPE_TXDB) return 0;
    this.kernel.requestIrq(this.properties.irq, irqDesc(type, idx), () => {
      if (this.isr(this.channels[number]!, type, idx) && this.suspended) this.kernel.pm.systemWakeup();
    });
    if (type === IMX_MU_TYPE_RX) this.rmw(bits.RIE, bits.RIE.bit(idx), 0);
    if (type === IMX_MU_TYPE_RXDB) this.rmw(bits.GIE, bits.GIE.bit(idx), 0);
    return 0;
  }

  /** `imx_mu_shutdown`. */
  private shutdown(type: number, idx: number): void {
    const { bits } = this;
    if (type === IMX_MU_TYPE_TXDB) return;
    if (type === IMX_MU_TYPE_TX) this.rmw(bits.TIE, 0, bits.TIE.bit(idx));
    if (type === IMX_MU_TYPE_RX) this.rmw(bits.RIE, 0, bits.RIE.bit(idx));
    if (type === IMX_MU_TYPE_RXDB) this.rmw(bits.GIE, 0, bits.GIE.bit(idx));
    if (type === IMX_MU_TYPE_RST) this.resetUnit();
    this.kernel.freeIrq(this.properties.irq, irqDesc(type, idx));
  }

  /** Sets MUR and waits until it is done: SR.RST (bit 7) on v1, where the reference manual has RS, SR.MURS (bit 0) on v2. */
  private resetUnit(): void {
    const { kernel, bits, properties } = this;
    const status = properties.layout.registers.find(({ name }) => name === 'SR')!;
    const bit = status.offset === 0x0c ? 1 << 0 : 1 << 7;
    this.rmw(bits.MUR, bits.MUR.bit(0), 0);
    for (let polls = 0; polls < RESET_POLLS; polls++) {
      if (!(kernel.readl(properties.base + status.offset) & bit)) return;
    }
    kernel.dev(4, this.device, 'RST channel timeout');
  }

  /** `imx_mu_suspend_noirq`: the interrupt stays on, and wakes the system. With its clock on, the unit keeps its registers. */
  suspendNoirq(): void {
    this.suspended = !this.kernel.flavour.imxMailbox.skipsSuspendFlag.includes(this.properties.layout.name);
  }

  /** `imx_mu_resume_noirq`. */
  resumeNoirq(): void {
    this.suspended = false;
  }

  private pending(enable: ChannelBits, status: ChannelBits, idx: number): boolean {
    const { kernel } = this;
    return (kernel.readl(enable.address) & enable.bit(idx)) !== 0 && (kernel.readl(status.address) & status.bit(idx)) !== 0;
  }

  /** `imx_mu_isr` for one channel: true when the interrupt was its own. */
  private isr(chan: MboxChan, type: number, idx: number): boolean {
    const { kernel, bits, properties } = this;
    if (type === IMX_MU_TYPE_TX && this.pending(bits.TIE, bits.TE, idx)) {
      this.rmw(bits.TIE, 0, bits.TIE.bit(idx));
      chan.txDone(0);
      return true;
    }
    if (type === IMX_MU_TYPE_RX && this.pending(bits.RIE, bits.RF, idx)) {
      chan.receivedData(kernel.readl(properties.base + properties.layout.receive + 4 * idx));
      return true;
    }
    if (type === IMX_MU_TYPE_RXDB && this.pending(bits.GIE, bits.GIP, idx)) {
      kernel.writel(bits.GIP.bit(idx), bits.GIP.address);
      chan.receivedData(0);
      return true;
    }
    return false;
  }
}

/** `cp->irq_desc`: name of a channel's interrupt. */
function irqDesc(type: number, idx: number): string {
  return `imx_mu_chan[${type}-${idx}]`;
}

/** `imx_mu_dt_ids`, without the units that speak to a firmware of their own (SCU, SECO, S4). */
const IMX_MU_DT_IDS: readonly { readonly compatible: string; readonly layout: MuLayoutName }[] = [
  { compatible: 'fsl,imx7ulp-mu', layout: 'imx7ulp' },
  { compatible: 'fsl,imx6sx-mu', layout: 'imx6sx' },
  { compatible: 'fsl,imx8ulp-mu', layout: 'imx8ulp' },
];

/**
 * The platform driver `imx_mu`; `nameOf` gives the name under which clients find the unit of a node. A unit without a name is not modelled:
 * it gets its driver, which leaves it alone.
 */
export function imxMuDriver(
  kernel: Kernel,
  mailboxes: Mailboxes,
  of: OfTree,
  nameOf: (node: DeviceTreeNode) => string | undefined,
): PlatformDriver {
  const units = new Map<string, ImxMu>();
  return {
    name: 'imx_mu',
    matches: (device): device is PlatformDevice => device.node !== undefined && matchNode(IMX_MU_DT_IDS, device.node) !== undefined,
    *probe({ name, node }) {
      const match = node && matchNode(IMX_MU_DT_IDS, node);
      if (!match) return ERRNO.EINVAL;
      const reg = resource(node);
      // devm_ioremap_resource
      if (!reg) {
        kernel.dev(3, `imx_mu ${name}`, 'invalid resource');
        return ERRNO.EINVAL;
      }
      const irq = of.interrupt(node, 0);
      // platform_get_irq
      if (irq < 0) {
        kernel.dev(3, `imx_mu ${name}`, 'error -ENXIO: IRQ index 0 not found');
        return ERRNO.ENXIO;
      }
      const known = nameOf(node);
      if (known === undefined) return 0;
      const unit = new ImxMu(kernel, `imx_mu ${name}`, {
        node: known,
        base: reg.base,
        irq,
        layout: MU_LAYOUTS[match.layout],
        sideB: node.has('fsl,mu-side-b'),
      });
      units.set(name, unit);
      mailboxes.register(unit);
      kernel.pm.addDevice(unit);
      return 0;
    },
    *remove({ name }) {
      const unit = units.get(name);
      if (!unit) return;
      kernel.pm.removeDevice(unit);
      mailboxes.unregister(unit);
    },
  };
}
