/**
 * The NVIC's registers as software sees them (DDI 0403E B3.4, DDI 0553B D1.2), over the state in `nvic.ts`.
 *
 * With the Security Extension there are two views of the same registers: Non-secure software sees and changes only what belongs to
 * interrupts that ITNS gives to the Non-secure state; everything else reads as zero and ignores writes.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { defineRegisters, RegisterFile } from '../memory/registers.ts';
import { EXCEPTION } from './exception-numbers.ts';
import type { Nvic } from './nvic.ts';

/** Offsets are from 0xE000_E000; `words` of 32 lines each, and a priority byte for each line. */
const registerMap = (words: number, priorities: number) =>
  defineRegisters({
    ICTR: { offset: 0x004, access: 'ro' },
    ISER: { offset: 0x100, count: words },
    ICER: { offset: 0x180, count: words },
    ISPR: { offset: 0x200, count: words },
    ICPR: { offset: 0x280, count: words },
    IABR: { offset: 0x300, count: words, access: 'ro' },
    IPR: { offset: 0x400, count: priorities },
    STIR: { offset: 0xf00, access: 'wo' },
  });

/** With one security state, and with two. */
const PLAIN = registerMap(8, 60);
const SECURITY = registerMap(16, 120);

const ITNS = defineRegisters({ ITNS: { offset: 0x380, count: 16 } });

/** The registers of one view. */
export type NvicRegisters = RegisterFile<ReturnType<typeof registerMap>>;
/** Interrupt Target Non-secure Registers; only Secure software has them. */
export type NvicTargetRegisters = RegisterFile<typeof ITNS>;

/** The manual's names: ICTR and STIR go without prefix. */
const fullName = (name: string) => (name === 'ICTR' || name === 'STIR' ? name : `NVIC_${name}`);

/** What a view leaves visible: of 32 lines from 32 * `index` on, and whether a line belongs to it. */
interface View {
  readonly visible: (index: number) => number;
  readonly owns: (line: number) => boolean;
}

/** The registers of `nvic` as Secure software (or software of a core with one state) sees them, or as Non-secure software does. */
export function nvicRegisters(nvic: Nvic, diagnostics: Diagnostics, nonSecure = false): NvicRegisters {
  const view: View = nonSecure
    ? { visible: (index) => nvic.nonSecureLines(index), owns: (line) => !nvic.targetsSecure(EXCEPTION.EXTERNAL + line) }
    : { visible: () => 0xffff_ffff, owns: () => true };
  const { visible } = view;
  const shown = (read: (index: number) => number) => (index: number) => (read(index) & visible(index)) >>> 0;
  return new RegisterFile(nvic.security ? SECURITY : PLAIN, {
    name: 'NVIC',
    diagnostics,
    fullName,
    behaviour: {
      ICTR: { value: () => Math.max(0, Math.ceil(nvic.lines / 32) - 1) },
      ISER: { value: shown((i) => nvic.enabledLines(i)), write: (_n, _p, i, written) => nvic.enableLines(i, written & visible(i), true) },
      ICER: { value: shown((i) => nvic.enabledLines(i)), write: (_n, _p, i, written) => nvic.enableLines(i, written & visible(i), false) },
      ISPR: { value: shown((i) => nvic.pendingLines(i)), write: (_n, _p, i, written) => nvic.pendLines(i, written & visible(i)) },
      ICPR: { value: shown((i) => nvic.pendingLines(i)), write: (_n, _p, i, written) => nvic.unpendLines(i, written & visible(i)) },
      IABR: { value: shown((i) => nvic.activeLines(i)) },
      IPR: {
        value: (i) => priorityWord(nvic, view, 4 * i),
        write: (next, _p, i, _w, lanes) => setPriorityWord(nvic, view, 4 * i, next, lanes),
      },
      STIR: { write: (next) => view.owns(next & 0x1ff) && nvic.pendLine(next & 0x1ff) },
    },
  });
}

/** ITNS of `nvic`. */
export function nvicTargetRegisters(nvic: Nvic, diagnostics: Diagnostics): NvicTargetRegisters {
  return new RegisterFile(ITNS, {
    name: 'NVIC',
    diagnostics,
    fullName,
    behaviour: { ITNS: { value: (i) => nvic.nonSecureLines(i), write: (next, _p, i) => nvic.setNonSecureLines(i, next) } },
  });
}

function priorityWord(nvic: Nvic, view: View, line: number): number {
  let word = 0;
  for (let i = 0; i < 4; i++) {
    if (line + i < nvic.lines && view.owns(line + i)) word |= nvic.priority(EXCEPTION.EXTERNAL + line + i) << (8 * i);
  }
  return word >>> 0;
}

function setPriorityWord(nvic: Nvic, view: View, line: number, word: number, lanes: number): void {
  for (let i = 0; i < 4; i++) {
    if (line + i >= nvic.lines || ((lanes >>> (8 * i)) & 0xff) === 0 || !view.owns(line + i)) continue;
    nvic.setPriority(EXCEPTION.EXTERNAL + line + i, (word >>> (8 * i)) & 0xff);
  }
}
