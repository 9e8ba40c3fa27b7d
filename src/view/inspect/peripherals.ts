/** Registers of the SoC's blocks by the manual's names, with their fields and present values; which blocks the firmware uses. All of it peeked. */
import { EXCEPTION } from '../../cpu/exception-numbers.ts';
import { UsageError } from '../../errors.ts';
import type { Machine } from '../../machine.ts';
import { bits } from '../../memory/bits.ts';
import { BUS_FAULT, type BusDevice } from '../../memory/bus.ts';
import { RegisterFile, type RegisterMap, type RegisterSpec } from '../../memory/registers.ts';
import { MU_LAYOUTS, type MuLayout } from '../../mu/mu-layout.ts';
import { interruptSources } from '../../profile/exception-watch.ts';
import { baseIn } from '../../soc/soc.ts';
import type { Methods, Overview, RegisterView } from '../protocol.ts';
import type { InspectContext } from './context.ts';

type MachinePeripheral = Machine['peripherals'][number];

/** Kinds without a model. */
const STAND_INS: ReadonlySet<string> = new Set(['unmodelled', 'reserved']);

/** True for a block that does something. */
export function isModelled(kind: string): boolean {
  return !STAND_INS.has(kind);
}

/** Where the registers of a block are kept; undefined for one that has none. */
function registerFile({ device, model }: MachinePeripheral): RegisterFile<RegisterMap> | undefined {
  if (device instanceof RegisterFile) return device as RegisterFile<RegisterMap>;
  return Object.values(model).find((value): value is RegisterFile<RegisterMap> => value instanceof RegisterFile);
}

/** `peripherals.registers`: of a block, or a side of a messaging unit (`MU1_B`); as the core that runs the firmware sees it, unless `view` says who else. */
export function peripheralRegisters(
  { machine }: Pick<InspectContext, 'machine'>,
  { name }: Methods['peripherals.registers']['params'],
  view = machine.core.name,
): RegisterView[] {
  const spec = machine.soc.peripherals.find((each) => each.name === name);
  const peripheral = machine.peripherals.find((each) => each.name === name);
  if (spec && peripheral) {
    const file = registerFile(peripheral);
    const device = peripheral.deviceFor?.(view) ?? peripheral.device;
    return file ? fileRegisters(file, device, baseIn(spec, view)) : [];
  }
  const side = muSideNamed(machine, name, view);
  if (side) return muRegisters(side.device, side.layout, side.base);
  const names = [...machine.soc.peripherals.filter(({ kind }) => isModelled(kind)).map((each) => each.name), ...muSideNames(machine)];
  throw new UsageError(`no peripheral ${name}`, `there are ${names.join(', ')}`, 'name');
}

/** The sides of messaging units, which are blocks of the address map, too. */
export function muSideNames(machine: Machine): string[] {
  return machine.soc.mus.flatMap(({ name }) => [`${name}_A`, `${name}_B`]);
}

function muSideNamed(machine: Machine, name: string, view: string): { device: BusDevice; layout: MuLayout; base: number } | undefined {
  for (const { unit } of machine.units) {
    const description = machine.soc.mus.find((each) => each.name === unit.name)!;
    const layout: MuLayout = MU_LAYOUTS[description.layout];
    if (name === `${unit.name}_A`) return { device: unit.a, layout, base: baseIn(description.a, view) };
    if (name === `${unit.name}_B`) return { device: unit.b, layout, base: baseIn(description.b, view) };
  }
  return undefined;
}

function fileRegisters(file: RegisterFile<RegisterMap>, device: BusDevice, base: number): RegisterView[] {
  return Object.entries(file.map).flatMap(([name, spec]) =>
    Array.from({ length: spec.count ?? 1 }, (_, index) => {
      const width = spec.width ?? 4;
      const offset = spec.offset + index * (spec.stride ?? width);
      const label = spec.count === undefined ? name : `${name}[${index}]`;
      return registerView(label, spec, base + offset, peek(device, offset, width), file.resetValue(name, index));
    }),
  );
}

