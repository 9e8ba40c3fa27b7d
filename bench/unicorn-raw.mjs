/**
 * Two plain ways to run programs on native libunicorn, through koffi: with a count of instructions for each uc_emu_start, as the documented
 * interface has it; and without one, so that only the program itself can end it. Neither counts cycles, has exceptions or
 * devices; so they run the integer programs only.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { clock, root } from './measure.mjs';

/** What they are called. */
export const RAW = 'unicorn-raw';
export const FREE = 'unicorn-free';

const NAMES = ['libunicorn.so.2', 'libunicorn.2.dylib', 'libunicorn.dylib', 'unicorn.dll'];
const [ARCH_ARM, MODE_THUMB, PROT_ALL, ERR_EXCEPTION] = [1, 16, 7, 21];
const REGISTER = { pc: 11, sp: 12, r0: 66, r1: 67 };
const SLICES = { [RAW]: 100_000, [FREE]: 0 };
const MEMORY = 4 << 20;
const SYS = { WRITE0: 0x04, GET_CMDLINE: 0x15, EXIT_EXTENDED: 0x20 };

function load() {
  try {
    const koffi = createRequire(join(root, 'package.json'))('koffi');
    for (const name of NAMES) {
      try {
        return bind(koffi, koffi.load(name));
      } catch {
        // The next name may be the one of this host.
      }
    }
  } catch {
    // koffi is optional.
  }
  return undefined;
}

function bind(koffi, library) {
  const handle = 'uintptr_t';
  const func = (name, args) => library.func(name, 'int', args);
  return {
    koffi,
    open: func('uc_open', ['int', 'int', koffi.out(koffi.pointer(handle))]),
    close: func('uc_close', [handle]),
    start: func('uc_emu_start', [handle, 'uint64', 'uint64', 'uint64', 'size_t']),
    mapPointer: func('uc_mem_map_ptr', [handle, 'uint64', 'size_t', 'uint32', 'void *']),
    map: func('uc_mem_map', [handle, 'uint64', 'size_t', 'uint32']),
    read: func('uc_reg_read', [handle, 'int', koffi.out(koffi.pointer('uint32'))]),
    write: func('uc_reg_write', [handle, 'int', koffi.pointer('uint32')]),
  };
}

const unicorn = load();

/** True when there are libunicorn and koffi. */
export const rawAvailable = unicorn !== undefined;

const must = (error) => {
  if (error !== 0) throw new Error(`libunicorn answers ${error}`);
};

/** Runs a program `repeat` times in one of the two ways. */
export function runRaw(way, program, { repeat = 1 }) {
  const out = [0];
  must(unicorn.open(ARCH_ARM, MODE_THUMB, out));
  const uc = out[0];
  try {
    const memory = Buffer.from(new ArrayBuffer(MEMORY));
    must(unicorn.mapPointer(uc, 0, MEMORY, PROT_ALL, memory));
    must(unicorn.map(uc, 0xe000_0000, 1 << 20, 3));
    const elf = readFileSync(program.file);
    for (let header = elf.readUInt32LE(0x1c), left = elf.readUInt16LE(0x2c); left > 0; header += 32, left--) {
      if (elf.readUInt32LE(header) !== 1) continue;
      const offset = elf.readUInt32LE(header + 4);
      elf.copy(memory, elf.readUInt32LE(header + 12), offset, offset + elf.readUInt32LE(header + 16));
    }
    return run(uc, memory, program, { slice: SLICES[way], commandLine: `${program.name} repeat=${repeat}\0` });
  } finally {
    unicorn.close(uc);
  }
}

function run(uc, memory, program, { slice, commandLine }) {
  const get = (id) => {
    const value = [0];
    must(unicorn.read(uc, id, value));
    return value[0];
  };
  const set = (id, value) => must(unicorn.write(uc, id, [value]));
  let text = '';
  set(REGISTER.sp, memory.readUInt32LE(0));
  let pc = memory.readUInt32LE(4) & ~1;
  const start = clock();
  for (;;) {
    const error = unicorn.start(uc, pc | 1, 0xffff_fffe, 0, slice);
    pc = get(REGISTER.pc);
    if (error === 0) continue;
    if (error !== ERR_EXCEPTION || memory.readUInt16LE(pc) !== 0xbeab) throw new Error(`libunicorn answers ${error} at ${pc}`);
    const [operation, block] = [get(REGISTER.r0), get(REGISTER.r1)];
    if (operation === SYS.EXIT_EXTENDED) break;
    if (operation === SYS.WRITE0) text += memory.toString('latin1', block, memory.indexOf(0, block));
    else if (operation === SYS.GET_CMDLINE) memory.write(commandLine, memory.readUInt32LE(block), 'latin1');
    set(REGISTER.r0, 0);
    pc += 2;
  }
  const { wall, cpu } = clock(start);
  if (!program.until.test(text)) throw new Error(`${program.name} on libunicorn: it printed ${JSON.stringify(text)}`);
  return { wall, cpu };
}
