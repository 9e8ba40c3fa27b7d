/**
 * The registers of a core as GDB numbers and describes them (GDB manual, appendix G: target descriptions, Arm features).
 *
 * Made of what the core says it has (`Core.registerGroups`): the M profile's frame registers, floating-point registers as doubles, stack pointers, the
 * Security Extension's; what GDB has no standard feature for goes into one of ours.
 */
import type { RegisterDescription, RegisterGroup } from '../../cpu/register-groups.ts';
import { xml } from './text.ts';

/** A register in packets. */
export interface GdbRegister {
  readonly number: number;
  readonly name: string;
  readonly bits: 8 | 32 | 64;
  /** The core's registers that it consists of, the least significant first. */
  readonly parts: readonly string[];
}

interface Described extends GdbRegister {
  readonly type: string;
  /** What `info registers` shows it with. */
  readonly group: string | undefined;
  readonly fields: RegisterDescription['fields'];
}

interface Feature {
  readonly name: string;
  readonly registers: readonly Described[];
}

/** Numbers 16 to 24 were those of a coprocessor that nobody has. */
const XPSR_NUMBER = 25;
/** Of the registers that GDB knows, the feature that they are expected in. */
const FEATURES: readonly (readonly [feature: string, names: RegExp, group: string])[] = [
  ['org.gnu.gdb.arm.m-system', /^[mp]sp$/, 'system'],
  ['org.gnu.gdb.arm.secext', /^[mp]sp_n?s$/, 'system'],
];
const OUR_FEATURE = 'org.imx-sim.arm.m-special';

/** The registers of one core. */
export class RegisterSet {
  /** In the order of packets. */
  readonly registers: readonly GdbRegister[];
  /** `target.xml`. */
  readonly description: string;
  private readonly byNumber: ReadonlyMap<number, GdbRegister>;

  constructor(groups: readonly RegisterGroup[]) {
    const features = featuresOf(groups);
    this.registers = features.flatMap(({ registers }) => registers).sort((a, b) => a.number - b.number);
    this.byNumber = new Map(this.registers.map((register) => [register.number, register]));
    this.description = describe(features);
  }

  find(number: number): GdbRegister | undefined {
    return this.byNumber.get(number);
  }
}

function featuresOf(groups: readonly RegisterGroup[]): Feature[] {
  const of = (name: RegisterGroup['name']) => groups.find((group) => group.name === name)?.registers ?? [];
  let next = XPSR_NUMBER + 1;
  const frame = of('core').map((register, index) => placed(register, register.name === 'xpsr' ? XPSR_NUMBER : index, undefined));
  const features: Feature[] = [{ name: 'org.gnu.gdb.arm.m-profile', registers: frame }];
  // GDB makes the single ones of these.
  const float = of('float').filter(({ parts, name }) => parts !== undefined || !/^s\d+$/.test(name));
  if (float.length > 0)
    features.push({ name: 'org.gnu.gdb.arm.vfp', registers: float.map((register) => placed(register, next++, 'float')) });
  let others = [...of('system'), ...of('secure')];
  for (const [name, names, group] of FEATURES) {
    const registers = others.filter((register) => names.test(register.name)).map((register) => placed(register, next++, group));
    if (registers.length > 0) features.push({ name, registers });
    others = others.filter((register) => !names.test(register.name));
  }
  if (others.length > 0) features.push({ name: OUR_FEATURE, registers: others.map((register) => placed(register, next++, 'system')) });
  return features;
}

function placed({ name, bits, type, parts, fields }: RegisterDescription, number: number, group: string | undefined): Described {
  const withFields = type === 'flags' && name !== 'fpscr';
  return {
    number,
    name,
    bits: withFields ? 32 : bits === 1 ? 8 : bits,
    parts: parts ?? [name],
    type: withFields ? `${name}_flags` : type === 'flags' ? 'int' : type === 'int' && bits < 32 ? 'uint8' : type,
    group,
    fields: withFields ? fields : undefined,
  };
}

function describe(features: readonly Feature[]): string {
  const lines = [
    '<?xml version="1.0"?>',
    '<!DOCTYPE target SYSTEM "gdb-target.dtd">',
    '<target version="1.0">',
    '<architecture>arm</architecture>',
  ];
  for (const { name, registers } of features) {
    lines.push(`<feature name="${name}">`);
    for (const { type, fields } of registers) {
      if (!fields) continue;
      lines.push(`<flags id="${type}" size="4">`);
      for (const { name: field, lsb, width } of [...fields].sort((a, b) => a.lsb - b.lsb)) {
        lines.push(`<field name="${field.replace(/\W+/g, '_')}" start="${lsb}" end="${lsb + width - 1}"/>`);
      }
      lines.push('</flags>');
    }
    for (const { name: register, bits, type, number, group } of registers) {
      const inGroup = group ? ` group="${group}"` : '';
      lines.push(`<reg name="${xml(register)}" bitsize="${bits}" regnum="${number}" type="${type}"${inGroup}/>`);
    }
    lines.push('</feature>');
  }
  return [...lines, '</target>', ''].join('\n');
}
