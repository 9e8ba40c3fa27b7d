/**
 * What registers a core has, as data for debuggers: names that `Core.readRegister` takes, widths, and the fields of those that have some.
 *
 * The types know no architecture; the tables are those of ARMv7-M (DDI 0403E, B1.4) and ARMv8-M (DDI 0553B, B3).
 */
import type { CoreProfile } from './profile.ts';

/** What a register holds. */
export type RegisterType = 'int' | 'code_ptr' | 'data_ptr' | 'ieee_single' | 'ieee_double' | 'flags';

/** Bits of a register that have a name. */
export interface RegisterField {
  readonly name: string;
  readonly lsb: number;
  readonly width: number;
  readonly text: string;
  /** Names of values, where these say more than the number. */
  readonly values?: Readonly<Record<number, string>>;
}

/** A register, or two that are one. */
export interface RegisterDescription {
  /** As `readRegister` and `writeRegister` take it, unless it has `parts`. */
  readonly name: string;
  readonly bits: 1 | 8 | 32 | 64;
  readonly type: RegisterType;
  /** The registers that it is made of, low word first. */
  readonly parts?: readonly [string, string];
  readonly fields?: readonly RegisterField[];
  readonly text?: string;
}

/** Registers that belong together. */
export interface RegisterGroup {
  readonly name: 'core' | 'float' | 'system' | 'secure';
  readonly registers: readonly RegisterDescription[];
}

/** A register that exists once for each security state. */
interface SystemRegister extends RegisterDescription {
  /** ARMv8-M only. */
  readonly v8?: true;
}

const bit = (name: string, lsb: number, text: string, values?: RegisterField['values']): RegisterField => field(name, lsb, 1, text, values);
function field(name: string, lsb: number, width: number, text: string, values?: RegisterField['values']): RegisterField {
  return { name, lsb, width, text, ...(values ? { values } : {}) };
}

const FLAGS: readonly RegisterField[] = [bit('N', 31, 'negative'), bit('Z', 30, 'zero'), bit('C', 29, 'carry'), bit('V', 28, 'overflow')];

const XPSR: readonly RegisterField[] = [
  ...FLAGS,
  bit('Q', 27, 'saturation'),
  field('IT[1:0]', 25, 2, 'If-Then state, low bits'),
  bit('T', 24, 'Thumb state'),
  field('GE', 16, 4, 'greater or equal, of the parallel additions'),
  field('IT[7:2]', 10, 6, 'If-Then state, high bits'),
  field('ISR', 0, 9, 'number of the exception that executes', { 0: 'Thread mode' }),
];

const FPSCR: readonly RegisterField[] = [
  ...FLAGS,
  bit('AHP', 26, 'alternative half precision'),
  bit('DN', 25, 'default NaN'),
  bit('FZ', 24, 'flush to zero'),
  field('RMode', 22, 2, 'rounding', { 0: 'to nearest', 1: 'towards plus infinity', 2: 'towards minus infinity', 3: 'towards zero' }),
  bit('IDC', 7, 'input denormal'),
  bit('IXC', 4, 'inexact'),
  bit('UFC', 3, 'underflow'),
  bit('OFC', 2, 'overflow'),
  bit('DZC', 1, 'division by zero'),
  bit('IOC', 0, 'invalid operation'),
];

const CONTROL: readonly RegisterField[] = [
  bit('SPSEL', 1, 'stack of Thread mode', { 0: 'MSP', 1: 'PSP' }),
  bit('nPRIV', 0, 'Thread mode', { 0: 'privileged', 1: 'unprivileged' }),
];
const FPCA = bit('FPCA', 2, 'a floating-point context is active');
const SFPA = bit('SFPA', 3, 'the floating-point registers hold Secure state');

const SYSTEM: readonly SystemRegister[] = [
  { name: 'msp', bits: 32, type: 'data_ptr', text: 'main stack pointer' },
  { name: 'psp', bits: 32, type: 'data_ptr', text: 'process stack pointer' },
  { name: 'msplim', bits: 32, type: 'data_ptr', text: 'limit of the main stack', v8: true },
  { name: 'psplim', bits: 32, type: 'data_ptr', text: 'limit of the process stack', v8: true },
  { name: 'primask', bits: 1, type: 'int', text: 'masks all exceptions of configurable priority' },
  { name: 'basepri', bits: 8, type: 'int', text: 'masks exceptions of this priority and below; 0: none' },
  { name: 'faultmask', bits: 1, type: 'int', text: 'masks all exceptions but NMI' },
];

/** The registers of a core of `profile`. */
export function registerGroups(profile: CoreProfile): readonly RegisterGroup[] {
  const float = profile.fpu !== 'none';
  const secure = profile.security !== undefined;
  const v8 = profile.architecture === 'armv8-m';
  const fields = [...(float && secure ? [SFPA] : []), ...(float ? [FPCA] : []), ...CONTROL];
  const plain = SYSTEM.filter((register) => v8 || !register.v8).map(({ v8: _, ...register }) => register);
  const groups: RegisterGroup[] = [{ name: 'core', registers: coreRegisters() }];
  if (float) groups.push({ name: 'float', registers: floatRegisters() });
  groups.push({ name: 'system', registers: [...plain, { name: 'control', bits: 8, type: 'flags', fields }] });
  if (!secure) return groups;
  const banked = [...plain, { name: 'control', bits: 8, type: 'flags', fields: CONTROL } satisfies RegisterDescription];
  const bank = (suffix: string) => banked.map((register) => ({ ...register, name: `${register.name}_${suffix}` }));
  groups.push({ name: 'secure', registers: [...bank('s'), ...bank('ns')] });
  return groups;
}

function coreRegisters(): RegisterDescription[] {
  const general = Array.from({ length: 13 }, (_, index) => ({ name: `r${index}`, bits: 32, type: 'int' }) as const);
  return [
    ...general,
    { name: 'sp', bits: 32, type: 'data_ptr', text: 'stack pointer in use' },
    { name: 'lr', bits: 32, type: 'code_ptr', text: 'link register' },
    { name: 'pc', bits: 32, type: 'code_ptr', text: 'next instruction' },
    { name: 'xpsr', bits: 32, type: 'flags', fields: XPSR },
  ];
}

/** D0 to D15 are S0 to S31 by pairs; also on a core that does not calculate with them. */
function floatRegisters(): RegisterDescription[] {
  const single = Array.from({ length: 32 }, (_, index) => ({ name: `s${index}`, bits: 32, type: 'ieee_single' }) as const);
  const double = Array.from({ length: 16 }, (_, index): RegisterDescription => {
    return { name: `d${index}`, bits: 64, type: 'ieee_double', parts: [`s${2 * index}`, `s${2 * index + 1}`] };
  });
  return [...single, ...double, { name: 'fpscr', bits: 32, type: 'flags', fields: FPSCR }];
}
