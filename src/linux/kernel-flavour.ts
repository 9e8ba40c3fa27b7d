/**
 * The kernels that can be modelled, as data: Debian's linux-source-6.1 (mainline) and NXP's lf-6.1.55.
 *
 * Every behaviour in which the two differ is a field here that the driver reads; no driver asks for a kernel by its name. What the facts are
 * and where each was read is in docs/adr/0015-kernel-flavours.md.
 */

/** How drivers/remoteproc/remoteproc_core.c behaves; the differences are stable backports that lf-6.1.55 does not have yet. */
export interface RemoteprocFlavour {
  /** `rproc_shutdown` stops a crashed core, too (since 6.1.8x); else -EINVAL until it was recovered. */
  readonly stopsCrashed: boolean;
  /** A detached core is attached to by a work of its own; else within `rproc_add`, that is, the probe. */
  readonly attachesByWork: boolean;
  /** `CONFIG_REMOTEPROC_CDEV`. */
  readonly cdev: boolean;
}

/** How drivers/remoteproc/imx_rproc.c behaves. */
export interface ImxRprocFlavour {
  /** Has a `detach` operation; it refuses with -EOPNOTSUPP unless the SCU owns the core. */
  readonly detach: boolean;
  /** `fsl,startup-delay-ms` is read and slept after each start. */
  readonly startupDelay: boolean;
  /** Channels are freed by a stop and requested by each start and attach; else they are held from probe to remove. */
  readonly mailboxPerStart: boolean;
  /** Notify ids that a doorbell looks at, from 0. */
  readonly notifyIds: number;
  /** Works without a clock in the device tree. */
  readonly clockOptional: boolean;
  /** `compatible`s whose `bootaddr` is the section `.interrupts` (0 without one) instead of the entry point. */
  readonly bootsAtInterrupts: readonly string[];
}

/** One kernel. */
export interface KernelFlavour {
  readonly name: 'mainline' | 'nxp';
  /** What `uname -r` prints. */
  readonly release: string;
  /** What it is, for people. */
  readonly title: string;
  readonly remoteproc: RemoteprocFlavour;
  readonly imxRproc: ImxRprocFlavour;
  readonly imxMailbox: {
    /** Line of the driver's initcall, if it prints one. */
    readonly registered?: string;
    /** Layouts whose interrupt does not wake the system. */
    readonly skipsSuspendFlag: readonly string[];
  };
  /** drivers/rpmsg/imx_rpmsg.c, where the kernel has it, with the line of its initcall. */
  readonly imxRpmsg?: { readonly registered: string };
}

/** Debian 12's linux-source-6.1. */
export const MAINLINE: KernelFlavour = {
  name: 'mainline',
  release: '6.1.192',
  title: "Debian's linux-source-6.1",
  remoteproc: { stopsCrashed: true, attachesByWork: true, cdev: true },
  imxRproc: {
    detach: false,
    startupDelay: false,
    mailboxPerStart: false,
    notifyIds: 2,
    clockOptional: false,
    bootsAtInterrupts: [],
  },
  imxMailbox: { skipsSuspendFlag: ['imx7ulp'] },
};

/** NXP's BSP kernel lf-6.1.55-2.2.0. */
export const NXP: KernelFlavour = {
  name: 'nxp',
  release: '6.1.55-lts-next',
  title: "NXP's lf-6.1.55",
  remoteproc: { stopsCrashed: false, attachesByWork: false, cdev: true },
  imxRproc: {
    detach: true,
    startupDelay: true,
    mailboxPerStart: true,
    notifyIds: 4,
    clockOptional: true,
    bootsAtInterrupts: ['fsl,imx93-cm33'],
  },
  imxMailbox: { registered: 'imx mu driver is registered.', skipsSuspendFlag: [] },
  imxRpmsg: { registered: 'imx rpmsg driver is registered.' },
};

/** All of them; the first is the default. */
export const KERNEL_FLAVOURS: readonly KernelFlavour[] = [MAINLINE, NXP];

/** The flavour of that name, if there is one. */
export function findKernelFlavour(name: string): KernelFlavour | undefined {
  return KERNEL_FLAVOURS.find((flavour) => flavour.name === name);
}
