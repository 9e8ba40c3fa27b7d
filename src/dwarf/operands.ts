/** Values on the stack of a DWARF expression: integers with a size and a sign; those of no type have the size of an address. */

/** A value; `bits` and `signed` are of its type, `generic` that it has none. */
export interface Operand {
  readonly value: bigint;
  readonly bits: number;
  readonly signed: boolean;
  readonly generic: boolean;
}

/** A value of no type: 32 bits, unsigned. */
export function generic(value: bigint | number): Operand {
  return { value: BigInt.asUintN(32, BigInt(value)), bits: 32, signed: false, generic: true };
}

/** A value in a type of `bits`. */
export function typed(value: bigint, bits: number, signed: boolean): Operand {
  return { value: signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value), bits, signed, generic: false };
}

function like(operand: Operand, value: bigint): Operand {
  return operand.generic ? generic(value) : typed(value, operand.bits, operand.signed);
}

/** As the operations see it that compare and divide: values of no type have a sign there. */
function signedValue({ value, generic: none }: Operand): bigint {
  return none ? BigInt.asIntN(32, value) : value;
}

const flag = (condition: boolean): Operand => generic(condition ? 1n : 0n);

/** Operations on the two topmost values, by the name of their opcode; undefined is a division by zero. */
export const BINARY: Readonly<Record<string, (a: Operand, b: Operand) => Operand | undefined>> = {
  and: (a, b) => like(a, a.value & b.value),
  or: (a, b) => like(a, a.value | b.value),
  xor: (a, b) => like(a, a.value ^ b.value),
  plus: (a, b) => like(a, a.value + b.value),
  minus: (a, b) => like(a, a.value - b.value),
  mul: (a, b) => like(a, a.value * b.value),
  div: (a, b) => (b.value === 0n ? undefined : like(a, signedValue(a) / signedValue(b))),
  mod: (a, b) => (b.value === 0n ? undefined : like(a, a.value % b.value)),
  shl: (a, b) => like(a, b.value >= BigInt(a.bits) || b.value < 0n ? 0n : a.value << b.value),
  shr: (a, b) => like(a, BigInt.asUintN(a.bits, a.value) >> shift(a, b)),
  shra: (a, b) => like(a, BigInt.asIntN(a.bits, a.value) >> shift(a, b)),
  eq: (a, b) => flag(signedValue(a) === signedValue(b)),
  ne: (a, b) => flag(signedValue(a) !== signedValue(b)),
  lt: (a, b) => flag(signedValue(a) < signedValue(b)),
  le: (a, b) => flag(signedValue(a) <= signedValue(b)),
  gt: (a, b) => flag(signedValue(a) > signedValue(b)),
  ge: (a, b) => flag(signedValue(a) >= signedValue(b)),
};

/** Operations on the topmost value. */
export const UNARY: Readonly<Record<string, (a: Operand) => Operand>> = {
  abs: (a) => like(a, signedValue(a) < 0n ? -signedValue(a) : a.value),
  neg: (a) => like(a, -a.value),
  not: (a) => like(a, ~a.value),
};

function shift(a: Operand, b: Operand): bigint {
  return b.value < 0n || b.value > BigInt(a.bits) ? BigInt(a.bits) : b.value;
}

/** The lowest `bytes` bytes, little-endian. */
export function toBytes(value: bigint, bytes: number): Uint8Array {
  const result = new Uint8Array(bytes);
  let rest = BigInt.asUintN(bytes * 8, value);
  for (let n = 0; n < bytes; n++, rest >>= 8n) result[n] = Number(rest & 0xffn);
  return result;
}

/** Little-endian bytes as a number without sign. */
export function fromBytes(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let n = bytes.length - 1; n >= 0; n--) value = (value << 8n) | BigInt(bytes[n]!);
  return value;
}
