/**
 * What include/linux/remoteproc.h of Linux 6.1 declares: states, operations, and the things that hang on a remote processor.
 */
import type { DevCoredumps } from '../linux/devcoredump.ts';
import type { Device } from '../linux/fs/device-model.ts';
import type { Kernel, KernelCode, Workqueue } from '../linux/kernel.ts';
import type { Rproc } from './remoteproc-core.ts';
import type { FirmwareImage } from './remoteproc-elf-loader.ts';
import type { LoadedTable } from './resource-table.ts';

/** `enum rproc_state`, as sysfs spells it. */
export type RprocState = 'offline' | 'suspended' | 'running' | 'crashed' | 'attached' | 'detached';

/** `enum rproc_crash_type`, as `rproc_crash_to_string` spells it; a number that it does not know is `unknown`. */
export type RprocCrashType = 'mmufault' | 'watchdog' | 'fatal error' | 'unknown';

/** `enum rproc_crash_type` by number. */
export const RPROC_CRASH_TYPES: readonly RprocCrashType[] = ['mmufault', 'watchdog', 'fatal error'];

/** `enum rproc_dump_mechanism`, as sysfs spells it. */
export type RprocDumpMechanism = 'disabled' | 'enabled' | 'inline';

/** `struct rproc_mem_entry`: a piece of memory shared with the remote processor. Addresses of Linux are system addresses. */
export interface RprocMemEntry {
  readonly name: string;
  /** Where Linux has it mapped, undefined until it is allocated. */
  va: number | undefined;
  dma: number;
  da: number;
  readonly len: number;
  /** Offset of the entry's payload in the resource table, or FW_RSC_ADDR_ANY. */
  rscOffset: number;
  flags: number;
  readonly alloc?: (rproc: Rproc, mem: RprocMemEntry) => number;
  readonly release?: (rproc: Rproc, mem: RprocMemEntry) => void;
}

/** `struct rproc_debug_trace`: a buffer into which the firmware writes text. */
export interface RprocTrace {
  /** Of its file in debugfs. */
  readonly name: string;
  readonly da: number;
  readonly len: number;
}

/** `struct rproc_dump_segment`. */
export interface RprocDumpSegment {
  readonly da: number;
  readonly size: number;
  /** Gives the bytes instead of the translation of `da`. */
  readonly dump?: (offset: number, size: number) => Uint8Array | undefined;
}

/** `struct rproc_vdev_data`: what the rproc-virtio driver is told about a vdev. */
export interface RprocVdevData {
  readonly id: number;
  readonly index: number;
  readonly rscOffset: number;
}

/** `struct rproc_subdev`. */
export interface RprocSubdev {
  start(): KernelCode<number>;
  stop(crashed: boolean): KernelCode;
}

/** A vdev in use; `unregister` is `platform_device_unregister`. */
export interface RprocVdevHandle {
  unregister(): void;
}

/** A vring with a notify id; `interrupt` is `vring_interrupt` of its queue, false while it has none. */
export interface RprocNotifyTarget {
  interrupt(): KernelCode<boolean>;
}

/** Registers of a core at its crash: R0 to R15, then xPSR. */
export type CrashRegisters = readonly number[];

/** `struct rproc_ops`: what the platform driver does; errors are negative errnos. */
export interface RprocOps {
  prepare?(): number;
  start(): KernelCode<number>;
  stop(): KernelCode<number>;
  attach?(): KernelCode<number>;
  detach?(): KernelCode<number>;
  kick?(vqid: number): KernelCode;
  daToVa(da: number, length: number): number | undefined;
  parseFw(fw: FirmwareImage): number;
  findLoadedRscTable(fw: FirmwareImage): LoadedTable | undefined;
  getLoadedRscTable?(): LoadedTable | undefined;
  getBootAddr?(fw: FirmwareImage): number;
  /** What the core dump gets as its note on registers, which no kernel writes; see remoteproc-coredump.ts. */
  crashRegisters?(): CrashRegisters | undefined;
}

/** What the kernel around it gives a remote processor. */
export interface RprocEnvironment {
  readonly kernel: Kernel;
  /** N of remoteprocN. */
  readonly index: number;
  readonly name: string;
  /** Driver and name of the platform device, for its messages. */
  readonly parent: string;
  /** The platform device in sysfs. */
  readonly parentDevice?: Device;
  readonly ops: RprocOps;
  /** Takes core dumps; without it there are none. */
  readonly devCoredumps?: DevCoredumps;
  /** `rproc_recovery_wq`. */
  readonly recoveryWq: Workqueue;
  /** `request_firmware`: the file, or a negative errno. */
  requestFirmware(name: string, device: string): KernelCode<FirmwareImage | number>;
  /** `platform_device_register_data` of an rproc-virtio device, which probes it at once; the probe's error stays there, as in the kernel. */
  registerVdev(rproc: Rproc, data: RprocVdevData): number;
  /** `dma_alloc_coherent` and `dma_free_coherent` of the platform device. */
  dmaAlloc(length: number): number | undefined;
  dmaFree(address: number): void;
}
