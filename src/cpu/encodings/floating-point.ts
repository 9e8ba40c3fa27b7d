/** The encodings of FPv4-SP, FPv5-SP and FPv5-DP (ARM DDI 0403E, A5.3.18 and A6). D16 to D31 do not exist: their bits must be 0. */
import { type Encoding, type Feature, row } from './encoding.ts';

type Options = { readonly imm?: 'i'; readonly single?: Feature; readonly requires?: string };

/** A pair of rows: single precision with the odd-register bits, double precision with those bits zero. `z` stands for the size bit. */
function pair(name: string, bits: string, op: string, { imm, single = 'fpsp', requires }: Options = {}): Encoding[] {
  const extra = { ...(imm ? { imm } : {}), ...(requires ? { requires } : {}) };
  return [
    row(`${name} F32`, bits.replace('z', '0'), `${op}_F32`, { feature: single, ...extra }),
    row(`${name} F64`, bits.replace('z', '1').replaceAll(/[DNM]/g, '0'), `${op}_F64`, { feature: 'fpdp', ...extra }),
  ];
}

/** Like `pair`, where only the register that `letter` belongs to has the operation's precision and the other one is single. */
function mixed(name: string, bits: string, op: string, letter: 'D' | 'M'): Encoding[] {
  return [
    row(`${name} F32`, bits.replace('z', '0'), `${op}_F32`, { feature: 'fpsp' }),
    row(`${name} F64`, bits.replace('z', '1').replaceAll(letter, '0'), `${op}_F64`, { feature: 'fpdp' }),
  ];
}

const v5 = { single: 'v5' } as const;
/** The forms without a condition field: not permitted in IT blocks. */
const unconditional = { single: 'v5', requires: 'noit' } as const;

const ARITHMETIC: readonly Encoding[] = [
  ...pair('VMLA', '111011100D00nnnn dddd101zN0M0mmmm', 'VMLA'),
  ...pair('VMLS', '111011100D00nnnn dddd101zN1M0mmmm', 'VMLS'),
  ...pair('VNMLS', '111011100D01nnnn dddd101zN0M0mmmm', 'VNMLS'),
  ...pair('VNMLA', '111011100D01nnnn dddd101zN1M0mmmm', 'VNMLA'),
  ...pair('VMUL', '111011100D10nnnn dddd101zN0M0mmmm', 'VMUL'),
  ...pair('VNMUL', '111011100D10nnnn dddd101zN1M0mmmm', 'VNMUL'),
  ...pair('VADD', '111011100D11nnnn dddd101zN0M0mmmm', 'VADD'),
  ...pair('VSUB', '111011100D11nnnn dddd101zN1M0mmmm', 'VSUB'),
  ...pair('VDIV', '111011101D00nnnn dddd101zN0M0mmmm', 'VDIV'),
  ...pair('VFNMS', '111011101D01nnnn dddd101zN0M0mmmm', 'VFNMS'),
  ...pair('VFNMA', '111011101D01nnnn dddd101zN1M0mmmm', 'VFNMA'),
  ...pair('VFMA', '111011101D10nnnn dddd101zN0M0mmmm', 'VFMA'),
  ...pair('VFMS', '111011101D10nnnn dddd101zN1M0mmmm', 'VFMS'),
  ...pair('VMOV (immediate)', '111011101D11iiii dddd101z0000iiii', 'VMOV_IMM', { imm: 'i' }),
  ...pair('VMOV (register)', '111011101D110000 dddd101z01M0mmmm', 'VMOV'),
  ...pair('VABS', '111011101D110000 dddd101z11M0mmmm', 'VABS'),
  ...pair('VNEG', '111011101D110001 dddd101z01M0mmmm', 'VNEG'),
  ...pair('VSQRT', '111011101D110001 dddd101z11M0mmmm', 'VSQRT'),
  ...pair('VCMP', '111011101D110100 dddd101ze1M0mmmm', 'VCMP'),
  ...pair('VCMP (zero)', '111011101D110101 dddd101ze1000000', 'VCMPZ'),
  ...pair('VRINTR/VRINTZ', '111011101D110110 dddd101ze1M0mmmm', 'VRINTRZ', v5),
  ...pair('VRINTX', '111011101D110111 dddd101z01M0mmmm', 'VRINTX', v5),
  ...pair('VSEL', '111111100Dccnnnn dddd101zN0M0mmmm', 'VSEL', unconditional),
  ...pair('VMAXNM', '111111101D00nnnn dddd101zN0M0mmmm', 'VMAXNM', unconditional),
  ...pair('VMINNM', '111111101D00nnnn dddd101zN1M0mmmm', 'VMINNM', unconditional),
  ...pair('VRINTA/N/P/M', '111111101D1110cc dddd101z01M0mmmm', 'VRINT', unconditional),
];

