/**
 * What every SoC must do, whatever its description: memories and their aliases in each view, devices, clocks, MUs with their lines.
 */
import { describe, expect, it } from 'vitest';
import { Diagnostics } from '../../src/diagnostics.ts';
import { EventHub } from '../../src/events.ts';
import { translateDa } from '../../src/memory/address-map.ts';
import { Arena } from '../../src/memory/arena.ts';
import { AddressSpace, BUS_FAULT } from '../../src/memory/bus.ts';
import { Ram } from '../../src/memory/ram.ts';
import { MessagingUnit } from '../../src/mu/messaging-unit.ts';
import { MU_LAYOUTS } from '../../src/mu/mu-layout.ts';
import { createPeripheral } from '../../src/peripherals/catalogue.ts';
import { ClockTree } from '../../src/peripherals/clock-tree.ts';
import { RDC_LAYOUTS } from '../../src/peripherals/rdc-layouts.ts';
import { SOCS } from '../../src/soc/index.ts';
import { baseIn, muWindow, type SocDescription } from '../../src/soc/soc.ts';
import { Scheduler } from '../../src/time/scheduler.ts';

/** A SoC without its cores: views, devices, interrupt lines as `view line`. */
function assemble(soc: SocDescription) {
  const scheduler = new Scheduler(soc.baseHz);
  const diagnostics = new Diagnostics({ now: () => scheduler.now, pc: () => undefined });
  const events = new EventHub();
  const clocks = new ClockTree();
  const lines = new Map<string, boolean>();
  const arena = new Arena();
  const names = ['linux', ...soc.cores.map(({ name }) => name)];
  const views = new Map(names.map((name) => [name, new AddressSpace(name)] as const));
  const drive =
    (interrupts: Readonly<Record<string, number>> = {}) =>
    (level: boolean): void => {
      for (const [view, line] of Object.entries(interrupts)) lines.set(`${view} ${line}`, level);
    };
  for (const { name, size, views: appearances } of soc.memories) {
    const ram = new Ram(name, size, arena);
    for (const [view, windows] of Object.entries(appearances)) {
      for (const window of windows) views.get(view)!.mapRam(window.base, ram, window.offset, window.size);
    }
  }
  for (const [name, hz] of Object.entries(soc.oscillators ?? {})) clocks.define(name, () => hz);
  const peripherals = soc.peripherals.map((spec) => {
    const peripheral = createPeripheral(spec, {
      scheduler,
      diagnostics,
      events,
      clocks,
      interrupt: drive(spec.interrupts),
      highInterrupt: drive(spec.highInterrupts),
      dma: () => views.get('linux')!,
    });
    for (const view of spec.views ?? names) {
      views.get(view)!.mapDevice(baseIn(spec, view), spec.size, peripheral.deviceFor?.(view) ?? peripheral.device, spec.name);
    }
    return peripheral;
  });
  for (const mu of soc.mus) {
    const { name, layout, a, b } = mu;
    const now = () => scheduler.now;
    const [interruptA, interruptB] = [drive(a.interrupts), drive(b.interrupts)];
    const unit = new MessagingUnit({ name, layout: MU_LAYOUTS[layout], now, diagnostics, events, interruptA, interruptB });
    for (const view of a.views ?? names) views.get(view)!.mapDevice(baseIn(a, view), muWindow(mu), unit.a, `${name}_A`);
    for (const view of b.views ?? names) views.get(view)!.mapDevice(baseIn(b, view), muWindow(mu), unit.b, `${name}_B`);
  }
  return { scheduler, diagnostics, clocks, lines, views, peripherals, view: (name: string) => views.get(name)! };
}

