/**
 * libunicorn 2 through koffi: the dozen functions the engine uses, with every pointer and handle as a plain number.
 *
 * Nothing is loaded before the first call. The library is found by its name on the loader's path; besides the public interface the
 * engine needs one function that libunicorn exports without documenting it, and refuses a build that hides it.
 * Unicorn is GPL-2.0 and stays a separate work that is only loaded at run time (docs/adr/0001).
 */
import { createRequire } from 'node:module';
import { EngineUnavailable } from '../../errors.ts';

type Koffi = typeof import('koffi').default;

/** Numbers of unicorn.h and arm.h (version 2). */
export const UC = {
  ARCH_ARM: 1,
  MODE_THUMB: 1 << 4,
  PROT_READ: 1,
  PROT_WRITE: 2,
  PROT_EXEC: 4,
  HOOK_CODE: 1 << 2,
  HOOK_BLOCK: 1 << 3,
  HOOK_MEM_UNMAPPED: (1 << 4) | (1 << 5) | (1 << 6),
  HOOK_MEM_WRITE_PROT: 1 << 8,
  MEM_WRITE_UNMAPPED: 20,
  MEM_FETCH_UNMAPPED: 21,
  MEM_WRITE_PROT: 22,
  ERR_OK: 0,
  ERR_FETCH_UNMAPPED: 8,
  ERR_EXCEPTION: 21,
  CPU_ARM_CORTEX_M4: 9,
  CPU_ARM_CORTEX_M7: 10,
  REG_FPSCR: 6,
  REG_LR: 10,
  REG_PC: 11,
  REG_SP: 12,
  REG_D0: 14,
  REG_R0: 66,
  REG_CONTROL: 117,
  REG_XPSR: 120,
  REG_EPSR: 121,
  REG_EAPSR_NZCVQG: 135,
} as const;

/** QEMU's way out of translated code, which libunicorn exports without documenting it. */
export const LEAVE_SYMBOL = 'helper_exception_internal_arm';

const CTL = { PAGE_SIZE: 1, USE_EXITS: 4, CPU_MODEL: 7, REMOVE_CACHE: 9 } as const;

/** The control word of `uc_ctl` for a write with `args` arguments. */
function control(type: number, args: number): number {
  return (type | (args << 26) | (1 << 30)) >>> 0;
}

const NAMES = ['libunicorn.so.2', 'libunicorn.2.dylib', 'libunicorn.dylib', 'unicorn.dll'];
const REMEDY = 'install libunicorn 2 (Debian, Ubuntu: apt install libunicorn2; macOS: brew install unicorn), or use --cpu interpreter';

/** libunicorn and the few functions of the C library beside it. Addresses and handles are numbers; results are `uc_err`. */
export interface UnicornLibrary {
  readonly version: string;
  /** Addresses of JavaScript functions that native code may call; release them with `unregister`. */
  registerScan(callback: (uc: number, pc: number, bytes: number) => number): number;
  registerAccess(callback: (uc: number, type: number, address: number) => boolean): number;
  unregister(callback: number): void;
  /** Address of the first byte of `buffer`. */
  addressOf(buffer: ArrayBuffer): number;
  /** The `length` bytes at a native address. */
  view(address: number, length: number): ArrayBuffer;
  /** Address of a symbol of libunicorn. */
  symbol(name: string): number;
  /** Zeroed, page-aligned, readable and writable memory, or 0. */
  allocate(bytes: number): number;
  release(address: number, bytes: number): void;
  /** Makes whole pages executable and no longer writable; false when the host does not allow it. */
  makeExecutable(address: number, bytes: number): boolean;

  open(arch: number, mode: number, handleAt: number): number;
  close(uc: number): number;
  start(uc: number, begin: number, until: number, timeout: number, count: number): number;
  readRegisters(uc: number, ids: number, pointers: number, count: number): number;
  writeRegisters(uc: number, ids: number, pointers: number, count: number): number;
  map(uc: number, address: number, bytes: number, rights: number, host: number): number;
  protect(uc: number, address: number, bytes: number, rights: number): number;
  unmap(uc: number, address: number, bytes: number): number;
  addHook(uc: number, handleAt: number, type: number, callback: number, data: number): number;
  setModel(uc: number, model: number): number;
  /** 4 KiB pages; before anything else. */
  setPageSize(uc: number): number;
  /** The `until` address of `start` no longer means anything. */
  ignoreUntil(uc: number): number;
  /** Drops translated code of `begin .. end-1`. */
  removeCache(uc: number, begin: number, end: number): number;
}

let loaded: UnicornLibrary | EngineUnavailable | undefined;

/** Loads koffi and libunicorn once. @throws {EngineUnavailable} with the remedy. */
export function loadUnicorn(): UnicornLibrary {
  if (!loaded) {
    try {
      loaded = load();
    } catch (error) {
      if (!(error instanceof EngineUnavailable)) throw error;
      loaded = error;
    }
  }
  if (loaded instanceof EngineUnavailable) throw loaded;
  return loaded;
}

