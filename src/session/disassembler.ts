/**
 * Instructions as text, by capstone, which the caller loads: it is 3 MB of WebAssembly that only reports need.
 */
import { hex32 } from '../memory/bits.ts';
import type { Disassemble } from './explain.ts';

/** An instruction as capstone gives it. */
interface Instruction {
  readonly address: bigint;
  /** Bytes of it. */
  readonly size: number;
  readonly mnemonic: string;
  readonly op_str: string;
}

/** One configured disassembler. */
export interface CapstoneHandle {
  disasm(code: Uint8Array, address: number, max?: number): Instruction[];
  close(): void;
}

/** The part of the package @alexaltea/capstone-js 5 that is used; it has no types of its own. */
export interface Capstone {
  readonly ARCH_ARM: number;
  readonly MODE_THUMB: number;
  readonly MODE_MCLASS: number;
  readonly Capstone: new (arch: number, mode: number) => CapstoneHandle;
}

/** Makes a disassembler of what the core executes. */
export function thumbHandle(module: Capstone): CapstoneHandle {
  return new module.Capstone(module.ARCH_ARM, module.MODE_THUMB | module.MODE_MCLASS);
}

/** The text of an instruction. */
export function instructionText({ mnemonic, op_str: operands }: Instruction): string {
  return `${mnemonic} ${operands}`.trimEnd();
}

/** A disassembler for reports; `load` is called when the first report needs it. One line for each instruction, the marked one with an arrow. */
export function capstoneDisassembler(load: () => Promise<Capstone>): Disassemble {
  return async (bytes, address, marked, limit) => {
    let handle: CapstoneHandle | undefined;
    try {
      handle = thumbHandle(await load());
      const instructions = handle.disasm(bytes, address, limit);
      return instructions.map((instruction) => {
        const at = Number(instruction.address);
        return `${at === marked ? '=>' : '  '} ${hex32(at)}  ${instructionText(instruction)}`;
      });
    } catch {
      // A report without disassembly is better than none.
      return [];
    } finally {
      handle?.close();
    }
  };
}
