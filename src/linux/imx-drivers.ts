/**
 * The drivers of i.MX parts in one kernel: imx_mu, imx_rpmsg where the kernel has it, imx_rproc; each with what it needs around it.
 *
 * What they find in their nodes is of-platform.ts; what they do is mu/imx-mailbox.ts, virtio/imx-rpmsg.ts and remoteproc/imx-rproc.ts.
 */
import { resource } from '../devicetree/address.ts';
import type { DeviceTreeNode } from '../devicetree/tree.ts';
import { imxMuDriver } from '../mu/imx-mailbox.ts';
import { type CoreControl, ImxRproc, type ImxRprocProperties } from '../remoteproc/imx-rproc.ts';
import { registerRprocVirtio } from '../remoteproc/remoteproc-virtio.ts';
import type { BoardDescription, MuDescription, SocDescription } from '../soc/soc.ts';
import { createImxRpmsg } from '../virtio/imx-rpmsg.ts';
import type { VirtioModules } from '../virtio/modules.ts';
import type { DevCoredumps } from './devcoredump.ts';
import { DmaPool } from './dma-pool.ts';
import type { FirmwareLoader } from './firmware-loader.ts';
import { ERRNO, type Kernel, type KernelCode, type Workqueue } from './kernel.ts';
import { type Mailboxes, mboxSpecifier } from './mailbox.ts';
import { matchNode, type OfTree } from './of.ts';
import { imxRpmsgProperties, imxRprocOfMatch, imxRprocProperties, reservedPool } from './of-platform.ts';
import { Ida, type PlatformBus, type PlatformDevice, type PlatformDriver } from './platform.ts';
import type { ReservedMemories } from './reserved-memory.ts';

/** What Linux made of its tree. */
export interface BootTree {
  readonly of: OfTree;
  readonly reserved: ReservedMemories;
  readonly globalPool: DmaPool;
}

/** What the drivers need of the kernel and the machine around them. */
export interface ImxDriversEnvironment {
  readonly kernel: Kernel;
  readonly soc: SocDescription;
  readonly board: BoardDescription;
  readonly control: CoreControl;
  readonly modules: VirtioModules;
  readonly mailboxes: Mailboxes;
  readonly platform: PlatformBus;
  readonly firmware: FirmwareLoader;
  readonly devCoredumps: DevCoredumps;
  readonly recoveryWq: Workqueue;
  /** Takes the remoteprocs that are there, by their numbers. */
  readonly remoteprocs: ImxRproc[];
  /** The tree is the one that is built in, not one of the user's. */
  readonly ownTree: boolean;
  readonly completeDump?: boolean;
  readonly onFinding?: (text: string) => void;
}

/** The drivers of one kernel. */
export class ImxDrivers {
  private readonly env: ImxDriversEnvironment;
  private readonly tree: BootTree;
  private readonly indices = new Ida();
  /** By device: ends what was subscribed to for it. */
  private readonly watches = new Map<string, () => void>();

  constructor(env: ImxDriversEnvironment, tree: BootTree) {
    this.env = env;
    this.tree = tree;
  }

  /** Registers them in the order of their initcalls. */
  *register(): KernelCode {
    const { kernel, platform, mailboxes } = this.env;
    const { imxMailbox, imxRpmsg } = kernel.flavour;
    yield* platform.registerDriver(imxMuDriver(kernel, mailboxes, this.tree.of, (node) => this.messagingUnit(node)?.name));
    if (imxMailbox.registered) kernel.printk(6, imxMailbox.registered);
    if (imxRpmsg) {
      yield* platform.registerDriver(this.imxRpmsgDriver());
      kernel.printk(6, imxRpmsg.registered);
    }
    yield* platform.registerDriver(this.imxRprocDriver());
  }

  /** The unit that a node describes, if it is modelled. */
  private messagingUnit(node: DeviceTreeNode): MuDescription | undefined {
    const base = resource(node)?.base;
    return this.env.soc.mus.find(({ a }) => a.base === base);
  }

  /** The name under which the controller of a node registers. */
  private mailboxName(node: DeviceTreeNode): string {
    return this.messagingUnit(node)?.name ?? node.path;
  }

