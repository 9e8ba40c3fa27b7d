/** The 32-bit integer encodings of ARMv7E-M (ARM DDI 0403E, A5.3 and A7.7). Coprocessors 10 and 11 are in floating-point.ts. */
import { type Encoding, type Feature, row } from './encoding.ts';

/** name, bits 8:5 of the first half, name of the form without Rn (Rn=PC), name of the form without Rd (Rd=PC, S=1). */
const DATA_PROCESSING: readonly (readonly [name: string, code: string, noN: string, noD: string])[] = [
  ['AND', '0000', '', 'TST'],
  ['BIC', '0001', '', ''],
  ['ORR', '0010', 'MOV', ''],
  ['ORN', '0011', 'MVN', ''],
  ['EOR', '0100', '', 'TEQ'],
  ['ADD', '1000', '', 'CMN'],
  ['ADC', '1010', '', ''],
  ['SBC', '1011', '', ''],
  ['SUB', '1101', '', 'CMP'],
  ['RSB', '1110', '', ''],
];

function dataProcessing(): Encoding[] {
  return DATA_PROCESSING.flatMap(([name, code, noN, noD]) => {
    const rows: Encoding[] = [];
    const imm = { imm: 'expand' } as const;
    const additive = name === 'ADD' || name === 'SUB';
    rows.push(row(`${name} (immediate) T`, `11110i0${code}Snnnn 0iiiddddiiiiiiii`, `${name}_IMM`, { ...imm, requires: 'd:r n:r' }));
    rows.push(row(`${name} (register) T`, `1110101${code}Snnnn 0iiiddddiikkmmmm`, `${name}_SHIFT`, { imm: 'i', requires: 'd:r n:r m:r' }));
    if (additive) {
      rows.push(
        row(`${name} (SP, immediate) T`, `11110i0${code}S1101 0iiiddddiiiiiiii`, `${name}_IMM`, {
          ...imm,
          implied: { n: 13 },
          requires: 'd:p',
        }),
      );
      rows.push(
        row(`${name} (SP, register) T`, `1110101${code}S1101 0iiiddddiikkmmmm`, `${name}_SHIFT`, {
          imm: 'i',
          implied: { n: 13 },
          requires: 'd:p m:r spshift',
        }),
      );
    }
    if (noN) {
      rows.push(row(`${noN} (immediate) T2`, `11110i0${code}S1111 0iiiddddiiiiiiii`, `${noN}_IMM`, { ...imm, requires: 'd:r' }));
      if (noN === 'MVN')
        rows.push(row('MVN (register) T2', `1110101${code}S1111 0iiiddddiikkmmmm`, 'MVN_SHIFT', { imm: 'i', requires: 'd:r m:r' }));
    }
    if (noD) {
      const requires = noD === 'CMP' || noD === 'CMN' ? 'n:p' : 'n:r';
      rows.push(row(`${noD} (immediate) T`, `11110i0${code}1nnnn 0iii1111iiiiiiii`, `${noD}_IMM`, { ...imm, requires }));
      rows.push(
        row(`${noD} (register) T`, `1110101${code}1nnnn 0iii1111iikkmmmm`, `${noD}_SHIFT`, { imm: 'i', requires: `${requires} m:r` }),
      );
    }
    return rows;
  });
}

/** Single loads and stores: name, bits 8:4 of the first half without the bit (3) that tells the 12-bit form, whether it loads. */
const SINGLE: readonly (readonly [name: string, low: string, high: string, hint: string])[] = [
  ['STRB', '00000', '01000', ''],
  ['STRH', '00010', '01010', ''],
  ['STR', '00100', '01100', ''],
  ['LDRB', '00001', '01001', 'PLD'],
  ['LDRH', '00011', '01011', 'PLD (unallocated hint)'],
  ['LDR', '00101', '01101', ''],
  ['LDRSB', '10001', '11001', 'PLI'],
  ['LDRSH', '10011', '11011', 'PLI (unallocated hint)'],
];