describe.each(SOCS.map((soc) => [soc.name, soc] as const))('%s', (_name, soc) => {
  it('reaches the first and last word of every memory in every view, and all its aliases show the same', () => {
    const { view } = assemble(soc);
    let stamp = 0x1000_0001;
    for (const { size: whole, views } of soc.memories) {
      const windows = Object.entries(views).flatMap(([name, list]) => list.map((window) => ({ name, ...window })));
      for (const { name, base, offset = 0, size = whole - offset } of windows) {
        for (const place of [0, size - 4]) {
          expect(view(name).write(base + place, ++stamp, 4)).toBe(true);
          for (const other of windows) {
            const at = offset + place - (other.offset ?? 0);
            if (at < 0 || at + 4 > (other.size ?? whole - (other.offset ?? 0))) continue;
            expect(view(other.name).read(other.base + at, 4)).toBe(stamp);
          }
        }
      }
    }
  });

  it('keeps different memories apart', () => {
    const { view } = assemble(soc);
    for (const [index, { views }] of soc.memories.entries()) {
      for (const [name, windows] of Object.entries(views)) view(name).write(windows[0]!.base, index + 1, 4);
    }
    for (const [index, { views }] of soc.memories.entries()) {
      for (const [name, windows] of Object.entries(views)) expect(view(name).read(windows[0]!.base, 4)).toBe(index + 1);
    }
  });

  it('faults in holes: behind every region that has no neighbour', () => {
    const { views } = assemble(soc);
    for (const space of views.values()) {
      for (const { base, size } of space.regions) {
        const after = base + size;
        if (after > 0xffff_ffff || space.find(after)) continue;
        expect(space.read(after, 4)).toBe(BUS_FAULT);
        expect(space.write(after, 0, 4)).toBe(false);
      }
    }
  });

  it('lets Linux write through its own addresses what a core reads at the device address', () => {
    const { view } = assemble(soc);
    for (const { core, att } of soc.remoteprocs) {
      for (const { da, size } of att) {
        const sa = translateDa(att, da + size - 0x100, 4)!;
        if (!view('linux').isRam(sa, 4)) continue;
        view('linux').write(sa, (da ^ 0x5a5a_5a5a) >>> 0, 4);
        expect(view(core).read(da + size - 0x100, 4)).toBe((da ^ 0x5a5a_5a5a) >>> 0);
      }
    }
  });

  it('starts each core from memory that it sees', () => {
    const { view } = assemble(soc);
    for (const { name, vectors } of soc.cores) expect(view(name).isRam(vectors, 8)).toBe(true);
  });

  it('gives every board a console and reserved memory that lies in RAM and does not overlap', () => {
    const { view } = assemble(soc);
    for (const { console, remoteprocs } of soc.boards) {
      expect(soc.peripherals.some(({ name, kind }) => kind === 'imx-uart' && name.toLowerCase() === console)).toBe(true);
      for (const { mu, memoryRegions } of Object.values(remoteprocs)) {
        expect(soc.mus.map(({ name }) => name)).toContain(mu);
        const sorted = [...memoryRegions].sort((a, b) => a.base - b.base);
        for (const [index, { base, size }] of sorted.entries()) {
          expect(view('linux').isRam(base, size)).toBe(true);
          const next = sorted[index + 1];
          if (next) expect(base + size).toBeLessThanOrEqual(next.base);
        }
      }
    }
  });

  it('has clocks for all that its blocks run on', () => {
    const { clocks } = assemble(soc);
    for (const name of clocks.names) expect(clocks.hz(name)).toBeGreaterThanOrEqual(0);
    for (const spec of soc.peripherals) {
      if (spec.kind === 'imx-uart') expect(clocks.hz(spec.clock)).toBeGreaterThan(0);
      if (spec.kind === 'gpt') for (const source of Object.values(spec.clocks)) expect(clocks.hz(source)).toBeGreaterThan(0);
      if (spec.kind !== 'ccm') continue;
      for (const { sources } of spec.roots) for (const source of sources) if (source !== null) expect(clocks.has(source)).toBe(true);
    }
  });

  const [rdc] = soc.peripherals.filter((spec) => spec.kind === 'rdc');
  if (rdc)
    describe(rdc.name, () => {
      it('assigns a domain to every master: cores, Linux and the ports of each SDMA', () => {
        const ports = soc.peripherals.flatMap(({ kind, name }) =>
          kind === 'sdma' ? ['peripheral', 'burst', 'shared'].map((port) => `${name} ${port}`) : [],
        );
        expect(Object.keys(rdc.masters).sort()).toEqual(['linux', ...soc.cores.map(({ name }) => name), ...ports].sort());
        expect(Object.values(rdc.masters).every((master) => master < RDC_LAYOUTS[rdc.layout].masters)).toBe(true);
      });

      it('has permissions for both sides of its messaging units', () => {
        for (const { a, b } of soc.mus) expect([typeof a.pdap, typeof b.pdap, a.pdap === b.pdap]).toEqual(['number', 'number', false]);
      });
    });

  it('has blocks that a debugger can look at, and reset, without a trace', () => {
    const { view, diagnostics, peripherals, scheduler } = assemble(soc);
    for (const spec of soc.peripherals) {
      const { name, size, views } = spec;
      const base = baseIn(spec, views?.[0] ?? 'linux');
      const space = view(views?.[0] ?? 'linux');
      for (let offset = 0; offset < Math.min(size, 0x1000); offset += 4) {
        const value = space.peek(base + offset, 4);
        expect(value, `${name}+${offset.toString(16)}`).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(0xffff_ffff);
      }
    }
    for (const peripheral of peripherals) peripheral.reset();
    expect(diagnostics.all).toEqual([]);
    expect(scheduler.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([1, 2, 4])('takes random accesses of %i bytes to all its registers without an exception or a value beyond 32 bits', (size) => {
    const { view, scheduler } = assemble(soc);
    let state = 42 + size;
    const random = (): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state;
    };
    for (const spec of soc.peripherals) {
      const { name, size: window, views } = spec;
      const base = baseIn(spec, views?.[0] ?? soc.cores[0]!.name);
      const space = view(views?.[0] ?? soc.cores[0]!.name);
      for (let n = 0; n < 300; n++) {
        const reach = n % 2 ? Math.min(window, 0x200) : window;
        const offset = (random() % (reach - 4)) & -size;
        const value = random();
        expect(space.write(base + offset, size === 4 ? value : value & (2 ** (8 * size) - 1), size), name).toBe(true);
        const read = space.read(base + offset, size);
        expect(read >= 0 && read < 2 ** (8 * size), `${name}+${offset.toString(16)} = ${read}`).toBe(true);
        scheduler.advanceTo(scheduler.now + (random() % 10_000));
        scheduler.fireDue();
      }
    }
  });

  describe.each(soc.mus.map((mu) => [mu.name, mu] as const))('%s', (_mu, { layout, a, b }) => {
    const { transmit, receive } = MU_LAYOUTS[layout];
    const [near] = Object.entries(a.interrupts);
    const [far] = Object.entries(b.interrupts);
    const sides = [
      {
        from: { view: near![0], base: baseIn(a, near![0]) },
        to: { view: far![0], base: baseIn(b, far![0]), line: `${far![0]} ${far![1]}` },
      },
      {
        from: { view: far![0], base: baseIn(b, far![0]) },
        to: { view: near![0], base: baseIn(a, near![0]), line: `${near![0]} ${near![1]}` },
      },
    ];

    it.each(sides)('carries words from $from.view to $to.view on all channels and drives their line', ({ from, to }) => {
      const { view, lines, diagnostics } = assemble(soc);
      const { registers } = MU_LAYOUTS[layout];
      const enable = registers.find(({ fields }) => fields.some(({ signal }) => signal === 'RIE'))!;
      const field = enable.fields.find(({ signal }) => signal === 'RIE')!;
      view(to.view).write(to.base + enable.offset, (0xf << field.lsb) >>> 0, 4);
      for (const channel of [0, 1, 2, 3]) {
        view(from.view).write(from.base + transmit + 4 * channel, 0xa000_0000 + channel, 4);
        expect(lines.get(to.line)).toBe(true);
        expect(view(to.view).read(to.base + receive + 4 * channel, 4)).toBe(0xa000_0000 + channel);
        expect(lines.get(to.line)).toBe(false);
      }
      expect(diagnostics.all).toEqual([]);
    });
  });
});
