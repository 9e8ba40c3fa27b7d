/** Which instructions Unicorn may execute and on which condition: one row for each class that is handed over. */
import { describe, expect, it } from 'vitest';
import { featuresOf } from '../../../src/cpu/encodings/index.ts';
import { CORTEX_M4, CORTEX_M7, CORTEX_M33 } from '../../../src/cpu/profile.ts';
import { MARK } from '../../../src/cpu/unicorn/native-code.ts';
import { configuration, Treatments } from '../../../src/cpu/unicorn/treatment.ts';

const m7 = new Treatments(featuresOf(CORTEX_M7));
const m4 = new Treatments(featuresOf(CORTEX_M4));
const m33 = new Treatments(featuresOf(CORTEX_M33));
const size = (word: number) => (word > 0xffff ? 4 : 2);
const markOf = (treatments: Treatments, word: number, fpTrap = false, divideTrap = false) =>
  treatments.of(word, size(word)).marks[configuration(fpTrap, divideTrap)];

describe('treatment of an instruction', () => {
  it.each([
    ['ADDS', 0x1840],
    ['LDR', 0x6808],
    ['BX LR', 0x4770],
    ['POP {PC}', 0xbd00],
    ['NOP', 0xbf00],
    ['DSB', 0xf3bf_8f4f],
    ['TBB', 0xe8df_f005],
    ['UDIV without the trap', 0xfbb0_f0f1],
    ['VADD.F32', 0xee30_0a20],
    ['VMSR', 0xeee1_0a10],
    ['ADD SP, #8', 0xb002],
    ['LDR r0, [SP], #4', 0xf85d_0b04],
  ])('leaves %s to Unicorn', (_name, word) => {
    expect(markOf(m7, word)).toBe(MARK.NONE);
  });

  it('takes SMLAD back where all halves may be -32768', () => {
    const { marks, register, mask } = m4.of(0xfb21_3002, 4);
    expect({ marks, register, mask }).toEqual({ marks: Array(4).fill(MARK.IF_EQUAL), register: 1, mask: 0x8000_8000 });
  });

  it.each([
    ['CPSID i', 0xb672],
    ['MSR BASEPRI', 0xf380_8811],
    ['MRS PRIMASK', 0xf3ef_8010],
    ['SVC', 0xdf00],
    ['BKPT', 0xbe00],
    ['UDF', 0xde00],
    ['WFI', 0xbf30],
    ['WFE', 0xbf20],
    ['SEV', 0xbf40],
    ['YIELD', 0xbf10],
    ['LDREX', 0xe850_1f00],
    ['STREX', 0xe840_1200],
    ['CLREX', 0xf3bf_8f2f],
    ['LDRT', 0xf850_1e00],
    ['STRT', 0xf840_1e00],
    ['MCR of coprocessor 15', 0xee07_0f15],
    ['an unallocated encoding', 0xfb70_00f0],
    ['LDR PC with an unpredictable write-back', 0xf850_0b04],
    ['LDRD into its base', 0xe9d0_0100],
    ['LDR SP', 0xf8d0_d000],
    ['ADD SP, #2', 0xf10d_0d02],
    ['LDR r0, [SP], #2', 0xf85d_0b02],
    ['VCVT from fixed point', 0xeeba_0a40],
    ['SSAT with the shift that does not exist', 0xf328_0016],
  ])('hands over %s', (_name, word) => {
    expect(markOf(m7, word)).toBe(MARK.ALWAYS);
    expect(markOf(m7, word, true, true)).toBe(MARK.ALWAYS);
  });

  it.each([
    ['LDM r3', 0xcb03, 3, 3],
    ['STMDB r5', 0xe925_0003, 5, 3],
    ['LDRD r0, r1, [r2, #8]', 0xe9d2_0102, 2, 3],
    ['STRD r0, r1, [r4]', 0xe9c4_0100, 4, 3],
    ['VLDR s0, [r1]', 0xed91_0a00, 1, 3],
    ['VSTM r6', 0xec86_0a02, 6, 3],
    ['MOV SP, r7', 0x46bd, 7, 3],
  ])('hands over %s when the register is not aligned', (_name, word, register, mask) => {
    expect(m7.of(word, size(word))).toMatchObject({ register, mask });
    expect(markOf(m7, word)).toBe(MARK.IF_MASKED_BITS);
  });

  it('lets accesses relative to SP and PC through: they are aligned', () => {
    expect(markOf(m7, 0xb503)).toBe(MARK.NONE);
    expect(markOf(m7, 0xe9dd_0100)).toBe(MARK.NONE);
    expect(markOf(m7, 0xe9df_0100)).toBe(MARK.NONE);
    expect(markOf(m7, 0xed9f_0a00)).toBe(MARK.NONE);
  });

  it('hands over divisions by zero while they trap', () => {
    expect(m7.of(0xfbb0_f0f1, 4).register).toBe(1);
    expect(markOf(m7, 0xfbb0_f0f1, false, true)).toBe(MARK.IF_ZERO);
  });

  it('hands over floating point while it stops, alignment or not', () => {
    expect(markOf(m7, 0xee30_0a20, true)).toBe(MARK.ALWAYS);
    expect(markOf(m7, 0xed91_0a00, true)).toBe(MARK.ALWAYS);
    expect(markOf(m7, 0x1840, true)).toBe(MARK.NONE);
  });

  it('hands over what the core does not have', () => {
    expect(markOf(m7, 0xee30_0b00)).toBe(MARK.NONE);
    expect(markOf(m4, 0xee30_0b00)).toBe(MARK.ALWAYS);
  });

  it.each([
    ['PUSH {r4-r7, lr}', 0xb5f0, 13, -20],
    ['POP {r4, pc}', 0xbd10, 13, 0],
    ['SUB SP, #16', 0xb084, 13, -16],
    ['ADD SP, #16', 0xb004, 13, 16],
    ['MOV SP, r7', 0x46bd, 7, 0],
    ['MOV.W SP, r7', 0xea4f_0d07, 7, 0],
    ['STMDB SP!, {r0, r9}', 0xe92d_0201, 13, -8],
    ['LDMDB SP!, {r4, r5}', 0xe93d_0030, 13, -8],
    ['STR r4, [SP, #-8]!', 0xf84d_4d08, 13, -8],
    ['STR r4, [SP], #-8', 0xf84d_4908, 13, -8],
    ['LDR r4, [SP], #8', 0xf85d_4b08, 13, 0],
    ['STRD r4, r5, [SP, #-16]!', 0xe96d_4504, 13, -16],
    ['LDRD r4, r5, [SP], #16', 0xe8fd_4504, 13, 0],
    ['VPUSH {s0-s3}', 0xed2d_0a04, 13, -16],
    ['VPUSH {d0-d3}', 0xed2d_0b08, 13, -32],
    ['VPOP {s0-s1}', 0xecbd_0a02, 13, 0],
  ])('holds %s against the stack limit of ARMv8-M', (_name, word, register, offset) => {
    expect(m33.of(word, size(word))).toMatchObject({ register, mask: offset >>> 0 });
    expect(markOf(m33, word)).toBe(MARK.IF_NO_STACK);
    expect(markOf(m7, word)).not.toBe(MARK.IF_NO_STACK);
  });

  it.each([
    ['STR r4, [SP, #-8]', 0xf84d_4c08, MARK.NONE],
    ['STMDB r0!, {r4, r5}', 0xe920_0030, MARK.IF_MASKED_BITS],
    ['VPUSH while floating point stops', 0xed2d_0a04, MARK.ALWAYS, true as boolean],
    ['ADD SP, r1', 0x448d, MARK.ALWAYS],
    ['SUB.W SP, SP, r1', 0xebad_0d01, MARK.ALWAYS],
    ['LDA', 0xe8d1_0faf, MARK.ALWAYS],
    ['SG', 0xe97f_e97f, MARK.ALWAYS],
    ['TT', 0xe841_f200, MARK.ALWAYS],
    ['BXNS', 0x4774, MARK.ALWAYS],
    ['VADD.F64, which a Cortex-M33 has not', 0xee30_0b00, MARK.ALWAYS],
  ] as const)('treats %s on a Cortex-M33 as it must', (_name, word, mark, fpTrap: boolean = false) => {
    expect(markOf(m33, word, fpTrap)).toBe(mark);
  });

  it('knows what may return from an exception', () => {
    for (const word of [0x4770, 0xbd00, 0xe8bd_8001, 0xf85d_fb04]) expect(m7.of(word, size(word)).returns).toBe(true);
    for (const word of [0x4780, 0xe7fe, 0xf000_f800, 0x46f7]) expect(m7.of(word, size(word)).returns).toBe(false);
  });
});
