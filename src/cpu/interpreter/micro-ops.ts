/**
 * The numbers of the interpreter's micro-operations, and how one is laid out in a slot of four ints.
 *
 *   word 0  operation | halfwords << 12 | operation inside an IT block << 16
 *   word 1  registers, or the slot to branch to
 *   word 2  immediate, offset or shift
 *   word 3  whatever else the operation needs
 *
 * The HOT ones are the cases of the switch in interpreter.ts, which needs literal numbers (V8 builds a jump table from literals only);
 * a test holds the two lists together. Everything after them is executed by a function, found by number. ADD_SP, LDM_SP and STM_SP are
 * ADD_I, LDM and STM that move SP on a core with stack limits (ARMv8-M), and first hold the lowest address against the limit.
 */

/** Operations executed inside the main switch, in numeric order. */
export const HOT = [
  'DECODE', 'PAGE_END', 'UNDEFINED', 'NOP', 'IT',
  'MOV_I', 'MOVS_I', 'MOV_R', 'MOVS_R', 'MVN_R', 'MVNS_R',
  'ADD_I', 'ADDS_I', 'SUBS_I', 'ADD_R', 'ADDS_R', 'SUB_R', 'SUBS_R', 'RSB_I', 'RSBS_I',
  'CMP_I', 'CMP_R', 'CMN_R', 'TST_I', 'TST_R',
  'AND_I', 'ORR_I', 'EOR_I', 'ANDS_I', 'ORRS_I', 'EORS_I',
  'AND_R', 'ORR_R', 'EOR_R', 'BIC_R', 'ANDS_R', 'ORRS_R', 'EORS_R', 'BICS_R',
  'ADC_R', 'SBC_R', 'ADCS_R', 'SBCS_R',
  'MOV_X', 'ADD_X', 'SUB_X', 'RSB_X', 'AND_X', 'ORR_X', 'EOR_X', 'CMP_X',
  'LSL_I', 'LSR_I', 'ASR_I', 'LSLS_I', 'LSRS_I', 'ASRS_I',
  'LSL_R', 'LSR_R', 'ASR_R', 'LSLS_R', 'LSRS_R', 'ASRS_R',
  'MUL', 'MULS', 'MLA', 'MLS', 'UMULL', 'SMULL', 'SDIV', 'UDIV',
  'SXTB', 'SXTH', 'UXTB', 'UXTH', 'UBFX', 'SBFX', 'BFI', 'CLZ', 'REV', 'MOVT', 'ADR', 'ADD_PC',
  'JUMP', 'B', 'B_FAR',
  'B_EQ', 'B_NE', 'B_CS', 'B_CC', 'B_MI', 'B_PL', 'B_VS', 'B_VC', 'B_HI', 'B_LS', 'B_GE', 'B_LT', 'B_GT', 'B_LE', 'B_COND_FAR',
  'BL', 'BL_FAR', 'BX', 'BLX', 'CBZ', 'CBNZ', 'CB_FAR', 'TB',
  'LDR_I', 'LDRH_I', 'LDRB_I', 'LDRSH_I', 'LDRSB_I', 'LDR_R', 'LDRH_R', 'LDRB_R', 'LDRSH_R', 'LDRSB_R', 'LDR_L', 'LDR_WB',
  'STR_I', 'STRH_I', 'STRB_I', 'STR_R', 'STRH_R', 'STRB_R', 'STR_WB', 'LDRD', 'STRD', 'LDM', 'STM',
  'ENTER',
  'SG', 'ADD_SP', 'LDM_SP', 'STM_SP', 'HOOK',
] as const; // biome-ignore format: a list in groups

/** Name of a hot operation. */
export type HotName = (typeof HOT)[number];

/** Numbers of the hot operations. */
export const HOT_NUMBER: ReadonlyMap<string, number> = new Map(HOT.map((name, number) => [name, number]));

/** Ints per slot. */
export const SLOT = 4;
/** Ints of a decoded page: 2048 halfwords, and two slots that catch execution running off its end. */
export const PAGE_INTS = (2048 + 2) * SLOT;

/** What the ALU handler (`ALU`) does; the first argument is Rn, the second the shifter operand. */
export const ALU_KIND = {
  AND: 0, BIC: 1, ORR: 2, ORN: 3, EOR: 4, ADD: 5, ADC: 6, SBC: 7, SUB: 8, RSB: 9, MOV: 10, MVN: 11, TST: 12, TEQ: 13, CMP: 14, CMN: 15,
} as const; // biome-ignore format: a table

/** Kinds of a single access as `Context.access` takes them. */
export const ACCESS = { LDR: 1, LDRH: 2, LDRB: 3, LDRSH: 4, LDRSB: 5, STR: 6, STRH: 7, STRB: 8 } as const;