const CONVERSIONS: readonly Encoding[] = [
  row('VCVTB/VCVTT F32<-F16', '111011101D110010 dddd1010e1M0mmmm', 'VCVT_F32_F16', { feature: 'fpsp' }),
  row('VCVTB/VCVTT F16<-F32', '111011101D110011 dddd1010e1M0mmmm', 'VCVT_F16_F32', { feature: 'fpsp' }),
  row('VCVTB/VCVTT F64<-F16', '1110111010110010 dddd1011e1M0mmmm', 'VCVT_F64_F16', { feature: 'fpdp' }),
  row('VCVTB/VCVTT F16<-F64', '111011101D110011 dddd1011e100mmmm', 'VCVT_F16_F64', { feature: 'fpdp' }),
  row('VCVT F64<-F32', '1110111010110111 dddd101011M0mmmm', 'VCVT_F64_F32', { feature: 'fpdp' }),
  row('VCVT F32<-F64', '111011101D110111 dddd10111100mmmm', 'VCVT_F32_F64', { feature: 'fpdp' }),
  ...mixed('VCVT float<-integer', '111011101D111000 dddd101ze1M0mmmm', 'VCVT_FROM_INT', 'D'),
  ...mixed('VCVT integer<-float', '111011101D11110x dddd101ze1M0mmmm', 'VCVT_TO_INT', 'M'),
  ...pair('VCVT float<-fixed', '111011101D11101x dddd101ze1j0iiii', 'VCVT_FROM_FIXED', { requires: 'fraction' }),
  ...pair('VCVT fixed<-float', '111011101D11111x dddd101ze1j0iiii', 'VCVT_TO_FIXED', { requires: 'fraction' }),
  row('VCVTA/N/P/M F32', '111111101D1111cc dddd1010e1M0mmmm', 'VCVT_ROUND_F32', { feature: 'v5', requires: 'noit' }),
  row('VCVTA/N/P/M F64', '111111101D1111cc dddd1011e100mmmm', 'VCVT_ROUND_F64', { feature: 'fpdp', requires: 'noit' }),
];

const fp = { feature: 'fpsp' } as const;

const TRANSFERS: readonly Encoding[] = [
  row('VLDR F32', '11101101UD01nnnn dddd1010iiiiiiii', 'VLDR_F32', { ...fp, imm: 'i*4' }),
  row('VLDR F64', '11101101U001nnnn dddd1011iiiiiiii', 'VLDR_F64', { ...fp, imm: 'i*4' }),
  row('VSTR F32', '11101101UD00nnnn dddd1010iiiiiiii', 'VSTR_F32', { ...fp, imm: 'i*4', requires: 'n:p' }),
  row('VSTR F64', '11101101U000nnnn dddd1011iiiiiiii', 'VSTR_F64', { ...fp, imm: 'i*4', requires: 'n:p' }),
  ...(['VSTM', 'VLDM'] as const).flatMap((name, load) => [
    row(`${name} (increment) F32`, `111011001DW${load}nnnn dddd1010iiiiiiii`, `${name}_F32`, {
      ...fp,
      imm: 'i',
      implied: { U: 1 },
      requires: 'n:p vlist',
    }),
    row(`${name} (increment) F64`, `1110110010W${load}nnnn dddd1011iiiiiiii`, `${name}_F64`, {
      ...fp,
      imm: 'i',
      implied: { U: 1 },
      requires: 'n:p vlist',
    }),
    row(`${name} (decrement) F32`, `111011010D1${load}nnnn dddd1010iiiiiiii`, `${name}_F32`, {
      ...fp,
      imm: 'i',
      implied: { U: 0, W: 1 },
      requires: 'n:p vlist',
    }),
    row(`${name} (decrement) F64`, `11101101001${load}nnnn dddd1011iiiiiiii`, `${name}_F64`, {
      ...fp,
      imm: 'i',
      implied: { U: 0, W: 1 },
      requires: 'n:p vlist',
    }),
  ]),
  row('VMOV (core to single)', '111011100000nnnn tttt1010N0010000', 'VMOV_TO_S', { ...fp, requires: 't:r' }),
  row('VMOV (single to core)', '111011100001nnnn tttt1010N0010000', 'VMOV_FROM_S', { ...fp, requires: 't:r' }),
  row('VMOV (core to scalar)', '1110111000x0nnnn tttt101100010000', 'VMOV_TO_SCALAR', { ...fp, requires: 't:r' }),
  row('VMOV (scalar to core)', '1110111000x1nnnn tttt101100010000', 'VMOV_FROM_SCALAR', { ...fp, requires: 't:r' }),
  row('VMOV (two core to two single)', '111011000100uuuu tttt101000M1mmmm', 'VMOV_TO_SS', { ...fp, requires: 't:r u:r vpair' }),
  row('VMOV (two single to two core)', '111011000101uuuu tttt101000M1mmmm', 'VMOV_FROM_SS', { ...fp, requires: 't:r u:r t!u vpair' }),
  row('VMOV (two core to double)', '111011000100uuuu tttt10110001mmmm', 'VMOV_TO_D', { ...fp, requires: 't:r u:r' }),
  row('VMOV (double to two core)', '111011000101uuuu tttt10110001mmmm', 'VMOV_FROM_D', { ...fp, requires: 't:r u:r t!u' }),
  row('VMRS T1', '1110111011110001 tttt101000010000', 'VMRS', { ...fp, requires: 't:notsp' }),
  row('VMSR T1', '1110111011100001 tttt101000010000', 'VMSR', { ...fp, requires: 't:r' }),
];

/** All encodings of the floating-point extension. */
export const FLOATING_POINT: readonly Encoding[] = [...ARITHMETIC, ...CONVERSIONS, ...TRANSFERS];
