/**
 * The library: everything that runs in Node and in a browser alike. Engines and files that need Node are in `imx-sim/node`.
 */

export {
  Coverage,
  CoverageCollector,
  type CoverageReport,
  type FileCoverage,
  type FunctionCoverage,
  type LcovOptions,
  type SourceReader,
} from './coverage/index.ts';
export type { Core, CoreStop, FaultFacts } from './cpu/core.ts';
export type { Engine, EngineFactory } from './cpu/engine.ts';
export { interpreterFactory } from './cpu/interpreter/index.ts';
export { jitFactory } from './cpu/jit/index.ts';
export { type EngineDifference, type LockstepFigures, type LockstepOptions, lockstepFactory } from './cpu/lockstep/index.ts';
export type { SemihostingHost } from './cpu/semihosting.ts';
export { builtInSource, builtInTree } from './devicetree/built-in-tree.ts';
export { loadTree, type NamedTree, type TreeInput } from './devicetree/load.ts';
export { applyOverlay } from './devicetree/overlay.ts';
export { DeviceTree, DeviceTreeNode } from './devicetree/tree.ts';
export { writeDtb } from './devicetree/write-dtb.ts';
export { writeDts } from './devicetree/write-dts.ts';
export type { Diagnostic } from './diagnostics.ts';
export * from './errors.ts';
export type { EventListener, KernLevel, MachineEvent } from './events.ts';
export * from './kit/index.ts';
export { Dmesg, type DmesgLine } from './linux/dmesg.ts';
export { O, POLL } from './linux/fs/vfs.ts';
export type { KernelCode } from './linux/kernel.ts';
export { findKernelFlavour, KERNEL_FLAVOURS, type KernelFlavour } from './linux/kernel-flavour.ts';
export type { Linux } from './linux/linux.ts';
export type { FileStatus, LinuxApi, LinuxProcess, OpenMode, SpawnOptions } from './linux/linux-api.ts';
export type { LinuxFile } from './linux/linux-file.ts';
export { Process, type Program, SIGNAL } from './linux/process.ts';
export type { CallOptions, Flow, UserSpace } from './linux/user-space.ts';
export { Machine, type MachineOptions, type StopReason } from './machine.ts';
export { flameGraphHtml, type InterruptLatency, type LoadRow, Profiler, type ProfilerOptions, type StackUse } from './profile/index.ts';
export { type Firmware, parseFirmware } from './remoteproc/elf-loader.ts';
export { type Capstone, capstoneDisassembler } from './session/disassembler.ts';
export type { Disassemble } from './session/explain.ts';
export { parseDeviceInput } from './session/input.ts';
export { dmesgTimestamp, LineAssembler, type OutputLine } from './session/lines.ts';
export { type CoreFault, eventText, findingLines, type Renderer } from './session/renderer.ts';
export { Session, type SessionHost, type SessionOptions } from './session/session.ts';
export { chooseTarget, type Target } from './session/target.ts';
export { terminalText } from './session/terminal-text.ts';
export { TraceHash } from './session/trace-hash.ts';
export { type LineCondition, parseLineCondition } from './session/until.ts';
export { findSoc, SOCS } from './soc/index.ts';
export { type BoardDescription, defineSoc, type SocDescription } from './soc/soc.ts';
export type { BootStage } from './uboot/stage.ts';
export { UBoot, type UBootState } from './uboot/uboot.ts';
export {
  encodeEndpointInfo,
  RPMSG_CREATE_DEV_IOCTL,
  RPMSG_CREATE_EPT_IOCTL,
  RPMSG_DESTROY_EPT_IOCTL,
  RPMSG_RELEASE_DEV_IOCTL,
} from './virtio/rpmsg-ioctl.ts';
export { decodeTermios, encodeTermios, type Termios } from './virtio/termios.ts';
export { TTY_IOCTL } from './virtio/tty-ioctl.ts';