function singles(): Encoding[] {
  return SINGLE.flatMap(([name, low, high, hint]) => {
    const load = name.startsWith('LDR');
    const base = load ? '' : 'n:p ';
    const t = name === 'LDR' ? '' : name === 'STR' ? 't:p' : 't:r';
    const need = (text: string) => (text.trim() ? { requires: text.trim() } : {});
    const rows = [
      row(`${name} (immediate) 12`, `1111100${high}nnnn ttttiiiiiiiiiiii`, `${name}_IMM`, { imm: 'i', ...need(base + t) }),
      row(`${name} (immediate) -8`, `1111100${low}nnnn tttt1100iiiiiiii`, `${name}_IMM`, {
        imm: 'i',
        implied: { P: 1, U: 0, W: 0 },
        ...need(base + t),
      }),
      row(`${name} (immediate) pre`, `1111100${low}nnnn tttt11U1iiiiiiii`, `${name}_WB`, {
        imm: 'i',
        implied: { P: 1, W: 1 },
        ...need(`n:p n!t ${t}`),
      }),
      row(`${name} (immediate) post`, `1111100${low}nnnn tttt10U1iiiiiiii`, `${name}_WB`, {
        imm: 'i',
        implied: { P: 0, W: 1 },
        ...need(`n:p n!t ${t}`),
      }),
      row(`${name}T`, `1111100${low}nnnn tttt1110iiiiiiii`, `${name}T`, { imm: 'i', requires: `${base}t:r` }),
      row(`${name} (register) T2`, `1111100${low}nnnn tttt000000iimmmm`, `${name}_REG`, { imm: 'i', ...need(`${base}m:r ${t}`) }),
    ];
    if (load)
      rows.push(
        row(`${name} (literal)`, `1111100${low[0]}U${low.slice(2)}1111 ttttiiiiiiiiiiii`, `${name}_LIT`, {
          imm: 'i',
          first: true,
          ...need(t),
        }),
      );
    if (hint) {
      rows.push(row(`${hint} (immediate) 12`, `1111100${high}nnnn 1111iiiiiiiiiiii`, 'NOP', { imm: 'i' }));
      rows.push(row(`${hint} (immediate) -8`, `1111100${low}nnnn 11111100iiiiiiii`, 'NOP', { imm: 'i' }));
      rows.push(row(`${hint} (register)`, `1111100${low}nnnn 1111000000iimmmm`, 'NOP', { imm: 'i', requires: 'm:r' }));
      rows.push(row(`${hint} (literal)`, `1111100${low[0]}U${low.slice(2)}1111 1111iiiiiiiiiiii`, 'NOP', { imm: 'i', first: true }));
    }
    return rows;
  });
}

const PARALLEL_OPS: readonly (readonly [name: string, code: string])[] = [
  ['ADD8', '000'],
  ['ADD16', '001'],
  ['ASX', '010'],
  ['SUB8', '100'],
  ['SUB16', '101'],
  ['SAX', '110'],
];
const PARALLEL_KINDS: readonly (readonly [name: string, code: string])[] = [
  ['S', '000'],
  ['Q', '001'],
  ['SH', '010'],
  ['U', '100'],
  ['UQ', '101'],
  ['UH', '110'],
];

const dsp: { readonly feature: Feature; readonly requires: string } = { feature: 'dsp', requires: 'd:r n:r m:r' };
const dspA: { readonly feature: Feature; readonly requires: string } = { feature: 'dsp', requires: 'd:r n:r m:r a:r' };
const dspLong: { readonly feature: Feature; readonly requires: string } = { feature: 'dsp', requires: 'd:r l:r n:r m:r d!l' };
const dnm = { requires: 'd:r n:r m:r' };
const long = { requires: 'd:r l:r n:r m:r d!l' };

