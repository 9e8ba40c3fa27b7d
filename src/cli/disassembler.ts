/**
 * Instructions as text, by capstone; loaded only when a report needs it.
 */
import capstone, { type CapstoneHandle } from '@alexaltea/capstone-js';
import { hex32 } from '../memory/bits.ts';

/** One line for each instruction in `bytes`, the one at `marked` with an arrow. */
export async function disassemble(bytes: Uint8Array, address: number, marked: number, limit: number): Promise<string[]> {
  let handle: CapstoneHandle | undefined;
  try {
    const module = await capstone();
    handle = new module.Capstone(module.ARCH_ARM, module.MODE_THUMB | module.MODE_MCLASS);
    const instructions = handle.disasm(bytes, address, limit);
    return instructions.map(({ address: at, mnemonic, op_str: operands }) => {
      return `${at === marked ? '=>' : '  '} ${hex32(at)}  ${mnemonic} ${operands}`.trimEnd();
    });
  } catch {
    // A report without disassembly is better than none.
    return [];
  } finally {
    handle?.close();
  }
}
