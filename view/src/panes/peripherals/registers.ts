/** Registers of peripherals as text: values, fields, which bits have changed. No DOM. */
import type { Description, RegisterView } from '../../../../src/view/protocol.ts';
import { binary } from '../cpu/numbers.ts';

/** Digits of a register of `width` bytes. */
export function registerText(value: number, width: 1 | 2 | 4, base: 'hex' | 'binary'): string {
  return base === 'hex' ? `0x${value.toString(16).padStart(width * 2, '0')}` : binary(value, width * 8);
}

/** A field's value: bits as they are, small numbers in decimal too. */
export function fieldText(field: { readonly width: number; readonly value: number }, base: 'hex' | 'binary'): string {
  if (field.width === 1) return String(field.value);
  if (base === 'binary') return `0b${binary(field.value, field.width)}`;
  const digits = `0x${field.value.toString(16)}`;
  return field.value > 9 ? `${digits} (${field.value})` : digits;
}

/** `[7:4]`, `[3]`. */
export function bitRange(field: { readonly lsb: number; readonly width: number }): string {
  return field.width === 1 ? `[${field.lsb}]` : `[${field.lsb + field.width - 1}:${field.lsb}]`;
}

/** Names of fields that differ between two values of a register. */
export function changedFields(register: RegisterView, before: number): string[] {
  return register.fields
    .filter(({ lsb, width }) => slice(register.value, lsb, width) !== slice(before, lsb, width))
    .map(({ name }) => name);
}

function slice(value: number, lsb: number, width: number): number {
  return Math.floor(value / 2 ** lsb) % 2 ** width;
}

/** Bits of a register from the most significant on, as runs: fields and the gaps between them. */
export interface BitRun {
  readonly name: string | undefined;
  readonly lsb: number;
  readonly width: number;
  readonly value: number;
}

export function bitRuns(register: Pick<RegisterView, 'width' | 'value' | 'fields'>): BitRun[] {
  const runs: BitRun[] = [];
  let at = register.width * 8;
  const gap = (from: number, to: number) => {
    if (to > from) runs.push({ name: undefined, lsb: from, width: to - from, value: slice(register.value, from, to - from) });
  };
  for (const field of [...register.fields].sort((a, b) => b.lsb - a.lsb)) {
    const end = field.lsb + field.width;
    if (end > at) continue;
    gap(end, at);
    runs.push({ name: field.name, lsb: field.lsb, width: field.width, value: field.value });
    at = field.lsb;
  }
  gap(0, at);
  return runs;
}

/** Whether a register is meant by what was typed: its name, a field's, or its offset. */
export function matches(register: RegisterView, text: string, base: number): boolean {
  const word = text.trim().toLowerCase();
  if (word === '') return true;
  return (
    register.name.toLowerCase().includes(word) ||
    register.fields.some(({ name }) => name.toLowerCase().includes(word)) ||
    (/^(0x)?[\da-f]+$/.test(word) && (register.address - base).toString(16).includes(word.replace('0x', '')))
  );
}

export type Block = Description['peripherals'][number];

/** All blocks, the sides of the messaging units among them: those have registers as well. Ascending by address. */
export function blocksOf(machine: Pick<Description, 'peripherals' | 'mus' | 'memory'>): Block[] {
  const regions = Object.values(machine.memory).flat();
  const known = new Set(machine.peripherals.map(({ name }) => name));
  const sides = machine.mus.flatMap(({ name, linux }) =>
    (['A', 'B'] as const).flatMap((side): Block[] => {
      const region = regions.find((each) => each.name === `${name}_${side}` || each.name === `${name}.${side}`);
      if (known.has(`${name}_${side}`)) return [];
      const kind = linux === undefined ? 'mu' : `mu, ${linux === side ? 'Linux' : 'core'}`;
      return [{ name: `${name}_${side}`, kind, base: region?.base ?? 0, size: region?.size ?? 0, modelled: true }];
    }),
  );
  return [...machine.peripherals, ...sides].sort((a, b) => a.base - b.base);
}
