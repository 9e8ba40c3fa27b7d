/**
 * Linux 6.1 drivers/remoteproc/remoteproc_coredump.c: the memories of a crashed core as an ELF core file, given to devcoredump.
 *
 * One addition, where the platform driver gives the registers (`RprocOps.crashRegisters`): a note NT_PRSTATUS as Linux on ARM writes it, so that
 * a debugger has them, too; no kernel does. Not modelled: `rproc_coredump_using_sections`, which no i.MX driver uses.
 */
import type { KernelCode } from '../linux/kernel.ts';
import { WaitQueue, waitEvent } from '../linux/kernel.ts';
import type { CrashRegisters, RprocDumpSegment } from './remoteproc.ts';
import type { Rproc } from './remoteproc-core.ts';
import { rprocDaToVa } from './rproc-resources.ts';

/** ELF classes and machines that dumps have. */
export const ELFCLASS32 = 1;
export const ELFCLASS64 = 2;
export const EM_ARM = 40;

const ET_CORE = 4;
const PT_LOAD = 1;
const PT_NOTE = 4;
const PF_RWX = 7;
const NT_PRSTATUS = 1;
/** `struct elf_prstatus` of 32-bit ARM: its size, and where the signal, the process and the registers are. */
const PRSTATUS = { size: 148, signal: 12, pid: 24, registers: 72 } as const;
const SIGSEGV = 11;

/** `rproc_coredump`: with `inline` it returns when the dump was freed. */
export function* rprocCoredump(rproc: Rproc): KernelCode {
  if (rproc.dumpSegments.length === 0 || rproc.dumpConf === 'disabled') return;
  if (!rproc.elf) {
    rproc.log(3, 'Elf class is not set');
    return;
  }
  const segments: readonly RprocDumpSegment[] = [...rproc.dumpSegments];
  const header = elfHeader(rproc.elf, rproc.bootaddr, segments, rproc.ops.crashRegisters?.());
  const { model } = rproc;
  const { devCoredumps } = rproc.env;
  if (!model || !devCoredumps) return;
  if (rproc.dumpConf === 'enabled') {
    const copies = segments.map((segment) => copySegment(rproc, segment, 0, segment.size));
    devCoredumps.add(model, { read: (offset, count) => pieces([header, ...copies], offset, count) });
    return;
  }
  const done = new WaitQueue(`${rproc.device} dump to be read`);
  let freed = false;
  const free = (): void => {
    freed = true;
    done.wakeAll();
  };
  devCoredumps.add(model, { read: (offset, count) => readInline(rproc, header, segments, offset, count), free });
  yield* waitEvent(done, () => freed);
}

/** `rproc_coredump_read`: first the header, then straight from the memories. */
function readInline(rproc: Rproc, header: Uint8Array, segments: readonly RprocDumpSegment[], offset: number, count: number): Uint8Array {
  if (offset < header.length) return header.slice(offset, offset + count);
  let at = offset - header.length;
  for (const segment of segments) {
    if (at < segment.size) return copySegment(rproc, segment, at, Math.min(count, segment.size - at));
    at -= segment.size;
  }
  rproc.log(6, `Ramdump done, ${offset} bytes read`);
  return new Uint8Array();
}

/** `rproc_copy_segment`. */
function copySegment(rproc: Rproc, segment: RprocDumpSegment, offset: number, size: number): Uint8Array {
  const va = segment.dump ? undefined : rprocDaToVa(rproc, segment.da + offset, size);
  const bytes = segment.dump ? segment.dump(offset, size) : va === undefined ? undefined : rproc.kernel.memory.readBytes(va, size);
  if (bytes) return bytes;
  const da = `0x${segment.da.toString(16).padStart(16, '0')}`;
  rproc.log(3, `invalid copy request for segment ${da} with offset ${offset} and size ${size})`);
  return new Uint8Array(size).fill(0xff);
}

/** At most `count` bytes at `offset` of the parts in their order. */
function pieces(parts: readonly Uint8Array[], offset: number, count: number): Uint8Array {
  let at = offset;
  for (const part of parts) {
    if (at < part.length) return part.slice(at, at + count);
    at -= part.length;
  }
  return new Uint8Array();
}

/** ELF header and program headers, and the note, which comes before the segments' contents. */
function elfHeader(
  elf: { readonly class: number; readonly machine: number },
  entry: number,
  segments: readonly RprocDumpSegment[],
  registers: CrashRegisters | undefined,
): Uint8Array {
  const wide = elf.class === ELFCLASS64;
  const [ehsize, phentsize] = wide ? [64, 56] : [52, 32];
  const note = registers ? prstatusNote(registers) : new Uint8Array();
  const phnum = segments.length + (registers ? 1 : 0);
  const noteAt = ehsize + phentsize * phnum;
  const bytes = new Uint8Array(noteAt + note.length);
  const view = new DataView(bytes.buffer);
  const word = (at: number, value: number): void => view.setUint32(at, value, true);
  /** An address or offset, whose width is the class's. */
  const long = (at: number, value: number): void => word(at, value);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, elf.class, 1, 1, 0]);
  view.setUint16(16, ET_CORE, true);
  view.setUint16(18, elf.machine, true);
  word(20, 1);
  long(24, entry);
  long(wide ? 32 : 28, ehsize);
  const sizes = wide ? 52 : 40;
  view.setUint16(sizes, ehsize, true);
  view.setUint16(sizes + 2, phentsize, true);
  view.setUint16(sizes + 4, phnum, true);
  let at = ehsize;
  const programHeader = (type: number, flags: number, offset: number, address: number, filesz: number, memsz: number): void => {
    word(at, type);
    word(at + (wide ? 4 : 24), flags);
    const fields = [offset, address, address, filesz, memsz];
    for (const [i, value] of fields.entries()) long(at + (wide ? 8 + 8 * i : 4 + 4 * i), value);
    at += phentsize;
  };
  let offset = bytes.length;
  for (const { da, size } of segments) {
    programHeader(PT_LOAD, PF_RWX, offset, da, size, size);
    offset += size;
  }
  if (registers) programHeader(PT_NOTE, 0, noteAt, 0, note.length, 0);
  bytes.set(note, noteAt);
  return bytes;
}

/** `NT_PRSTATUS` of one thread. */
function prstatusNote(registers: CrashRegisters): Uint8Array {
  const name = 'CORE';
  const bytes = new Uint8Array(12 + 8 + PRSTATUS.size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, name.length + 1, true);
  view.setUint32(4, PRSTATUS.size, true);
  view.setUint32(8, NT_PRSTATUS, true);
  for (let i = 0; i < name.length; i++) bytes[12 + i] = name.charCodeAt(i);
  const at = 20;
  view.setUint16(at + PRSTATUS.signal, SIGSEGV, true);
  view.setUint32(at + PRSTATUS.pid, 1, true);
  for (const [i, value] of registers.entries()) view.setUint32(at + PRSTATUS.registers + 4 * i, value, true);
  return bytes;
}