/** Shifts, extensions, parallel arithmetic, saturating arithmetic and bit operations on registers (A5.3.12 to A5.3.15). */
const REGISTERS: readonly Encoding[] = [
  row('MOV (register) T3', '11101010010S1111 0000dddd0000mmmm', 'MOV_REG', { requires: 'd:p m:p movsp' }),
  row('LSL (immediate) T2', '11101010010S1111 0iiiddddii00mmmm', 'LSL_IMM', { imm: 'i', requires: 'd:r m:r' }),
  row('LSR (immediate) T2', '11101010010S1111 0iiiddddii01mmmm', 'LSR_IMM', { imm: 'i', requires: 'd:r m:r' }),
  row('ASR (immediate) T2', '11101010010S1111 0iiiddddii10mmmm', 'ASR_IMM', { imm: 'i', requires: 'd:r m:r' }),
  row('ROR (immediate) T1', '11101010010S1111 0iiiddddii11mmmm', 'ROR_IMM', { imm: 'i', requires: 'd:r m:r' }),
  row('RRX T1', '11101010010S1111 0000dddd0011mmmm', 'RRX', { requires: 'd:r m:r' }),
  row('PKH T1', '111010101100nnnn 0iiiddddiix0mmmm', 'PKH', { ...dsp, imm: 'i' }),
  row('LSL (register) T2', '11111010000Snnnn 1111dddd0000mmmm', 'LSL_REG', dnm),
  row('LSR (register) T2', '11111010001Snnnn 1111dddd0000mmmm', 'LSR_REG', dnm),
  row('ASR (register) T2', '11111010010Snnnn 1111dddd0000mmmm', 'ASR_REG', dnm),
  row('ROR (register) T2', '11111010011Snnnn 1111dddd0000mmmm', 'ROR_REG', dnm),
  ...['SXTAH', 'UXTAH', 'SXTAB16', 'UXTAB16', 'SXTAB', 'UXTAB'].flatMap((name, code) => {
    const bits = `111110100${code.toString(2).padStart(3, '0')}`;
    const plain = name.replace('XTA', 'XT');
    const feature: Feature = plain.endsWith('16') ? 'dsp' : 'base';
    return [
      row(`${name} T1`, `${bits}nnnn 1111dddd10iimmmm`, name, { ...dsp, imm: 'i' }),
      row(`${plain} T2`, `${bits}1111 1111dddd10iimmmm`, plain, { feature, imm: 'i', requires: 'd:r m:r' }),
    ];
  }),
  ...PARALLEL_KINDS.flatMap(([kind, k]) =>
    PARALLEL_OPS.map(([name, code]) => row(`${kind}${name} T1`, `111110101${code}nnnn 1111dddd0${k}mmmm`, `${kind}${name}`, dsp)),
  ),
  row('QADD T1', '111110101000nnnn 1111dddd1000mmmm', 'QADD', dsp),
  row('QDADD T1', '111110101000nnnn 1111dddd1001mmmm', 'QDADD', dsp),
  row('QSUB T1', '111110101000nnnn 1111dddd1010mmmm', 'QSUB', dsp),
  row('QDSUB T1', '111110101000nnnn 1111dddd1011mmmm', 'QDSUB', dsp),
  row('REV T2', '111110101001nnnn 1111dddd1000mmmm', 'REV', { requires: 'd:r m:r n=m' }),
  row('REV16 T2', '111110101001nnnn 1111dddd1001mmmm', 'REV16', { requires: 'd:r m:r n=m' }),
  row('RBIT T1', '111110101001nnnn 1111dddd1010mmmm', 'RBIT', { requires: 'd:r m:r n=m' }),
  row('REVSH T2', '111110101001nnnn 1111dddd1011mmmm', 'REVSH', { requires: 'd:r m:r n=m' }),
  row('SEL T1', '111110101010nnnn 1111dddd1000mmmm', 'SEL', dsp),
  row('CLZ T1', '111110101011nnnn 1111dddd1000mmmm', 'CLZ', { requires: 'd:r m:r n=m' }),
];

