/** The registers of a core, in groups, with what their fields and values mean. */
import type { RegisterDescription, RegisterField } from '../../cpu/register-groups.ts';
import { bits } from '../../memory/bits.ts';
import type { Methods, RegisterValue } from '../protocol.ts';
import { codeOf } from './code.ts';
import { coreOf, debuggerOf, type InspectContext } from './context.ts';

/** Numbers below are not taken for addresses. */
const SMALL = 0x1000;

/** `cpu.registers`. */
export function registers(context: InspectContext, { core: name }: Methods['cpu.registers']['params']): RegisterValue[] {
  const core = coreOf(context, name);
  const symbols = codeOf(context.machine)?.symbols;
  const executed = (address: number): string | undefined => symbols?.name(address);
  const pointed = (address: number): string | undefined => {
    const symbol = symbols?.find(address);
    // What a symbol without size is followed by may be anything.
    return symbol && (symbol.size > 0 || symbol.address === address) ? symbols!.name(address) : undefined;
  };
  return core.registerGroups().flatMap(({ name: group, registers: list }) =>
    list.map((register) => {
      const [value, high] = register.parts
        ? [core.readRegister(register.parts[0]), core.readRegister(register.parts[1])]
        : [core.readRegister(register.name), undefined];
      const text = textOf(register, value, high, register.name === 'pc' ? executed : pointed);
      return {
        name: register.name,
        group,
        value,
        ...(high === undefined ? {} : { high }),
        bits: register.bits,
        ...(text === undefined ? {} : { text }),
        ...(register.fields ? { fields: register.fields.map((field) => fieldOf(field, value)) } : {}),
      };
    }),
  );
}

function fieldOf({ name, lsb, width, text, values }: RegisterField, register: number): NonNullable<RegisterValue['fields']>[number] {
  const value = bits(register, lsb, width);
  const meaning = values?.[value];
  return { name, value, text: meaning === undefined ? text : `${text}: ${meaning}` };
}

function textOf(
  { type, name, bits: width }: RegisterDescription,
  value: number,
  high: number | undefined,
  pointed: (address: number) => string | undefined,
): string | undefined {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, value, true);
  view.setUint32(4, high ?? 0, true);
  switch (type) {
    case 'ieee_single':
      return String(view.getFloat32(0, true));
    case 'ieee_double':
      return String(view.getFloat64(0, true));
    case 'flags':
      return undefined;
    case 'code_ptr':
      return value >= 0xf000_0000 && name === 'lr' ? 'EXC_RETURN' : pointed((value & ~1) >>> 0);
    default:
      // A small number is a number, although code or vectors may be there.
      return width < 32 || value < SMALL ? undefined : (pointed(value) ?? pointed((value & ~1) >>> 0));
  }
}

/** `cpu.setRegister`: an input of the run. */
export function setRegister(
  context: InspectContext,
  { core: name, register, value }: Methods['cpu.setRegister']['params'],
): RegisterValue[] {
  const core = coreOf(context, name);
  debuggerOf(context).writeRegister(core.name, register, value >>> 0);
  return registers(context, { core: core.name });
}