function unavailable(message: string, remedy = REMEDY): EngineUnavailable {
  return new EngineUnavailable('unicorn', message, remedy);
}

function load(): UnicornLibrary {
  if (process.arch !== 'x64' || process.platform === 'win32') {
    throw unavailable(`there is no native part for ${process.platform}-${process.arch}`, 'use --cpu interpreter');
  }
  let koffi: Koffi;
  try {
    koffi = createRequire(import.meta.url)('koffi') as Koffi;
  } catch {
    throw unavailable('the optional package koffi is not installed', 'npm install koffi, or use --cpu interpreter');
  }
  const library = open(koffi);
  try {
    library.symbol(LEAVE_SYMBOL);
  } catch {
    throw unavailable(`this build of libunicorn does not export ${LEAVE_SYMBOL}`);
  }
  return bind(koffi, library);
}

function open(koffi: Koffi): ReturnType<Koffi['load']> {
  for (const name of NAMES) {
    try {
      return koffi.load(name);
    } catch {
      // The next name may be the one of this host.
    }
  }
  throw unavailable('libunicorn was not found');
}

function bind(koffi: Koffi, library: ReturnType<Koffi['load']>): UnicornLibrary {
  const p = 'uintptr_t';
  const func = (name: string, args: string[], result = 'int') => library.func(name, result, args);
  const process_ = koffi.load(null);
  const mmap = process_.func('mmap', p, [p, 'size_t', 'int', 'int', 'int', 'int64']);
  const mprotect = process_.func('mprotect', 'int', [p, 'size_t', 'int']);
  const munmap = process_.func('munmap', 'int', [p, 'size_t']);
  const ctl = func('uc_ctl', [p, 'uint32', '...']);
  const hookAdd = func('uc_hook_add', [p, p, 'int', p, p, 'uint64', 'uint64', '...']);
  const version = func('uc_version', [p, p], 'uint32')(0, 0) as number;
  if (version >>> 24 !== 2) throw unavailable(`libunicorn ${version >>> 24} is not version 2`);
  const scan = koffi.pointer(koffi.proto('uint32', [p, 'uint64', 'uint32', p]));
  const access = koffi.pointer(koffi.proto('bool', [p, 'int', 'uint64', 'int', 'int64', p]));
  const anonymous = process.platform === 'darwin' ? 0x1002 : 0x22;
  const failed = 0xffff_ffff_ffff_f000;
  return {
    version: `${version >>> 24}.${(version >>> 16) & 0xff}.${(version >>> 8) & 0xff}`,
    registerScan: (callback) => Number(koffi.register(callback, scan)),
    registerAccess: (callback) => Number(koffi.register(callback, access)),
    unregister: (callback) => koffi.unregister(BigInt(callback)),
    addressOf: (buffer) => Number(koffi.address(buffer)),
    view: (address, length) => koffi.view(BigInt(address), length),
    symbol: (name) => Number(koffi.address(library.symbol(name))),
    allocate: (bytes) => {
      const address = Number(mmap(0, bytes, 3, anonymous, -1, 0));
      return address >= failed ? 0 : address;
    },
    release: (address, bytes) => munmap(address, bytes),
    makeExecutable: (address, bytes) => mprotect(address, bytes, 5) === 0,
    open: func('uc_open', ['int', 'int', p]),
    close: func('uc_close', [p]),
    start: func('uc_emu_start', [p, 'uint64', 'uint64', 'uint64', 'size_t']),
    readRegisters: func('uc_reg_read_batch', [p, p, p, 'int']),
    writeRegisters: func('uc_reg_write_batch', [p, p, p, 'int']),
    map: func('uc_mem_map_ptr', [p, 'uint64', 'size_t', 'uint32', p]),
    protect: func('uc_mem_protect', [p, 'uint64', 'size_t', 'uint32']),
    unmap: func('uc_mem_unmap', [p, 'uint64', 'size_t']),
    addHook: (uc, handleAt, type, callback, data) => hookAdd(uc, handleAt, type, callback, data, 1, 0),
    setModel: (uc, model) => ctl(uc, control(CTL.CPU_MODEL, 1), 'int', model),
    // 2.0.1 takes the number of bits of the value, which is one more than its logarithm; later versions are right.
    setPageSize: (uc) => ctl(uc, control(CTL.PAGE_SIZE, 1), 'uint32', version >>> 16 === 0x0200 ? 2048 : 4096),
    ignoreUntil: (uc) => ctl(uc, control(CTL.USE_EXITS, 1), 'int', 1),
    removeCache: (uc, begin, end) => ctl(uc, control(CTL.REMOVE_CACHE, 2), 'uint64', begin, 'uint64', end),
  };
}
