/**
 * Instructions as text, by capstone, which the caller loads: it is 3 MB of WebAssembly that only reports need.
 */
import type { CapstoneHandle, CapstoneModule } from '@alexaltea/capstone-js';
import { hex32 } from '../memory/bits.ts';
import type { Disassemble } from './explain.ts';

/** A disassembler for reports; `load` is called when the first report needs it. One line for each instruction, the marked one with an arrow. */
export function capstoneDisassembler(load: () => Promise<CapstoneModule>): Disassemble {
  return async (bytes, address, marked, limit) => {
    let handle: CapstoneHandle | undefined;
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
