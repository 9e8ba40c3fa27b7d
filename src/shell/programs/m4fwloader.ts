/**
 * m4fwloader: loads a Cortex-M4 from Linux's user space through /dev/mem and starts it by the SRC, with the words of NXP's imx-m4fwloader 1.0.0.
 *
 * A program of our own. It knows the SoCs of NXP's tool (7D, 6SX) and of its descendants (8MM, 8MQ); like FlukeCorp's it takes ELF files, too.
 * Like NXP's it maps 64 KiB around the address; it refuses a file that does not end there (7D, TCML: 32 KiB), where NXP's runs into a page fault,
 * and then leaves the core in reset, where NXP's starts what is there.
 */
import { ERRNO, strerror } from '../../linux/errno.ts';
import type { MemoryMapping } from '../../linux/fs/nodes.ts';
import { O } from '../../linux/fs/vfs.ts';
import type { KernelCode } from '../../linux/kernel.ts';
import type { Process, Program } from '../../linux/process.ts';
import { PT, readElfHeader, readElfStructure } from '../../remoteproc/elf-structure.ts';
import { latin1, print, readFile } from '../io.ts';

const NAME = 'i.MX M4 Loader';
const HEADER = `${NAME} - M4 firmware loader v. 1.0.0\n`;
const ARGUMENTS_ERROR = 1;
const M4START_FAILED = 3;
/** What is mapped for a raw image, and the most that one may have. */
const WINDOW = 64 * 1024;
const PAGE = 4096;
/** Time that a byte takes that is written past the caches, in ns. */
const BYTE_NS = 4;

/** A register and what is done to it: some bits cleared, others set. */
interface Update {
  readonly name: string;
  readonly address: number;
  readonly clear: number;
  readonly set: number;
}

/** A SoC that the tool knows. */
interface Loadable {
  /** What /proc/cpuinfo has in `Hardware`, or soc_id of /sys/devices/soc0 where there is no such line. */
  readonly detect: string;
  /** What the tool calls it where it speaks of clocks, if not that. */
  readonly shortName?: string;
  readonly source: number;
  readonly stop: Omit<Update, 'name' | 'address'>;
  readonly start: Omit<Update, 'name' | 'address'>;
  /** MU_ATR1. */
  readonly kick: number;
  readonly clocks: readonly Update[];
  /** Where the core finds SP and PC. */
  readonly bootRom: number;
  /** Addresses of an ELF's segments: the core's, Linux's, bytes. */
  readonly map: readonly (readonly [da: number, sa: number, size: number])[];
}

/** SRC_M4RCR: SW_M4C_NON_SCLR_RST holds the core; 0xaa is MASK_WDOG3_RST, ENABLE_M4 and SW_M4C_RST. */
const M4RCR = { source: 0x3039_000c, stop: { clear: 0, set: 0x1 }, start: { clear: 0xff, set: 0xaa }, kick: 0x30aa_0004 } as const;
/** CCM_CCGR1 has the M4's gate; +4 sets bits. */
const CCGR1: Update = { name: 'CCM1_CCGR1', address: 0x3038_4010, clear: 0, set: 0x3 };
const IMX8M: Omit<Loadable, 'detect'> = {
  ...M4RCR,
  clocks: [CCGR1],
  bootRom: 0x007e_0000,
  map: [
    [0x1ffe_0000, 0x007e_0000, 0x2_0000],
    [0x2000_0000, 0x0080_0000, 0x2_0000],
    [0x0000_0000, 0x007e_0000, 0x2_0000],
    [0x0018_0000, 0x0018_0000, 0x8000],
    [0x2020_0000, 0x0090_0000, 0x2_0000],
    [0x0090_0000, 0x0090_0000, 0x2_0000],
    [0x1000_0000, 0x4000_0000, 0x0ffe_0000],
    [0x4000_0000, 0x4000_0000, 0x8000_0000],
  ],
};

