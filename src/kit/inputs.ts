/**
 * What a test can do to a machine: the kinds of input, as they stand in recordings and as a snapshot does them again.
 *
 * Each is the smallest step that changes the machine; waiting for what comes of it is the simulation's business. Files and shells that a test has
 * open are known by numbers.
 */

import type { Argument, CoreCall } from '../cpu/aapcs.ts';
import type { HookHandler } from '../cpu/hooks.ts';
import { CallRefused, UsageError } from '../errors.ts';
import { Faults } from '../faults/faults.ts';
import { type InputKind, InputLog, type InputValue } from '../history/inputs.ts';
import { ERRNO } from '../linux/errno.ts';
import type { KernelCode } from '../linux/kernel.ts';
import type { Linux } from '../linux/linux.ts';
import type { OpenMode } from '../linux/linux-api.ts';
import type { LinuxFile } from '../linux/linux-file.ts';
import { linuxError } from '../linux/linux-file.ts';
import type { SleepState } from '../linux/suspend.ts';
import type { CallOptions } from '../linux/user-space.ts';
import type { Machine } from '../machine.ts';
import { hex32 } from '../memory/bits.ts';
import type { ExecOptions, LinuxShell } from '../shell/api.ts';
import { RPMSG_ADDR_ANY, type RpmsgDevice, type RpmsgEndpoint } from '../virtio/rpmsg-core.ts';
import { DEVICE_INPUTS } from './device-inputs.ts';
import { shellApi } from './shell-loader.ts';

/** What inputs act on: a machine, and what was opened in it. */
export class InputHost {
  readonly machine: Machine;
  readonly files = new Map<number, LinuxFile>();
  readonly shells = new Map<number, LinuxShell>();
  /** Endpoints of channels that have no driver, made for a test that sends there. */
  readonly endpoints = new Map<RpmsgDevice, RpmsgEndpoint>();
  /** What goes wrong on purpose. */
  readonly faults: Faults;

  constructor(machine: Machine) {
    this.machine = machine;
    this.faults = new Faults(machine);
  }

  /** Functions that were called and have not been cleaned up after, by number. */
  readonly calls = new Map<number, OpenCall>();
  /** What the hooks of stubs do, by the names of the functions that they stand for; given by the test, not by a recording. */
  readonly stubs = new Map<string, HookHandler>();
  private readonly hooked = new Map<string, () => void>();

  /** Nothing is open any more: another Linux has taken the place of the machine's. */
  forget(): void {
    this.files.clear();
    this.shells.clear();
    this.endpoints.clear();
  }

  /** A stub stands for the function at `address` from now on, or no more (`undefined`). @throws {UsageError} for a stub that nobody has given */
  setStub(name: string, address: number | undefined): void {
    this.hooked.get(name)?.();
    this.hooked.delete(name);
    if (address === undefined) return;
    const handler = this.stubs.get(name);
    if (!handler) {
      const remedy = 'a recording holds no code: make it without stubs, or replay the test itself';
      throw new UsageError(`${name} has a stub, which is code of the test`, remedy, name);
    }
    this.hooked.set(name, this.machine.core.addHook(address, handler));
  }

  /** Takes all stubs away: the machine goes to somebody else. */
  removeStubs(): void {
    for (const name of [...this.hooked.keys()]) this.setStub(name, undefined);
  }

  /** The machine's Linux, which there must be. */
  get linux(): Linux {
    return this.machine.linux!;
  }

  /** For shells. */
  get shellHost() {
    const { linux, soc, board } = this.machine;
    return { linux: linux!, hostName: `${soc.name}-${board!.name}`, requestStop: () => this.machine.requestStop() };
  }

  file(handle: number): LinuxFile {
    const file = this.files.get(handle);
    if (!file) throw linuxError(`file ${handle}`, ERRNO.EBADF);
    return file;
  }

  shell(handle: number): LinuxShell {
    const shell = this.shells.get(handle);
    if (!shell) throw linuxError(`shell ${handle}`, ERRNO.EBADF);
    return shell;
  }
}

/** A function that was called from outside. */
export interface OpenCall {
  readonly call: CoreCall;
  /** Stack pointer of the code that it interrupted. */
  readonly sp: number;
  /** Addresses of the buffers among its arguments, in their order. */
  readonly buffers: readonly number[];
}

