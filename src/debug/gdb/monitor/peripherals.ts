/** `monitor` commands about registers of blocks: names, fields and values, without the side effects of reading. */
import { UsageError } from '../../../errors.ts';
import { hex, hex32 } from '../../../memory/bits.ts';
import { baseIn } from '../../../soc/soc.ts';
import { METHODS } from '../../../view/inspect/methods.ts';
import { messagingUnits } from '../../../view/inspect/units.ts';
import type { RegisterView } from '../../../view/protocol.ts';
import type { MonitorCommand, MonitorContext } from '../monitor.ts';
import { inspected } from './inspected.ts';
import { table } from './places.ts';

export const PERIPHERAL_COMMANDS: readonly MonitorCommand[] = [
  {
    name: 'peripherals',
    operands: '[NAME [REG]]',
    help: 'the blocks of the SoC; the registers of one with their fields; one register. Reading has no side effects',
    run: peripherals,
  },
  { name: 'info mu', help: 'the messaging units: registers and flags of both sides', run: units },
];

async function peripherals({ target }: MonitorContext, [name, register]: readonly string[]): Promise<string> {
  const { soc } = target.machine;
  const context = inspected(target);
  if (name === undefined) {
    const { peripherals: blocks } = await METHODS['system.describe'](context, {});
    const units = soc.mus.flatMap(({ name: unit, a, b }) =>
      [a, b].map((side, index) => {
        const base = baseIn(side, target.machine.core.name);
        const region = target.machine.view(target.machine.core.name).find(base);
        return { name: `${unit}_${'AB'[index]!}`, kind: 'messaging unit', base, size: region?.size ?? 0, modelled: true };
      }),
    );
    const rows = [...blocks, ...units].sort((a, b) => a.base - b.base);
    return table(
      rows.map(({ name: block, kind, base, size, modelled }) => [block, hex32(base), hex(size), kind, modelled ? '' : 'not modelled']),
    );
  }
  const unit = soc.mus.find((each) => each.name.toLowerCase() === name.toLowerCase())?.name;
  if (unit) throw new UsageError(`${unit} has two sides`, `${unit}_A or ${unit}_B; monitor info mu shows both`);
  const known = [...soc.peripherals.map((each) => each.name), ...soc.mus.flatMap((each) => [`${each.name}_A`, `${each.name}_B`])];
  const block = known.find((each) => each.toLowerCase() === name.toLowerCase()) ?? name;
  const registers = await METHODS['peripherals.registers'](context, { name: block });
  if (register === undefined) return table(registers.map(row));
  const wanted = registers.filter((each) => each.name.toLowerCase() === register.toLowerCase());
  if (wanted.length === 0)
    throw new UsageError(`${block} has no register ${register}`, `it has ${registers.map((each) => each.name).join(', ')}`);
  return wanted.map(detailed).join('\n');
}

function row({ name, address, width, value, reset, unimplemented, fields }: RegisterView): string[] {
  const set = fields
    .filter((field) => field.value !== 0)
    .map((field) => (field.width === 1 ? field.name : `${field.name}=${hex(field.value)}`));
  return [
    name,
    hex32(address),
    number(value, width),
    value === reset ? '' : `(reset ${number(reset, width)})`,
    [...set, ...(unimplemented ? ['not modelled'] : [])].join(' '),
  ];
}

function detailed({ name, address, width, access, value, reset, unimplemented, fields }: RegisterView): string {
  const head = `${name} at ${hex32(address)}: ${number(value, width)} (reset ${number(reset, width)}, ${access}${unimplemented ? ', stored but not modelled' : ''})`;
  const rows = fields.map(({ name: field, lsb, width: bits, access: rights, value: bit }) => [
    `  ${field}`,
    bits === 1 ? `[${lsb}]` : `[${lsb + bits - 1}:${lsb}]`,
    rights,
    hex(bit),
  ]);
  return rows.length === 0 ? head : `${head}\n${table(rows)}`;
}

function number(value: number, width: number): string {
  return `0x${value.toString(16).padStart(2 * width, '0')}`;
}

function units({ target }: MonitorContext): string {
  const mus = messagingUnits(target.machine);
  if (mus.length === 0) return `${target.machine.soc.name} has no messaging unit`;
  return mus
    .map(({ name, sides }) => {
      const rows = sides.flatMap(({ side, owner, registers, flags }) => [
        [
          `  side ${side} (${owner})`,
          Object.entries(registers)
            .map(([register, value]) => `${register}=${hex(value)}`)
            .join(' '),
        ],
        [
          '',
          Object.entries(flags)
            .map(([flag, on]) => `${flag}=${on.map(Number).join('')}`)
            .join(' '),
        ],
      ]);
      return `${name} (flags by channel, from 0)\n${table(rows)}`;
    })
    .join('\n');
}
