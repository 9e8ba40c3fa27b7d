/**
 * The memory devices (drivers/char/mem.c, random.c): null, zero, full, random, urandom, kmsg, mem; and the names tty and console.
 *
 * /dev/mem is that of arm64 with CONFIG_STRICT_DEVMEM: read(2) and write(2) reach nothing but RAM, and RAM that the kernel uses is refused;
 * registers and reserved memory are reached by mmap(2), as devmem2 does. Random bytes come from a generator with a fixed seed.
 */
import type { AddressRange } from '../devicetree/address.ts';
import { BUS_FAULT } from '../memory/bus.ts';
import { ERRNO } from './errno.ts';
import type { DeviceNode } from './fs/device-model.ts';
import type { FileOperations, MemoryMapping, OpenFile } from './fs/vfs.ts';
import type { Kernel, KernelCode } from './kernel.ts';

const MEM_MAJOR = 1;
const TTYAUX_MAJOR = 5;
const PAGE = 4096;
/** Bytes that one read of an endless device gives at most, as the host has to hold them. */
const MOST = 1 << 20;
/** `PHYS_MASK` + 1 with 48 bits. */
const PHYS_END = 2 ** 48;

/** Physical memory as memblock has it. */
export interface PhysicalMemory {
  readonly banks: readonly AddressRange[];
  readonly reserved: readonly (AddressRange & { readonly noMap: boolean })[];
}

/** xorshift32: the bytes of /dev/random, the same in every run. */
class Random {
  private state = 0x6d78_2d73;

  bytes(count: number): Uint8Array {
    const data = new Uint8Array(count);
    for (let at = 0; at < count; at++) {
      let x = this.state;
      x ^= x << 13;
      x ^= x >>> 17;
      x ^= x << 5;
      this.state = x >>> 0;
      data[at] = this.state >>> 11;
    }
    return data;
  }
}

function* give(data: Uint8Array): KernelCode<Uint8Array> {
  return data;
}

function* take(count: number): KernelCode<number> {
  return count;
}

/** Makes the nodes in /dev; `memory` is asked at each use of /dev/mem. */
export function addMemoryDevices(kernel: Kernel, memory: () => PhysicalMemory): void {
  const random = new Random();
  const randomOps: FileOperations = {
    read: (_file, count) => give(random.bytes(Math.min(count, MOST))),
    write: (_file, data) => take(data.length),
  };
  const zeros: FileOperations['read'] = (_file, count) => give(new Uint8Array(Math.min(count, MOST)));
  const sink: FileOperations['write'] = (_file, data) => take(data.length);
  const devices: Readonly<Record<string, readonly [minor: number, mode: number, ops: FileOperations]>> = {
    mem: [1, 0o640, memOperations(kernel, memory)],
    null: [3, 0o666, { seekable: true, read: () => give(new Uint8Array(0)), write: sink }],
    zero: [5, 0o666, { seekable: true, read: zeros, write: sink }],
    full: [7, 0o666, { seekable: true, read: zeros, write: () => take(ERRNO.ENOSPC) }],
    random: [8, 0o666, randomOps],
    urandom: [9, 0o666, randomOps],
  };
  const add = (name: string, minor: number, mode: number, open: DeviceNode['open'], major = MEM_MAJOR): void => {
    kernel.devices.add({ name, class: major === MEM_MAJOR ? 'mem' : 'tty', node: { name, major, minor, mode, open } });
  };
  const opener = (ops: FileOperations | ((file: OpenFile) => FileOperations)): DeviceNode['open'] =>
    function* (file) {
      file.ops = typeof ops === 'function' ? ops(file) : ops;
      return 0;
    };
  for (const [name, [minor, mode, ops]] of Object.entries(devices)) add(name, minor, mode, opener(ops));
  add(
    'kmsg',
    11,
    0o644,
    opener((file) => kernel.syslog.openKmsg(file)),
  );
  add('tty', 0, 0o666, (file) => openTerminal(kernel, file), TTYAUX_MAJOR);
  add('console', 1, 0o600, (file) => openConsole(kernel, file), TTYAUX_MAJOR);
}

/** `tty_open_current_tty`: the controlling terminal of the process, -ENXIO without one. */
function* openTerminal(kernel: Kernel, file: OpenFile): KernelCode<number> {
  const terminal = kernel.current?.process?.terminal;
  if (!terminal) return ERRNO.ENXIO;
  file.ops = borrowed(terminal);
  return 0;
}

/** The console that user space was given, -ENODEV without one. */
function* openConsole(kernel: Kernel, file: OpenFile): KernelCode<number> {
  const terminal = kernel.console;
  if (!terminal) return ERRNO.ENODEV;
  file.ops = borrowed(terminal);
  return 0;
}

/** The operations of another open file, which stays open when this one is closed. */
function borrowed({ ops: { release: _release, ...ops } }: OpenFile): FileOperations {
  return ops;
}

/** `mem_fops`. */
function memOperations(kernel: Kernel, memory: () => PhysicalMemory): FileOperations {
  const inside = (at: number, length: number, ranges: readonly AddressRange[]): boolean =>
    ranges.some(({ base, size }) => at >= base && at + length <= base + size);
  const touches = (at: number, length: number, ranges: readonly AddressRange[]): boolean =>
    ranges.some(({ base, size }) => at < base + size && base < at + length);
  /** `range_is_allowed`: none of it is System RAM, which no-map regions are not. */
  const isAllowed = (from: number, to: number): boolean => {
    const { banks, reserved } = memory();
    const away = reserved.filter(({ noMap }) => noMap);
    for (const { base, size } of banks) {
      const end = Math.min(to, base + size);
      for (let at = Math.max(from, base); at < end; ) {
        const region = away.find((each) => at >= each.base && at < each.base + each.size);
        if (!region) return false;
        at = region.base + region.size;
      }
    }
    return true;
  };
  /** `valid_phys_addr_range`, then `page_is_allowed` of CONFIG_STRICT_DEVMEM. */
  const refuse = (at: number, length: number): number => {
    const { banks, reserved } = memory();
    const mapped =
      inside(at, length, banks) &&
      !touches(
        at,
        1,
        reserved.filter(({ noMap }) => noMap),
      );
    return mapped ? ERRNO.EPERM : ERRNO.EFAULT;
  };
  return {
    seekable: true,
    *read(file, count) {
      return count === 0 ? new Uint8Array(0) : refuse(file.pos, count);
    },
    *write(file, data) {
      return data.length === 0 ? 0 : refuse(file.pos, data.length);
    },
    mmap(_file, offset, length): MemoryMapping | number {
      if (offset % PAGE !== 0 || length <= 0 || offset + length > PHYS_END) return ERRNO.EINVAL;
      if (!isAllowed(offset, offset + length)) return ERRNO.EPERM;
      return mapping(kernel, offset, length);
    },
  };
}

/** A window on physical memory: accesses of 1, 2 and 4 bytes; -EFAULT where a program would get SIGBUS or SIGSEGV. */
function mapping(kernel: Kernel, offset: number, length: number): MemoryMapping {
  const fits = (at: number, size: number): boolean => at >= 0 && at + size <= length && offset + at + size <= 2 ** 32;
  return {
    length,
    read(at, size) {
      const value = fits(at, size) ? kernel.memory.read(offset + at, size) : BUS_FAULT;
      return value === BUS_FAULT ? ERRNO.EFAULT : value;
    },
    write(at, value, size) {
      return fits(at, size) && kernel.memory.write(offset + at, value >>> 0, size) ? 0 : ERRNO.EFAULT;
    },
  };
}
