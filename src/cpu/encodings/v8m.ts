/**
 * The encodings that ARMv8-M Mainline adds to ARMv7E-M (ARM DDI 0553B, C2.4): load-acquire, store-release, TT and the Security Extension.
 *
 * The other rows of the table are the same in both: the Cortex-M33 takes SP where ARMv7-M calls it UNPREDICTABLE as UNDEFINED too (TRM,
 * C.6). MSPLIM, PSPLIM and the `_NS` registers are values of MRS and MSR. Not here: ARMv8.1-M (CLRM, low-overhead loops, MVE), CDE.
 */
import { type Encoding, type Feature, row } from './encoding.ts';

const v8m: { readonly feature: Feature } = { feature: 'v8m' };
const load = { ...v8m, requires: 't:r n:p' };
const store = { ...v8m, requires: 't:r n:p' };
const exclusiveStore = { ...v8m, requires: 'd:r t:r n:p d!n d!t' };
const target = { ...v8m, requires: 'd:r n:p' };

/** All encodings that only ARMv8-M has. */
export const V8M: readonly Encoding[] = [
  row('LDAB T1', '111010001101nnnn tttt111110001111', 'LDAB', load),
  row('LDAH T1', '111010001101nnnn tttt111110011111', 'LDAH', load),
  row('LDA T1', '111010001101nnnn tttt111110101111', 'LDA', load),
  row('LDAEXB T1', '111010001101nnnn tttt111111001111', 'LDAEXB', load),
  row('LDAEXH T1', '111010001101nnnn tttt111111011111', 'LDAEXH', load),
  row('LDAEX T1', '111010001101nnnn tttt111111101111', 'LDAEX', load),
  row('STLB T1', '111010001100nnnn tttt111110001111', 'STLB', store),
  row('STLH T1', '111010001100nnnn tttt111110011111', 'STLH', store),
  row('STL T1', '111010001100nnnn tttt111110101111', 'STL', store),
  row('STLEXB T1', '111010001100nnnn tttt11111100dddd', 'STLEXB', exclusiveStore),
  row('STLEXH T1', '111010001100nnnn tttt11111101dddd', 'STLEXH', exclusiveStore),
  row('STLEX T1', '111010001100nnnn tttt11111110dddd', 'STLEX', exclusiveStore),
  row('TT T1', '111010000100nnnn 1111dddd00000000', 'TT', target),
  row('TTT T1', '111010000100nnnn 1111dddd01000000', 'TTT', target),
  row('TTA T1', '111010000100nnnn 1111dddd10000000', 'TTA', target),
  row('TTAT T1', '111010000100nnnn 1111dddd11000000', 'TTAT', target),
  row('SG T1', '1110100101111111 1110100101111111', 'SG', v8m),
  row('BXNS T1', '010001110mmmm100', 'BXNS', { ...v8m, requires: 'm:r lastit' }),
  row('BLXNS T1', '010001111mmmm100', 'BLXNS', { ...v8m, requires: 'm:r lastit' }),
  row('VLSTM T1', '111011000010nnnn 0000101000000000', 'VLSTM', { ...v8m, requires: 'n:p' }),
  row('VLLDM T1', '111011000011nnnn 0000101000000000', 'VLLDM', { ...v8m, requires: 'n:p' }),
];
