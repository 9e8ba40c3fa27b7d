/** What the machine is, which does not change while it runs: `system.describe`. */
import type { Description } from '../protocol.ts';
import { codeOf } from './code.ts';
import type { InspectContext } from './context.ts';
import { regionsOf } from './memory.ts';
import { isModelled } from './peripherals.ts';

/** `cortex-m7` as people write it. */
function architectureName(name: string): string {
  return name.replace('cortex-m', 'Cortex-M');
}

/** `system.describe`. */
export function describeSystem({ machine }: InspectContext): Description {
  const { soc, board, options, linux, uboot } = machine;
  const code = codeOf(machine);
  const name = linux?.remoteproc(machine.core.name)?.firmware ?? machine.firmware?.name;
  return {
    soc: soc.name,
    ...(board ? { board: board.name } : {}),
    hz: soc.baseHz,
    engine: options.engine?.name ?? 'jit',
    cores: soc.cores.map((core) => ({
      name: core.name,
      architecture: architectureName(core.profile.name),
      hz: core.hz,
      main: core.name === machine.core.name,
    })),
    mus: machine.units.map(({ unit, linux: side }) => {
      const { a, b } = soc.mus.find((mu) => mu.name === unit.name)!;
      const lines = { ...a.interrupts, ...b.interrupts };
      return {
        name: unit.name,
        channels: unit.layout.channels,
        ...(side ? { linux: side } : {}),
        cores: soc.cores.map((core) => core.name).filter((core) => core in lines),
      };
    }),
    peripherals: soc.peripherals.map(({ name: block, kind, base, size }) => ({
      name: block,
      kind,
      base,
      size,
      modelled: isModelled(kind),
    })),
    memory: Object.fromEntries([...machine.spaces].map(([view, space]) => [view, regionsOf(space)])),
    linux: linux !== undefined,
    uboot: uboot !== undefined,
    ...(code
      ? {
          firmware: {
            name: machine.firmware?.name ?? name ?? 'firmware',
            bytes: code.bytes.length,
            debugInfo: code.dwarf?.present ?? false,
          },
        }
      : {}),
  };
}
