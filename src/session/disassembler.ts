/**
 * Instructions as text, by capstone, which the caller loads: it is 3 MB of WebAssembly that only reports need.
 */
import { hex32 } from '../memory/bits.ts';
import type { Disassemble } from './explain.ts';

/** An instruction as capstone gives it. */
interface Instruction {
  readonly address: bigint;
  readonly mnemonic: string;
  readonly op_str: string;
}

/** One configured disassembler. */
interface Handle {
  disasm(code: Uint8Array, address: number, max?: number): Instruction[];
  close(): void;
}

/** The part of the package @alexaltea/capstone-js 5 that is used; it has no types of its own. */
export interface Capstone {
  readonly ARCH_ARM: number;
  readonly MODE_THUMB: number;
  readonly MODE_MCLASS: number;
  readonly Capstone: new (arch: number, mode: number) => Handle;
}

/** A disassembler for reports; `load` is called when the first report needs it. One line for each instruction, the marked one with an arrow. */
export function capstoneDisassembler(load: () => Promise<Capstone>): Disassemble {
  return async (bytes, address, marked, limit) => {
    let handle: Handle | undefined;
    try {
      const module = await load();
      handle = new module.Capstone(module.ARCH_ARM, module.MODE_THUMB | module.MODE_MCLASS);
      const instructions = handle.disasm(bytes, address, limit);
      return instructions.map((instruction) => {
        const at = Number(instruction.address);
        return `${at === marked ? '=>' : '  '} ${hex32(at)}  ${instruction.mnemonic} ${instruction.op_str}`.trimEnd();
      });
    } catch {
      // A report without disassembly is better than none.
      return [];
    } finally {
      handle?.close();
    }
  };
}