/** An argument as a recording has it: bytes are put on the stack, and their address is passed. */
export type CallArgument = Argument | Uint8Array;

/** Makes room for the buffers on the stack and calls the function. @throws {CallRefused} */
function beginCall(host: InputHost, id: number, address: number, args: readonly CallArgument[], hardFloat: boolean): OpenCall {
  const { core } = host.machine;
  const view = host.machine.view(core.name);
  const sp = core.readRegister('sp');
  let low = sp;
  const buffers: number[] = [];
  const passed = args.map((argument): Argument => {
    if (!(argument instanceof Uint8Array)) return argument;
    low = ((low - argument.length) & ~7) >>> 0;
    buffers.push(low);
    if (argument.length > 0 && !view.writeBytes(low, argument))
      throw new CallRefused(
        `${argument.length} bytes find no room on the stack at ${hex32(low)}`,
        'put them into a buffer of the firmware',
      );
    return low;
  });
  // While the core is in reset it has no stack; the call says so.
  if (!core.halted) core.writeRegister('sp', low);
  try {
    const open = { call: core.beginCall(address, passed, { hardFloat }), sp, buffers };
    host.calls.set(id, open);
    return open;
  } catch (error) {
    if (!core.halted) core.writeRegister('sp', sp);
    throw error;
  }
}

/** Puts the core back to where it was before the call. */
function endCall(host: InputHost, id: number): void {
  const open = host.calls.get(id);
  if (!open) return;
  host.calls.delete(id);
  open.call.restore();
  host.machine.core.writeRegister('sp', open.sp);
}

type Kind = InputKind<InputHost>;

/** A kind with typed arguments: what a recording holds is checked where it is read. */
function kind<A extends readonly InputValue[]>(side: Kind['side'], apply: (host: InputHost, ...args: A) => unknown): Kind {
  return { side, apply: (host, ...args) => apply(host, ...(args as unknown as A)) };
}

/** Methods of Linux that take what a recording can hold. */
const LINUX = {
  readFile: kind('linux', ({ linux }, path: string, options?: CallInput) => linux.api.readFile(path, options)),
  writeFile: kind('linux', ({ linux }, path: string, data: Uint8Array | string, mode?: OpenMode, options?: CallInput) =>
    linux.api.writeFile(path, data, mode, options),
  ),
  exists: kind('linux', ({ linux }, path: string) => linux.api.exists(path)),
  waitFor: kind('linux', ({ linux }, path: string, options?: CallInput) => linux.api.waitFor(path, options)),
  readdir: kind('linux', ({ linux }, path: string) => linux.api.readdir(path)),
  stat: kind('linux', ({ linux }, path: string, follow?: boolean) => linux.api.stat(path, follow)),
  open: kind('linux', async (host, handle: number, path: string, mode?: OpenMode, options?: CallInput) => {
    host.files.set(handle, await host.linux.open(path, mode, options));
  }),
  exec: kind('linux', (host, text: string, options?: ExecInput) => shellApi().execute(host.shellHost, text, options)),
  shell: kind('linux', async (host, handle: number) => {
    host.shells.set(handle, await shellApi().openShell(host.shellHost));
  }),
  start: kind('linux', ({ linux }, index: number, firmware?: string) => linux.start(index, firmware)),
  stop: kind('linux', ({ linux }, index: number) => linux.stop(index)),
  suspend: kind('linux', ({ linux }, state: SleepState) => linux.suspend(state)),
  resume: kind('linux', ({ linux }) => linux.resume()),
  addFirmware: kind('linux', ({ linux }, name: string, bytes: Uint8Array) => linux.firmwareFiles.set(name, bytes)),
};

const FILE = {
  read: kind('linux', (host, handle: number, count?: number, options?: CallInput) => host.file(handle).read(count, options)),
  write: kind('linux', (host, handle: number, data: Uint8Array | string, options?: CallInput) => host.file(handle).write(data, options)),
  writeAll: kind('linux', (host, handle: number, data: Uint8Array | string, options?: CallInput) =>
    host.file(handle).writeAll(data, options),
  ),
  poll: kind('linux', (host, handle: number, events: number, waitNs?: number) => host.file(handle).poll(events, waitNs)),
  ioctl: kind('linux', (host, handle: number, command: number, argument?: Uint8Array | number, options?: CallInput) =>
    host.file(handle).ioctl(command, argument, options),
  ),
  seek: kind('linux', (host, handle: number, position: number) => host.file(handle).seek(position)),
  bytes: kind('linux', (host, handle: number, options?: CallInput) => host.file(handle).bytes(options)),
  close: kind('linux', async (host, handle: number, options?: CallInput) => {
    await host.file(handle).close(options);
    host.files.delete(handle);
  }),
};