/** Multiplication and division (A5.3.16, A5.3.17). */
const MULTIPLIES: readonly Encoding[] = [
  row('MUL T2', '111110110000nnnn 1111dddd0000mmmm', 'MUL', dnm),
  row('MLA T1', '111110110000nnnn aaaadddd0000mmmm', 'MLA', { requires: 'd:r n:r m:r a:r' }),
  row('MLS T1', '111110110000nnnn aaaadddd0001mmmm', 'MLS', { requires: 'd:r n:r m:r a:r' }),
  row('SMULxy T1', '111110110001nnnn 1111dddd00xymmmm', 'SMULXY', dsp),
  row('SMLAxy T1', '111110110001nnnn aaaadddd00xymmmm', 'SMLAXY', dspA),
  row('SMUAD T1', '111110110010nnnn 1111dddd000xmmmm', 'SMUAD', dsp),
  row('SMLAD T1', '111110110010nnnn aaaadddd000xmmmm', 'SMLAD', dspA),
  row('SMULWy T1', '111110110011nnnn 1111dddd000ymmmm', 'SMULWY', dsp),
  row('SMLAWy T1', '111110110011nnnn aaaadddd000ymmmm', 'SMLAWY', dspA),
  row('SMUSD T1', '111110110100nnnn 1111dddd000xmmmm', 'SMUSD', dsp),
  row('SMLSD T1', '111110110100nnnn aaaadddd000xmmmm', 'SMLSD', dspA),
  row('SMMUL T1', '111110110101nnnn 1111dddd000xmmmm', 'SMMUL', dsp),
  row('SMMLA T1', '111110110101nnnn aaaadddd000xmmmm', 'SMMLA', dspA),
  row('SMMLS T1', '111110110110nnnn aaaadddd000xmmmm', 'SMMLS', dspA),
  row('USAD8 T1', '111110110111nnnn 1111dddd0000mmmm', 'USAD8', dsp),
  row('USADA8 T1', '111110110111nnnn aaaadddd0000mmmm', 'USADA8', dspA),
  row('SMULL T1', '111110111000nnnn lllldddd0000mmmm', 'SMULL', long),
  row('SDIV T1', '111110111001nnnn 1111dddd1111mmmm', 'SDIV', dnm),
  row('UMULL T1', '111110111010nnnn lllldddd0000mmmm', 'UMULL', long),
  row('UDIV T1', '111110111011nnnn 1111dddd1111mmmm', 'UDIV', dnm),
  row('SMLAL T1', '111110111100nnnn lllldddd0000mmmm', 'SMLAL', long),
  row('SMLALxy T1', '111110111100nnnn lllldddd10xymmmm', 'SMLALXY', dspLong),
  row('SMLALD T1', '111110111100nnnn lllldddd110xmmmm', 'SMLALD', dspLong),
  row('SMLSLD T1', '111110111101nnnn lllldddd110xmmmm', 'SMLSLD', dspLong),
  row('UMLAL T1', '111110111110nnnn lllldddd0000mmmm', 'UMLAL', long),
  row('UMAAL T1', '111110111110nnnn lllldddd0110mmmm', 'UMAAL', dspLong),
];