const SOCS: readonly Loadable[] = [
  {
    detect: 'i.MX7 Dual',
    shortName: 'i.MX7D',
    ...M4RCR,
    clocks: [{ name: 'CCM_ANALOG_PLL_480', address: 0x3036_00b0, clear: 1 << 5, set: 0 }, CCGR1],
    bootRom: 0x0018_0000,
    map: [
      [0x1fff_8000, 0x007f_8000, 0x8000],
      [0x2000_0000, 0x0080_0000, 0x8000],
      [0x0018_0000, 0x0018_0000, 0x8000],
      [0x2020_0000, 0x0090_0000, 0x4_0000],
      [0x0090_0000, 0x0090_0000, 0x4_0000],
      [0x1000_0000, 0x8000_0000, 0x0fff_0000],
      [0x8000_0000, 0x8000_0000, 0x6000_0000],
    ],
  },
  {
    detect: 'i.MX6 SoloX',
    source: 0x020d_8000,
    stop: { clear: 0, set: (1 << 22) | (1 << 4) },
    start: { clear: 1 << 4, set: 1 << 22 },
    kick: 0x0229_4004,
    clocks: [{ name: 'CCM_CCGR3', address: 0x020c_4074, clear: 0, set: 0xc }],
    bootRom: 0x007f_8000,
    map: [
      [0x1fff_8000, 0x007f_8000, 0x8000],
      [0x2000_0000, 0x0080_0000, 0x8000],
      [0x2090_0000, 0x0090_0000, 0x2_0000],
      [0x0090_0000, 0x0090_0000, 0x2_0000],
      [0x1000_0000, 0x8000_0000, 0x0fff_8000],
      [0x8000_0000, 0x8000_0000, 0x6000_0000],
    ],
  },
  { detect: 'i.MX8MM', ...IMX8M },
  { detect: 'i.MX8MQ', ...IMX8M },
];

/** One run of the tool with /dev/mem open. */
class Loader {
  private readonly process: Process;
  private readonly fd: number;
  private readonly soc: Loadable;
  private readonly verbose: boolean;

  constructor(process: Process, fd: number, soc: Loadable, verbose: boolean) {
    this.process = process;
    this.fd = fd;
    this.soc = soc;
    this.verbose = verbose;
  }

  *log(text: string): KernelCode<number> {
    return this.verbose ? yield* print(this.process, text) : 0;
  }

  /** `length` bytes at a physical address that need not be aligned, or an errno. */
  map(address: number, length: number): { readonly window: MemoryMapping; readonly at: number } | number {
    const at = address % PAGE;
    const window = this.process.mmap(this.fd, Math.ceil((at + length) / PAGE) * PAGE, address - at);
    return typeof window === 'number' ? window : { window, at };
  }

  /** A word of a register; 0 where there is none. */
  private word(address: number): number {
    const mapped = this.map(address, 4);
    return typeof mapped === 'number' ? 0 : mapped.window.read(mapped.at, 4) >>> 0;
  }

  private setWord(address: number, value: number): void {
    const mapped = this.map(address, 4);
    if (typeof mapped !== 'number') mapped.window.write(mapped.at, value >>> 0, 4);
  }

  private *show(name: string, address: number): KernelCode<number> {
    return yield* this.log(`${name} (0x${hex8(address)}): 0x${hex8(this.word(address))}\r\n`);
  }

  private *update({ name, address, clear, set }: Update, after: string): KernelCode {
    yield* this.show(name, address);
    this.setWord(address, (this.word(address) & ~clear) | set);
    yield* this.show(after, address);
  }

  *stop(): KernelCode {
    yield* this.update({ name: 'STOP - before', address: this.soc.source, ...this.soc.stop }, 'STOP - after');
  }

  *start(): KernelCode {
    yield* this.update({ name: 'START - before', address: this.soc.source, ...this.soc.start }, 'START -after');
  }

  *ungate(): KernelCode {
    yield* this.log(`${this.soc.shortName ?? this.soc.detect} specific function for M4 clock enabling!\n`);
    for (const clock of this.soc.clocks) {
      yield* this.update(clock, clock.name);
      yield* this.log(`${clock.name} done\n`);
    }
  }

  kick(queue: number): void {
    this.setWord(this.soc.kick, queue << 16);
  }