function peek(device: BusDevice, offset: number, width: number): number {
  const value = device.peek(offset, width);
  return value === BUS_FAULT ? 0 : value;
}

function registerView(name: string, spec: RegisterSpec, address: number, value: number, reset: number): RegisterView {
  const { access = 'rw', fields = {}, width = 4 } = spec;
  const accesses = new Set(Object.values(fields).map((field) => field.access));
  return {
    name,
    address,
    width,
    // Bits that no field describes are reserved where there are fields.
    access: accesses.size === 0 ? access : accesses.size === 1 ? [...accesses][0]! : 'mixed',
    value,
    reset,
    ...(spec.unimplemented ? { unimplemented: true } : {}),
    fields: Object.entries(fields)
      .map(([field, { lsb, width: size, access: own }]) => ({ name: field, lsb, width: size, access: own, value: bits(value, lsb, size) }))
      .sort((a, b) => b.lsb - a.lsb),
  };
}

function muRegisters(device: BusDevice, layout: MuLayout, base: number): RegisterView[] {
  const words = (name: string, start: number, access: 'wo' | 'ro'): RegisterView[] =>
    Array.from({ length: layout.channels }, (_, channel) => {
      const offset = start + 4 * channel;
      return registerView(`${name}${channel}`, { offset, access }, base + offset, peek(device, offset, 4), 0);
    });
  const status = layout.registers.map(({ name, offset, fields }): RegisterView => {
    const value = peek(device, offset, 4);
    const list = fields.map((field) => ({ name: field.name, lsb: field.lsb, width: field.width, access: MU_ACCESS[field.signal] ?? 'ro' }));
    return {
      name,
      address: base + offset,
      width: 4,
      access: new Set(list.map(({ access }) => access)).size === 1 ? list[0]!.access : list.length === 0 ? 'ro' : 'mixed',
      value,
      reset: muReset(layout, name),
      fields: list.map((field) => ({ ...field, value: bits(value, field.lsb, field.width) })).sort((a, b) => b.lsb - a.lsb),
    };
  });
  return [...words('TR', layout.transmit, 'wo'), ...words('RR', layout.receive, 'ro'), ...status];
}

/** What a write does to the bits of a signal; the others are read only. */
const MU_ACCESS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(['GIR', 'TIE', 'RIE', 'GIE', 'F', 'MUR', 'MURIE', 'RDIE', 'CIER', 'CONTROL'].map((signal) => [signal, 'rw'])),
  ...Object.fromEntries(['GIP', 'MURIP', 'RDIP', 'CSSR'].map((signal) => [signal, 'w1c'])),
};

/** Transmit registers are empty after a reset; everything else is 0, but for what is always there. */
function muReset(layout: MuLayout, name: string): number {
  const register = layout.registers.find((each) => each.name === name)!;
  let value = register.constant ?? 0;
  for (const { signal, lsb, width } of register.fields) {
    if (signal === 'TE') value |= ((1 << width) - 1) << lsb;
    if (signal === 'TEP') value |= 1 << lsb;
  }
  return value >>> 0;
}

/** Blocks that somebody has written to, of which the models noticed something, or that have their line up; no others. */
export function peripheralsInUse(machine: Machine): Overview['peripherals'] {
  const { core } = machine;
  const noticed = new Set(machine.diagnostics.all.map(({ block }) => block));
  const raised = new Set<string>();
  const enabled = new Set<string>();
  const sources = interruptSources(machine, core.name);
  for (const row of core.halted ? [] : core.exceptionTable()) {
    if (row.number < EXCEPTION.EXTERNAL || !(row.asserted || row.enabled)) continue;
    for (const name of sources.get(row.number - EXCEPTION.EXTERNAL) ?? []) (row.asserted ? raised : enabled).add(name);
  }
  return machine.peripherals.flatMap((peripheral) => {
    const { name } = peripheral;
    const used = (registerFile(peripheral)?.changed ?? false) || noticed.has(name) || enabled.has(name) || raised.has(name);
    return used ? [{ name, used, interrupt: raised.has(name) }] : [];
  });
}