/** Data processing with a plain binary immediate (A5.3.3). */
const PLAIN_IMMEDIATE: readonly Encoding[] = [
  row('ADD (immediate) T4', '11110i100000nnnn 0iiiddddiiiiiiii', 'ADD_IMM', { imm: 'i', requires: 'd:r n:r' }),
  row('ADD (SP plus immediate) T4', '11110i1000001101 0iiiddddiiiiiiii', 'ADD_IMM', { imm: 'i', implied: { n: 13 }, requires: 'd:p' }),
  row('ADR T3', '11110i1000001111 0iiiddddiiiiiiii', 'ADR', { imm: 'i', implied: { U: 1 }, requires: 'd:r' }),
  row('MOV (immediate) T3', '11110i100100jjjj 0iiiddddiiiiiiii', 'MOV_IMM', { imm: 'j:i', requires: 'd:r' }),
  row('SUB (immediate) T4', '11110i101010nnnn 0iiiddddiiiiiiii', 'SUB_IMM', { imm: 'i', requires: 'd:r n:r' }),
  row('SUB (SP minus immediate) T3', '11110i1010101101 0iiiddddiiiiiiii', 'SUB_IMM', { imm: 'i', implied: { n: 13 }, requires: 'd:p' }),
  row('ADR T2', '11110i1010101111 0iiiddddiiiiiiii', 'ADR', { imm: 'i', implied: { U: 0 }, requires: 'd:r' }),
  row('MOVT T1', '11110i101100jjjj 0iiiddddiiiiiiii', 'MOVT', { imm: 'j:i', requires: 'd:r' }),
  row('SSAT T1', '1111001100k0nnnn 0iiiddddii0wwwww', 'SSAT', { imm: 'i', requires: 'd:r n:r satshift' }),
  row('SSAT16 T1', '111100110010nnnn 0000dddd0000wwww', 'SSAT16', { feature: 'dsp', requires: 'd:r n:r' }),
  row('SBFX T1', '111100110100nnnn 0iiiddddii0wwwww', 'SBFX', { imm: 'i', requires: 'd:r n:r width' }),
  row('BFI T1', '111100110110nnnn 0iiiddddii0wwwww', 'BFI', { imm: 'i', requires: 'd:r n:r field' }),
  row('BFC T1', '1111001101101111 0iiiddddii0wwwww', 'BFC', { imm: 'i', requires: 'd:r field' }),
  row('USAT T1', '1111001110k0nnnn 0iiiddddii0wwwww', 'USAT', { imm: 'i', requires: 'd:r n:r satshift' }),
  row('USAT16 T1', '111100111010nnnn 0000dddd0000wwww', 'USAT16', { feature: 'dsp', requires: 'd:r n:r' }),
  row('UBFX T1', '111100111100nnnn 0iiiddddii0wwwww', 'UBFX', { imm: 'i', requires: 'd:r n:r width' }),
];

/** Branches and miscellaneous control (A5.3.4). */
const CONTROL: readonly Encoding[] = [
  row('B T3', '11110ecccciiiiii 10x0yiiiiiiiiiii', 'B_COND', { imm: 'branch20', requires: 'c:cond noit' }),
  row('B T4', '11110eiiiiiiiiii 10x1yiiiiiiiiiii', 'B', { imm: 'branch24', requires: 'lastit' }),
  row('BL T1', '11110eiiiiiiiiii 11x1yiiiiiiiiiii', 'BL', { imm: 'branch24', requires: 'lastit' }),
  row('MSR T1', '111100111000nnnn 1000ww00iiiiiiii', 'MSR', { imm: 'i', requires: 'n:r' }),
  row('MRS T1', '1111001111101111 1000ddddiiiiiiii', 'MRS', { imm: 'i', requires: 'd:r' }),
  row('NOP-compatible hint T2', '1111001110101111 10000000iiiiiiii', 'HINT', { imm: 'i' }),
  row('CLREX T1', '1111001110111111 1000111100101111', 'CLREX'),
  row('DSB T1', '1111001110111111 100011110100iiii', 'BARRIER', { imm: 'i' }),
  row('DMB T1', '1111001110111111 100011110101iiii', 'BARRIER', { imm: 'i' }),
  row('ISB T1', '1111001110111111 100011110110iiii', 'BARRIER', { imm: 'i' }),
  row('UDF T2', '111101111111jjjj 1010iiiiiiiiiiii', 'UDF', { imm: 'j:i' }),
];