  private imxRpmsgDriver(): PlatformDriver {
    const { of, reserved, globalPool } = this.tree;
    const { kernel, mailboxes, platform, modules, onFinding } = this.env;
    return createImxRpmsg(
      ({ node }) => imxRpmsgProperties(of, reserved, node!, kernel.memory, (target) => this.mailboxName(target)),
      ({ name }) => ({
        kernel,
        mailboxes,
        globalPool,
        bus: modules.virtioBus,
        device: platform.deviceOf(name),
        ...(onFinding ? { onFinding } : {}),
      }),
    );
  }

  private imxRprocDriver(): PlatformDriver {
    const table = imxRprocOfMatch(this.env.soc);
    return {
      name: 'imx-rproc',
      matches: (device): device is PlatformDevice => device.node !== undefined && matchNode(table, device.node) !== undefined,
      probe: ({ name, node }) => this.probeImxRproc(name, node!),
      remove: ({ name }) => this.removeImxRproc(name),
    };
  }

  private *probeImxRproc(name: string, node: DeviceTreeNode): KernelCode<number> {
    const { soc, board, ownTree, remoteprocs } = this.env;
    const description = matchNode(imxRprocOfMatch(soc), node)?.description;
    if (!description) return ERRNO.EINVAL;
    const alsoReceives = ownTree ? board.remoteprocs[description.core]?.alsoReceives : undefined;
    const properties: ImxRprocProperties = {
      ...imxRprocProperties(this.tree.of, this.tree.reserved, node, description, (target) => this.mailboxName(target)),
      ...(alsoReceives ? { alsoReceives } : {}),
    };
    const index = this.indices.alloc();
    const imx = this.imxRproc(index, name, node, properties);
    const err = yield* imx.probe();
    if (err) this.indices.free(index);
    else remoteprocs.splice(index, 0, imx);
    if (!err && !ownTree) this.watchDoorbells(name, node, properties);
    return err;
  }

  private imxRproc(index: number, name: string, node: DeviceTreeNode, properties: ImxRprocProperties): ImxRproc {
    const { kernel, mailboxes, recoveryWq, modules, platform, control, devCoredumps, firmware, completeDump, onFinding } = this.env;
    const { of, reserved, globalPool } = this.tree;
    const region = reservedPool(of, reserved, node);
    const reservedMemory = region && { node: region.name, pool: new DmaPool(kernel.memory, region.base, region.size) };
    const parentDevice = platform.deviceOf(name);
    return new ImxRproc(
      {
        kernel,
        mailboxes,
        recoveryWq,
        control,
        devCoredumps,
        ...(completeDump ? { completeDump } : {}),
        ...(parentDevice ? { parentDevice } : {}),
        requestFirmware: (file, device) => firmware.request(file, device),
        dmaAlloc: (length) => globalPool.allocate(length),
        dmaFree: (address) => globalPool.free(address),
        ...(onFinding ? { onFinding } : {}),
        registerVdev: (_imx, rproc, data) =>
          registerRprocVirtio(rproc, data, {
            bus: modules.virtioBus,
            autoIds: platform.autoIds,
            reservedMemory,
            globalPool,
            ...(onFinding ? { onViolation: onFinding } : {}),
          }),
      },
      index,
      name,
      properties,
    );
  }

  private *removeImxRproc(name: string): KernelCode {
    const { remoteprocs } = this.env;
    this.watches.get(name)?.();
    const at = remoteprocs.findIndex((imx) => imx.name === name);
    const [imx] = at < 0 ? [] : remoteprocs.splice(at, 1);
    if (!imx) return;
    yield* imx.remove();
    this.indices.free(imx.rproc.env.index);
  }

  /** Tells of a doorbell that the user's tree makes Linux deaf to; the tree that is built in hears it, and says so. */
  private watchDoorbells(name: string, { path }: DeviceTreeNode, { mboxes }: ImxRprocProperties): void {
    const { kernel, onFinding } = this.env;
    const rx = mboxes && mboxSpecifier(mboxes, 'rx');
    if (typeof rx !== 'object') return;
    const told = new Set<number>();
    const stop = kernel.events.subscribeInside((event) => {
      if (event.type !== 'mu' || event.action !== 'transmit' || event.side !== 'B' || event.mu !== rx.node) return;
      if (event.channel === rx.args[1] || told.has(event.channel)) return;
      told.add(event.channel);
      onFinding?.(
        `the firmware rings MU channel ${event.channel}, which Linux does not hear: rx in mboxes of ${path} is channel ${rx.args[1]} alone`,
      );
    });
    this.watches.set(name, stop);
  }
}