  /** Copies bytes to physical memory, and zeros behind them up to `size`; 0 or an errno. */
  *copy(address: number, data: Uint8Array, size = data.length): KernelCode<number> {
    if (size === 0) return 0;
    const mapped = this.map(address, size);
    if (typeof mapped === 'number') return mapped;
    for (let done = 0; done < size; done += WINDOW) {
      const end = Math.min(size, done + WINDOW);
      const err = put(mapped.window, mapped.at, data, done, end);
      if (err < 0) return err;
      if ((yield* this.process.sleep((end - done) * BYTE_NS)) < 0) return ERRNO.EINTR;
    }
    return 0;
  }

  /** `set_stack_pc`. */
  *setStackPc(stack: number, pc: number): KernelCode {
    yield* this.log('Will set PC and STACK...');
    this.setWord(this.soc.bootRom, stack);
    this.setWord(this.soc.bootRom + 4, pc);
    yield* this.log('...Done\n');
  }

  /** A raw image at `wanted`, or where its reset vector says when that is 0; false when it could not be loaded, which was said. */
  *loadRaw(path: string, data: Uint8Array, wanted: number): KernelCode<boolean> {
    const { process } = this;
    const words = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const [sp, pc] = data.length >= 8 ? [words.getUint32(0, true), words.getUint32(4, true)] : [0, 0];
    const address = wanted === 0 ? (pc & 0xffff_0000) >>> 0 : wanted;
    const base = address - (address % WINDOW);
    const room = base + WINDOW - address;
    if (data.length > room) {
      yield* print(process, `${NAME} - File size too big, can't load: ${data.length} > ${room} \n`);
      return false;
    }
    yield* this.log(`${NAME} - FILENAME = ${path}; loadaddr = 0x${hex8(address).toLowerCase()}\n`);
    const span = `(0x${hex8(base).toLowerCase()} - 0x${hex8(base + WINDOW).toLowerCase()})`;
    yield* this.log(`${NAME} - start - end ${span}\n`);
    const err = yield* this.copy(address, data);
    if (err < 0) return yield* this.unmapped(address, err);
    yield* this.setStackPc(sp, pc);
    return true;
  }

  /** The segments of an ELF, where the core sees them; SP comes from the vector table that has its entry point, and is 0 without one. */
  *loadElf(data: Uint8Array): KernelCode<boolean> {
    const { programs, header } = readElfStructure(data);
    const file = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const segments = programs.filter(({ type, memsz }) => type === PT.LOAD && memsz > 0);
    if (segments.length === 0) {
      yield* print(this.process, `${NAME} - the ELF file has nothing to load\n`);
      return false;
    }
    let stack = 0;
    for (const { offset, paddr, filesz, memsz } of segments) {
      const target = this.place(paddr, memsz);
      if (target === undefined || offset + filesz > data.length) {
        yield* print(this.process, `${NAME} - Invalid aux core address: ${hex8(paddr).toLowerCase()}\n`);
        return false;
      }
      const err = yield* this.copy(target, data.subarray(offset, offset + Math.min(filesz, memsz)), memsz);
      if (err < 0) return yield* this.unmapped(target, err);
      if (filesz >= 8 && (file.getUint32(offset + 4, true) | 1) === (header.entry | 1)) stack = file.getUint32(offset, true);
    }
    yield* this.setStackPc(stack, header.entry);
    return true;
  }

  /** Where Linux has `size` bytes at `da` of the core; undefined unless it has them in one piece, as the two halves of the TCM. */
  private place(da: number, size: number): number | undefined {
    const { map } = this.soc;
    const row = map.find(([first, , bytes]) => da >= first && da < first + bytes);
    if (!row) return undefined;
    const shift = row[1] - row[0];
    let end = row[0] + row[2];
    for (let next: (typeof map)[number] | undefined; ; end += next[2]) {
      next = map.find(([first, sa]) => first === end && sa === end + shift);
      if (!next) return da + size <= end ? da + shift : undefined;
    }
  }

  private *unmapped(address: number, err: number): KernelCode<boolean> {
    yield* print(this.process, `${NAME} - /dev/mem at 0x${hex8(address).toLowerCase()}: ${strerror(err)}\n`);
    return false;
  }
}