const SHELL = {
  exec: kind('linux', (host, handle: number, text: string, options?: ExecInput) => host.shell(handle).exec(text, options)),
  close: kind('linux', async (host, handle: number) => {
    const status = await host.shell(handle).close();
    host.shells.delete(handle);
    return status;
  }),
};

/** Options of calls, as a recording holds them. */
export type CallInput = { readonly [key in keyof Omit<CallOptions, 'process'>]?: number };
export type ExecInput = { readonly [key in keyof ExecOptions]?: number };

/** All kinds, by name. */
const INPUT_KINDS: Readonly<Record<string, Kind>> = {
  // Linux's own history has what is sent to its consoles.
  'console.send': kind('hardware', ({ machine }, device: string, bytes: Uint8Array) => machine.send(device, bytes)),
  'memory.write': kind('hardware', ({ machine }, core: string, address: number, bytes: Uint8Array) =>
    machine.view(core).writeBytes(address, bytes),
  ),
  'core.call': kind('hardware', (host, id: number, address: number, args: readonly CallArgument[], hardFloat: boolean) =>
    beginCall(host, id, address, args, hardFloat),
  ),
  'core.return': kind('hardware', endCall),
  'core.stub': kind('hardware', (host, name: string, address: number | undefined) => host.setStub(name, address)),
  'rpmsg.send': kind('linux', (host, name: string, dst: number, device: string, data: Uint8Array) => {
    const { linux } = host;
    return linux.userSpace.call(`rpmsg_send to ${name}`, rpmsgSend(host, name, dst, device, data));
  }),
  fault: kind('hardware', ({ faults }, spec: string) => faults.add(spec)),
  ...DEVICE_INPUTS,
  ...prefixed('linux', LINUX),
  ...prefixed('file', FILE),
  ...prefixed('shell', SHELL),
};

function prefixed(prefix: string, kinds: Readonly<Record<string, Kind>>): Record<string, Kind> {
  return Object.fromEntries(Object.entries(kinds).map(([name, each]) => [`${prefix}.${name}`, each]));
}

/** The channel of that name and destination; `device` is the virtio device on which it hangs. */
function findRpmsgDevice(linux: Linux, name: string, dst: number, device: string): RpmsgDevice | undefined {
  return linux.modules.rpmsgBus.devices.find((each) => each.id === name && each.dst === dst && each.parent.name === device);
}

/** `rpmsg_send` by the channel's endpoint, its driver's if there is one. */
function* rpmsgSend(host: InputHost, name: string, dst: number, device: string, data: Uint8Array): KernelCode<number> {
  const rpdev = findRpmsgDevice(host.linux, name, dst, device);
  if (!rpdev) return ERRNO.ENODEV;
  const ept = rpdev.ept ?? host.endpoints.get(rpdev) ?? (yield* endpointFor(host, rpdev));
  return ept ? yield* ept.send(data) : ERRNO.ENOMEM;
}

/** An endpoint that takes every message, for a channel without driver. */
function* endpointFor(host: InputHost, rpdev: RpmsgDevice): KernelCode<RpmsgEndpoint | undefined> {
  const ept = yield* rpdev.createEpt(
    function* () {
      return 0;
    },
    { name: rpdev.id, src: RPMSG_ADDR_ANY, dst: rpdev.dst },
  );
  if (ept) host.endpoints.set(rpdev, ept);
  return ept;
}

/** The door of a machine. */
export function inputsOf(host: InputHost): InputLog<InputHost> {
  const { machine } = host;
  const log = new InputLog(host, INPUT_KINDS, () => {
    const { scheduler, linuxTurns } = machine;
    return { cycle: scheduler.now, fired: linuxTurns, inSlice: scheduler.inSlice };
  });
  log.onLinux = (kind, args) => machine.linuxHistory?.call(kind, args);
  return log;
}