/** Load and store multiple, dual, exclusive, table branch (A5.3.5, A5.3.6). */
const MULTIPLE: readonly Encoding[] = [
  row('STM T2', '1110100010W0nnnn 0r0rrrrrrrrrrrrr', 'STM', { imm: 'list', requires: 'n:p list2 nolist' }),
  row('LDM T2', '1110100010W1nnnn rr0rrrrrrrrrrrrr', 'LDM', { imm: 'list', requires: 'n:p list2 nolist pclr' }),
  row('STMDB T1', '1110100100W0nnnn 0r0rrrrrrrrrrrrr', 'STMDB', { imm: 'list', requires: 'n:p list2 nolist' }),
  row('LDMDB T1', '1110100100W1nnnn rr0rrrrrrrrrrrrr', 'LDMDB', { imm: 'list', requires: 'n:p list2 nolist pclr' }),
  row('STREX T1', '111010000100nnnn ttttddddiiiiiiii', 'STREX', { imm: 'i*4', requires: 'd:r t:r n:p d!n d!t' }),
  row('LDREX T1', '111010000101nnnn tttt1111iiiiiiii', 'LDREX', { imm: 'i*4', requires: 't:r n:p' }),
  row('STREXB T1', '111010001100nnnn tttt11110100dddd', 'STREXB', { requires: 'd:r t:r n:p d!n d!t' }),
  row('STREXH T1', '111010001100nnnn tttt11110101dddd', 'STREXH', { requires: 'd:r t:r n:p d!n d!t' }),
  row('LDREXB T1', '111010001101nnnn tttt111101001111', 'LDREXB', { requires: 't:r n:p' }),
  row('LDREXH T1', '111010001101nnnn tttt111101011111', 'LDREXH', { requires: 't:r n:p' }),
  row('TBB T1', '111010001101nnnn 111100000000mmmm', 'TBB', { requires: 'n:notsp m:r lastit' }),
  row('TBH T1', '111010001101nnnn 111100000001mmmm', 'TBH', { requires: 'n:notsp m:r lastit' }),
  row('STRD (immediate) T1', '11101001U1W0nnnn ttttuuuuiiiiiiii', 'STRD', {
    imm: 'i*4',
    implied: { P: 1 },
    requires: 'n:p t:r u:r dualwb',
  }),
  row('STRD (immediate) T1 post', '11101000U110nnnn ttttuuuuiiiiiiii', 'STRD', {
    imm: 'i*4',
    implied: { P: 0, W: 1 },
    requires: 'n:p t:r u:r dualwb',
  }),
  row('LDRD (immediate) T1', '11101001U1W1nnnn ttttuuuuiiiiiiii', 'LDRD', {
    imm: 'i*4',
    implied: { P: 1 },
    requires: 'n:p t:r u:r t!u dualwb',
  }),
  row('LDRD (immediate) T1 post', '11101000U111nnnn ttttuuuuiiiiiiii', 'LDRD', {
    imm: 'i*4',
    implied: { P: 0, W: 1 },
    requires: 'n:p t:r u:r t!u dualwb',
  }),
  row('LDRD (literal) T1', '11101001U1011111 ttttuuuuiiiiiiii', 'LDRD', {
    imm: 'i*4',
    implied: { n: 15, P: 1, W: 0 },
    requires: 't:r u:r t!u',
  }),
];

/** Everything in the coprocessor space that no other row takes; `w` is the coprocessor (A5.3.18). */
const COPROCESSOR: readonly Encoding[] = [
  row('Coprocessor transfer', '111-110--------- ----wwww--------', 'COPROCESSOR'),
  row('Coprocessor operation', '111-1110-------- ----wwww--------', 'COPROCESSOR'),
];

/** All 32-bit encodings except those of the floating-point extension. */
export const THUMB32: readonly Encoding[] = [
  ...dataProcessing(),
  ...REGISTERS,
  ...MULTIPLIES,
  ...PLAIN_IMMEDIATE,
  ...CONTROL,
  ...MULTIPLE,
  ...singles(),
  ...COPROCESSOR,
];
