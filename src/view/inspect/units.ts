/** Messaging units as the overview shows them: registers by the manual's names and flags by channel, of either generation, without a side effect. */
import type { Machine } from '../../machine.ts';
import type { MuSide } from '../../mu/messaging-unit.ts';
import type { MuLayout } from '../../mu/mu-layout.ts';
import type { Overview } from '../protocol.ts';

/** One side: what it reads and shows. */
export interface MuFacts {
  readonly registers: Record<string, number>;
  readonly flags: Record<string, boolean[]>;
}

/** Registers and flags of `side`, as its processor would read them. */
export function muSide(side: MuSide, layout: MuLayout): MuFacts {
  const registers: Record<string, number> = {};
  const flags: Record<string, boolean[]> = {};
  for (let channel = 0; channel < layout.channels; channel++) registers[`RR${channel}`] = side.peek(layout.receive + 4 * channel, 4);
  for (const { name, offset, fields } of layout.registers) {
    const value = side.peek(offset, 4);
    registers[name] = value;
    for (const field of fields) {
      if (field.width === 1 || !field.name.endsWith('n')) continue;
      // In v1 channel 0 is the highest bit of its field.
      const bitOf = (channel: number): number => field.lsb + (field.descending ? field.width - 1 - channel : channel);
      const values = Array.from({ length: field.width }, (_, channel) => ((value >>> bitOf(channel)) & 1) === 1);
      // There are two of that name: those of the peer in SR (FSR), one's own in CR (FCR).
      flags[field.name === 'Fn' ? `${name}.Fn` : field.name] = values;
    }
  }
  return { registers, flags };
}

/** All units with both sides. */
export function messagingUnits(machine: Machine): Overview['mus'] {
  return machine.units.map(({ unit, linux }) => {
    const description = machine.soc.mus.find(({ name }) => name === unit.name)!;
    const owner = (side: 'A' | 'B'): string => {
      if (linux === side) return 'linux';
      const { interrupts } = side === 'A' ? description.a : description.b;
      return Object.keys(interrupts).find((view) => machine.cores.some(({ name }) => name === view)) ?? Object.keys(interrupts)[0] ?? '';
    };
    const sides = (['A', 'B'] as const).map((side) => {
      const own = side === 'A' ? unit.a : unit.b;
      const peer = side === 'A' ? unit.b : unit.a;
      const { registers, flags } = muSide(own, unit.layout);
      // TR is written only; the word stays where the peer receives it.
      const sent = Object.fromEntries(
        Array.from(
          { length: unit.layout.channels },
          (_, channel) => [`TR${channel}`, peer.peek(unit.layout.receive + 4 * channel, 4)] as const,
        ),
      );
      return { side, owner: owner(side), registers: { ...sent, ...registers }, flags, interrupt: own.interrupt };
    });
    return { name: unit.name, sides };
  });
}
