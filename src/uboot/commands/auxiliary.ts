/**
 * `bootaux` (arch/arm/mach-imx/imx_bootaux.c): gives the M core its stack and entry where it looks for them, and lets it go.
 *
 * On 8M the core reads SP and PC from its TCM, which the A cores see at 0x7e0000, and TF-A takes it out of reset; on 7D from OCRAM_S, and
 * the SRC does. Which releases copy the segments of an ELF is the board's data; the others start an ELF as if it were a raw image.
 */
import { type KernelCode, sleep } from '../../linux/kernel.ts';
import type { AuxiliaryCore, HostMapping } from '../board-description.ts';
import { type Command, FAILURE, type Invocation, MAX_ARGS, SUCCESS, USAGE } from '../command.ts';
import { hexNumber, hexText } from '../numbers.ts';
import { TIMING } from '../timing.ts';
import type { UBoot } from '../uboot.ts';

const ELF_MAGIC = 0x464c_457f;
const ET_EXEC = 2;
const PT_LOAD = 1;

/** `arch_auxiliary_core_check_up`. */
export function auxiliaryUp(uboot: UBoot): boolean {
  const { method, core } = uboot.board.auxiliary;
  if (method.kind === 'smc') return uboot.options.control.coreStarted(core);
  return (uboot.memory.word(method.register) & method.nonSclrRst) === 0;
}

function* bootaux(uboot: UBoot, { argv }: Invocation): KernelCode<number> {
  if (argv.length < 2) return USAGE;
  yield* sleep(TIMING.smc);
  if (auxiliaryUp(uboot)) {
    uboot.print('## Auxiliary core is already up\n');
    return SUCCESS;
  }
  const address = hexNumber(argv[1]!);
  if (address === 0) return FAILURE;
  const { auxiliary } = uboot.board;
  const start = yield* entryOf(uboot, auxiliary, address);
  if (!start) return FAILURE;
  const word = (value: number): string => hexText(value, 8).toUpperCase();
  uboot.print(`## Starting auxiliary core stack = 0x${word(start.stack)}, pc = 0x${word(start.pc)}...\n`);
  yield* uboot.settle();
  uboot.memory.write(auxiliary.bootRom, BigInt(start.stack), 4);
  uboot.memory.write(auxiliary.bootRom + 4, BigInt(start.pc), 4);
  if (auxiliary.method.kind === 'smc') {
    yield* sleep(TIMING.smc);
    // TF-A passes nothing on: the core fetches both words from where it always does.
    uboot.options.control.startCore(auxiliary.core, { bootAddress: start.pc, vectors: undefined });
  } else {
    const { register, nonSclrRst, enable } = auxiliary.method;
    uboot.memory.write(register, BigInt(((uboot.memory.word(register) & ~nonSclrRst) | enable) >>> 0), 4);
  }
  return SUCCESS;
}

interface Start {
  readonly stack: number;
  readonly pc: number;
}

/** Stack and entry of what is at `address`; undefined when it cannot be started, which was said. */
function* entryOf(uboot: UBoot, { elf }: AuxiliaryCore, address: number): KernelCode<Start | undefined> {
  const { memory } = uboot;
  const isElf = memory.word(address) === ELF_MAGIC;
  if (!elf || !isValidElf(uboot, address, isElf)) {
    if (isElf)
      uboot.finding(`this U-Boot (${uboot.board.version}) takes the ELF for a raw image: the M core starts at what its header says`);
    return { stack: memory.word(address), pc: memory.word(address + 4) };
  }
  return yield* loadElf(uboot, elf, address);
}

/** `valid_elf_image`: an ELF that is no executable is started as a raw image, too. */
function isValidElf(uboot: UBoot, address: number, magic: boolean): boolean {
  if (!magic) uboot.print(`## No elf image at address 0x${hexText(address, 8)}\n`);
  else if (uboot.memory.read(address + 16, 2) !== BigInt(ET_EXEC))
    uboot.print(`## Not a 32-bit elf image at address 0x${hexText(address, 8)}\n`);
  else return true;
  return false;
}

/** `load_elf_image_m_core_phdr`: copies segments; only where each begins is checked. */
function* loadElf(uboot: UBoot, elf: NonNullable<AuxiliaryCore['elf']>, address: number): KernelCode<Start | undefined> {
  const { memory } = uboot;
  const entry = memory.word(address + 24);
  const headers = address + memory.word(address + 28);
  const count = Number(memory.read(address + 44, 2));
  let stack: number | undefined;
  for (let index = 0; index < count; index++) {
    const [type, offset, , physical, fileSize, memorySize] = Array.from({ length: 6 }, (_, word) =>
      memory.word(headers + 32 * index + 4 * word),
    ) as [number, number, number, number, number, number];
    if (type !== PT_LOAD) continue;
    const target = hostAddress(elf.hostMap, physical);
    if (target === undefined) {
      uboot.print(`Invalid aux core address: ${hexText(physical, 8)}${elf.newline ? '\n' : ''}`);
      return undefined;
    }
    yield* memory.copy(address + offset, target, fileSize);
    if (fileSize > 0) stack ??= memory.word(address + offset);
    if (memorySize > fileSize) yield* memory.fill(target + fileSize, 0n, 1, memorySize - fileSize);
    if (uboot.interrupted) return undefined;
  }
  // An entry of 0 is the loader's way to fail, and nothing is said.
  if (entry === 0) return undefined;
  return { stack: elf.stack === 'zero' ? 0 : (stack ?? 0), pc: entry };
}

/** `get_host_mapping`. */
function hostAddress(map: readonly HostMapping[], da: number): number | undefined {
  const row = map.find((candidate) => da >= candidate.da && da < candidate.da + candidate.size);
  return row && da - row.da + row.sa;
}

/** The command. */
export const AUXILIARY_COMMANDS: readonly Command[] = [
  {
    name: 'bootaux',
    usage: 'Start auxiliary core',
    help: '<address> [<core>]\n   - start auxiliary core [<core>] (default 0),\n     at address <address>\n',
    maxArgs: MAX_ARGS,
    repeatable: true,
    run: bootaux,
  },
];