/** Bytes `from` to `to` - 1 of `data`, and zeros where it has no more, to `window`, where byte 0 belongs at `at`; 0 or an errno. */
function put(window: MemoryMapping, at: number, data: Uint8Array, from: number, to: number): number {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let done = from; done < to; ) {
    const whole = (at + done) % 4 === 0 && done + 4 <= to && (done + 4 <= data.length || done >= data.length);
    const value = done >= data.length ? 0 : whole ? view.getUint32(done, true) : data[done]!;
    const err = window.write(at + done, value, whole ? 4 : 1);
    if (err < 0) return err;
    done += whole ? 4 : 1;
  }
  return 0;
}

function hex8(value: number): string {
  return (value >>> 0).toString(16).toUpperCase().padStart(8, '0');
}

/** `strtoul` in base 16. */
function strtoul(text: string): number {
  const digits = /^\s*(?:0x)?([0-9a-f]+)/i.exec(text)?.[1];
  return digits === undefined ? 0 : Number.parseInt(digits, 16) >>> 0;
}

/** `get_board_id`. */
function* detect(process: Process): KernelCode<Loadable | undefined> {
  const cpuinfo = yield* readFile(process, '/proc/cpuinfo');
  const hardware = typeof cpuinfo === 'number' ? undefined : latin1(cpuinfo).match(/^Hardware.*$/m)?.[0];
  if (hardware !== undefined) return SOCS.find((soc) => hardware.includes(soc.detect));
  const id = yield* readFile(process, '/sys/devices/soc0/soc_id');
  return typeof id === 'number' ? undefined : SOCS.find((soc) => latin1(id).trim() === soc.detect);
}

/** The program. */
export const m4fwloader: Program = function* (process, argv) {
  const [tool = 'm4fwloader', ...words] = argv;
  const verbose = words.at(-1) === '--verbose';
  const [first, second, ...more] = verbose ? words.slice(0, -1) : words;
  const refuse = function* (text: string): KernelCode<number> {
    yield* print(process, HEADER + text);
    return ARGUMENTS_ERROR;
  };
  const usage = `${NAME} - Usage: ${tool} [yourfwname.bin] [0xLOADADDR] [--verbose]\n`;
  if (first === undefined) {
    return yield* refuse(
      `-- ${NAME} -- \nUsage:\n` +
        `${tool} [filename.bin] [0xLOADADDR] [--verbose]  # loads new firmware\n` +
        `or: ${tool} stop                    # holds the auxiliary core in reset\n` +
        `or: ${tool} start                   # releases the auxiliary core from reset\n` +
        `or: ${tool} kick [n]                # triggers interrupt on RPMsg virtqueue n\n`,
    );
  }
  const soc = yield* detect(process);
  if (!soc) return yield* refuse('Board is not supported.\n');
  const fd = yield* process.open('/dev/mem', O.RDWR);
  if (fd < 0) return yield* refuse('Could not open /dev/mem, are you root?\n');
  const loader = new Loader(process, fd, soc, verbose);
  if (first === 'stop' || first === 'start') {
    yield* first === 'stop' ? loader.stop() : loader.start();
    return 0;
  }
  if (first === 'kick') {
    if (second === undefined) return yield* refuse(`${NAME} - Usage: ${tool} kick {vq_id to kick}\n`);
    loader.kick(strtoul(second));
    return 0;
  }
  const data = yield* readFile(process, first);
  const isElf = typeof data !== 'number' && latin1(data.subarray(0, 4)) === '\x7fELF' && data.length >= 52;
  // An ELF says itself where it belongs.
  if (second === undefined && !isElf) return yield* refuse(usage);
  if (typeof data === 'number') {
    yield* print(process, `File ${first} not found.\n`);
    return ARGUMENTS_ERROR;
  }
  if (more.length > 0) return yield* refuse(usage);
  const address = strtoul(second ?? '0');
  yield* loader.log(`LoadAddr is: ${address.toString(16).toUpperCase()}\nWill stop CPU now...\n`);
  yield* loader.stop();
  yield* loader.log('Will ungate M4 clock source...\n');
  yield* loader.ungate();
  yield* loader.log('Will load M4 firmware...\n');
  const plain = isElf && readElfHeader(data).elfClass === 1;
  const loaded = plain ? yield* loader.loadElf(data) : yield* loader.loadRaw(first, data, address);
  if (!loaded) return M4START_FAILED;
  yield* loader.log('Will start CPU now...\n');
  yield* loader.start();
  yield* loader.log('Done!\n');
  return 0;
};
