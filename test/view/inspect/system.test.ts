import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DebuggerApi } from '../../../src/debug/types.ts';
import type { MachineEvent } from '../../../src/events.ts';
import type { Machine } from '../../../src/machine.ts';
import { MU_LAYOUTS } from '../../../src/mu/mu-layout.ts';
import { TraceHash } from '../../../src/session/trace-hash.ts';
import { IMX8MP } from '../../../src/soc/imx8mp.ts';
import { ObservedSince } from '../../../src/view/inspect/context.ts';
import { METHODS } from '../../../src/view/inspect/methods.ts';
import { messagingUnits } from '../../../src/view/inspect/units.ts';
import { vringProblems } from '../../../src/view/inspect/vrings.ts';
import { random } from '../../virtio/ring-fixture.ts';
import { contextOf, MS, machineOf, runTo, runToDoorbell } from './support.ts';

let machine: Machine;

beforeAll(() => {
  machine = machineOf('imx8mp_rpmsg');
  runToDoorbell(machine, 30);
});

afterAll(() => machine.dispose());

describe('the system', () => {
  it('is described', async () => {
    const { memory, peripherals, ...rest } = await METHODS['system.describe'](contextOf(machine), {});
    expect(rest).toMatchObject({
      soc: 'imx8mp',
      board: 'evk',
      hz: 800_000_000,
      engine: 'jit',
      cores: [{ name: 'm7', architecture: 'Cortex-M7', hz: 800_000_000, main: true }],
      mus: [{ name: 'MU1', channels: 4, linux: 'A', cores: ['m7'] }],
      linux: true,
      uboot: false,
      firmware: { name: 'imx8mp_rpmsg.elf', debugInfo: true },
    });
    expect(peripherals.find(({ name }) => name === 'UART4')).toEqual({
      name: 'UART4',
      kind: 'imx-uart',
      base: 0x30a6_0000,
      size: 0x1_0000,
      modelled: true,
    });
    expect(peripherals.some(({ modelled }) => !modelled)).toBe(true);
    // The same memory under two names: clients find aliases by name and offset.
    const itcm = (view: string) => memory[view]!.filter(({ name }) => name === 'ITCM');
    expect(itcm('m7')[0]).toMatchObject({ base: 0, kind: 'ram', offset: 0 });
    expect(itcm('linux')[0]).toMatchObject({ base: 0x7e_0000, offset: 0 });
  });

  it('is told at a glance', async () => {
    const overview = await METHODS['system.overview'](contextOf(machine, { messages: { tx: 28, rx: 29 } }), {});
    expect(overview.cores).toEqual([
      {
        name: 'm7',
        state: 'running',
        pc: expect.objectContaining({ symbol: expect.stringMatching(/^mu_send/) }),
        instructions: machine.core.instructions,
      },
    ]);
    expect(overview.linux).toEqual({
      state: 'running',
      remoteprocs: [{ name: 'm7', device: 'remoteproc0', state: 'running', firmware: 'imx8mp_rpmsg.elf' }],
      vdevs: [{ name: 'virtio0', status: 7, features: 1 }],
      channels: [
        { name: 'rpmsg-client-sample', src: 0x400, dst: 0x400, driver: 'rpmsg_client_sample' },
        { name: 'rpmsg-tty', src: 0x401, dst: 0x401, driver: 'rpmsg_tty' },
      ],
      ttys: ['ttyRPMSG0'],
      waitingFor: [],
    });
    expect(overview.carveOuts.map(({ name, base }) => [name, base])).toEqual([
      ['vdev0vring0', 0x5500_0000],
      ['vdev0vring1', 0x5500_8000],
      ['rsc-table', 0x550f_f000],
      ['vdev0buffer', 0x5540_0000],
      ['m7', 0x8000_0000],
    ]);
    expect(overview.peripherals.map(({ name }) => name)).toEqual(expect.arrayContaining(['UART4', 'CCM', 'IOMUXC']));
    expect(overview.peripherals.map(({ name }) => name)).not.toContain('UART1');
    expect(overview.messages).toEqual({ tx: 28, rx: 29 });
    expect(overview.findings).toEqual([]);
    expect((await METHODS['system.overview'](contextOf(machine), {})).messages).toEqual({ tx: 28, rx: 29 });
  });

  it('has both sides of its messaging unit: the word on its way is empty at one, full at the other', () => {
    const [{ sides }] = messagingUnits(machine) as [ReturnType<typeof messagingUnits>[number]];
    const [a, b] = sides;
    expect([a!.owner, b!.owner]).toEqual(['linux', 'm7']);
    expect(a!.flags['RFn']).toEqual([false, true, false, false]);
    expect(b!.flags['TEn']).toEqual([true, false, true, true]);
    expect(a!.interrupt).toBe(true);
    expect(b!.registers['TR1']).toBe(a!.registers['RR1']);
    expect(Object.keys(a!.registers)).toEqual(['TR0', 'TR1', 'TR2', 'TR3', 'RR0', 'RR1', 'RR2', 'RR3', 'SR', 'CR']);
  });

  it('has those of the second generation by their own registers', () => {
    const mus = IMX8MP.mus.map((mu) => ({ ...mu, layout: 'imx93' as const }));
    const other = machineOf('imx8mp_hello', { soc: { ...IMX8MP, mus, remoteprocs: [] }, linux: false });
    const [{ sides }] = messagingUnits(other) as [ReturnType<typeof messagingUnits>[number]];
    expect(Object.keys(sides[0]!.registers)).toEqual([
      ...[0, 1, 2, 3].map((n) => `TR${n}`),
      ...[0, 1, 2, 3].map((n) => `RR${n}`),
      ...MU_LAYOUTS.imx93.registers.map(({ name }) => name),
    ]);
    other.units[0]!.unit.b.write(0x204, 7, 4);
    const [{ sides: after }] = messagingUnits(other) as [ReturnType<typeof messagingUnits>[number]];
    expect(after[0]!.flags['RFn']).toEqual([false, true, false, false]);
    expect(after[0]!.registers).toMatchObject({ RR1: 7, RSR: 2 });
    expect(after[1]!.flags['TEn']).toEqual([true, false, true, true]);
    other.dispose();
  });

  it('says what is wrong: findings of the file, of models, of rings, and what Linux printed', async () => {
    const other = machineOf('imx8mp_bad_table_vrings');
    other.run(300 * MS);
    const { findings, cores } = await METHODS['system.overview'](contextOf(other), {});
    expect(cores[0]!.state).toBe('reset');
    expect(findings.find(({ kind }) => kind === 'refused')!.text).toContain('too many vrings: 3');
    expect(findings.find(({ kind }) => kind === 'firmware')).toMatchObject({
      severity: 'error',
      text: expect.stringContaining('it has 3 vrings'),
    });
    other.dispose();
    const bad = machineOf('imx8mp_bad_ring');
    runTo(bad, (event) => event.type === 'dmesg' && event.text.includes('goodbye!'));
    expect((await METHODS['system.overview'](contextOf(bad), {})).findings[0]).toMatchObject({
      kind: 'vring descriptor-unmapped',
      severity: 'error',
    });
    bad.send('ttyRPMSG0', new TextEncoder().encode('length\n'));
    bad.run(bad.scheduler.now + 20 * MS);
    const hints = (await METHODS['system.overview'](contextOf(bad), {})).findings.filter(({ kind }) => kind === 'dmesg');
    expect(hints).toEqual([
      expect.objectContaining({ text: expect.stringContaining('inbound msg too big: (600, 6)'), remedy: expect.any(String) }),
    ]);
    bad.dispose();
  });
});

describe('tables', () => {
  it('the resource table is that in the core’s memory, as Linux has filled it in', async () => {
    const { address, entries } = await METHODS['linux.resourceTable'](contextOf(machine), {});
    const values = Object.fromEntries(entries[0]!.fields.map(({ name, value }) => [name, value]));
    expect(entries.map(({ type, problems }) => [type, problems])).toEqual([
      ['vdev', []],
      ['trace', []],
    ]);
    expect(values).toMatchObject({
      id: '7 (rpmsg)',
      dfeatures: '0x1 (NS)',
      status: '0x7 (ACKNOWLEDGE DRIVER DRIVER_OK)',
      'vring0.da': '0x55000000',
      'vring1.da': '0x55008000',
      'vring0.num': '256',
      'vring1.notifyid': '1',
    });
    expect(machine.view('m7').peek(address! + 4, 4)).toBe(2);
  });

  it('one that Linux refuses has its problems', async () => {
    const other = machineOf('imx8mp_bad_table_vrings');
    const { entries } = await METHODS['linux.resourceTable'](contextOf(other), {});
    expect(entries[0]!.problems).toEqual([expect.stringMatching(/it has 3 vrings; .*"too many vrings: 3"/)]);
    other.dispose();
    const version = machineOf('imx8mp_bad_table_version');
    expect(await METHODS['linux.resourceTable'](contextOf(version), {})).toMatchObject({
      entries: [],
      why: expect.stringContaining('version 2'),
    });
    version.dispose();
    const none = machineOf('imx8mp_no_table');
    expect((await METHODS['linux.resourceTable'](contextOf(none), {})).why).toContain('no section .resource_table');
    none.dispose();
  });

  it('the device tree has its values as text', async () => {
    const tree = (await METHODS['linux.deviceTree'](contextOf(machine), {}))!;
    expect(tree).toMatchObject({ name: '/', path: '/' });
    const memory = tree.children.find(({ name }) => name === 'reserved-memory')!;
    const vring = memory.children.find(({ name }) => name === 'vdev0vring0@55000000')!;
    expect(vring.path).toBe('/reserved-memory/vdev0vring0@55000000');
    expect(vring.properties).toContainEqual({ name: 'reg', value: '<0x00 0x55000000 0x00 0x8000>' });
    expect(vring.properties).toContainEqual({ name: 'no-map', value: '' });
    expect(tree.properties.find(({ name }) => name === 'compatible')!.value).toMatch(/"fsl,imx8mp-evk", "fsl,imx8mp"/);
  });
});

describe('who did it', () => {
  it('is asked of the debugger, in addresses of the core, and told with source line and calls', async () => {
    const bad = machineOf('imx8mp_bad_ring');
    runTo(bad, (event) => event.type === 'dmesg' && event.text.includes('goodbye!'));
    const store = bad.symbols.lookup('client_receive')!.address;
    const asked: unknown[] = [];
    const debug = {
      lastAccess: async (watch: unknown, look?: () => void) => {
        asked.push(watch);
        look?.();
        return { position: { cycle: 80_000_000, core: 'm7', instructions: 5 }, by: 'm7', pc: store };
      },
    } as unknown as DebuggerApi;
    const source = readFileSync('images/bad-ring/main.c', 'utf8');
    const context = contextOf(bad, {
      debugger: debug,
      readSource: async (file) => (file.endsWith('bad-ring/main.c') ? source : undefined),
    });
    const [{ problem }] = vringProblems(context) as [ReturnType<typeof vringProblems>[number]];
    const culprit = await METHODS['vrings.culprit'](context, { device: 'virtio0', queue: 0, violation: problem.id });
    expect(asked).toEqual([{ core: 'm7', address: 0x5500_0c80, size: 8, access: 'write', others: true }]);
    expect(culprit).toMatchObject({ by: 'm7', cycle: 80_000_000, seconds: 0.1, place: { address: store, symbol: 'client_receive' } });
    expect(culprit!.source).toBe('{');
    expect(culprit!.backtrace!.length).toBeGreaterThan(0);
    expect(() => METHODS['vrings.culprit'](context, { device: 'virtio0', queue: 0, violation: 1 })).toThrow('not there any more');
    // Memory of Linux alone cannot be watched from the core.
    await expect(METHODS['memory.culprit'](context, { view: 'linux', address: 0x10, size: 4 })).rejects.toThrow('does not see this memory');
    bad.dispose();
  });
});

/** Everything that a client can ask for. */
async function lookAtEverything(which: Machine): Promise<void> {
  const context = contextOf(which, { observations: new ObservedSince() });
  const overview = await METHODS['system.overview'](context, {});
  await METHODS['system.describe'](context, {});
  for (const { device, queue } of overview.vrings) await METHODS['vrings.inspect'](context, { device, queue });
  await METHODS['cpu.registers'](context, {});
  await METHODS['cpu.disassemble'](context, { count: 10, before: 5 });
  await METHODS['cpu.stack'](context, { locals: true });
  await METHODS['cpu.exceptions'](context, {});
  await METHODS['cpu.faults'](context, {});
  await METHODS['cpu.threads'](context, {});
  await METHODS['symbols.search'](context, { text: 'main' });
  await METHODS['memory.read'](context, { view: 'm7', address: 0x2000_0000, length: 256 });
  for (const name of ['UART4', 'CCM', 'SNVS_HP', 'MU1_A', 'MU1_B']) {
    if (name.startsWith('MU') || which.soc.peripherals.some((each) => each.name === name))
      await METHODS['peripherals.registers'](context, { name });
  }
  for (const { base, view } of [
    { base: 0x30aa_0000, view: 'linux' },
    { base: 0x30ab_0000, view: 'm7' },
    { base: 0xe000_e000, view: 'm7' },
  ])
    await METHODS['memory.read'](context, { view, address: base, length: 4096 });
  await METHODS['linux.resourceTable'](context, {});
  await METHODS['linux.deviceTree'](context, {});
}

describe('looking', () => {
  it('changes nothing: a run that is looked at all the time is the same run, also one whose Linux keeps a history', async () => {
    const traces: string[] = [];
    for (const looks of [false, true]) {
      const which = machineOf('imx8mp_rpmsg', { history: true });
      const trace = new TraceHash();
      which.events.subscribe((event: MachineEvent) => trace.add(event));
      for (let n = 0; n < 60; n++) {
        which.run((n < 15 ? n * 10 : 120 + n * 0.7) * MS);
        if (looks) await lookAtEverything(which);
      }
      const state = which.saveLinux()!;
      traces.push(`${trace.digest()} ${which.core.instructions} ${JSON.stringify(state.history).length} ${which.linuxTurns}`);
      which.dispose();
    }
    expect(traces[1]).toBe(traces[0]);
  });

  it('at rings of sound firmware at any moment finds nothing', () => {
    const next = random(7);
    const moments: Record<string, number> = {};
    for (const name of [
      'imx8mp_rpmsg',
      'imx8mp_rpmsg_ddr',
      'imx8mp_echo8',
      'imx8mp_pingpong',
      'imx8mp_attach',
      'imx8mp_soak',
      'imx8mp_stop_race',
      'imx8mp_lost_doorbell',
    ]) {
      const which = machineOf(name);
      const context = contextOf(which, { observations: new ObservedSince() });
      runTo(which, ({ type }) => type === 'message');
      moments[name] = 0;
      for (let n = 0; n < 60; n++) {
        // Most of them between a store and the doorbell behind it, or Linux and its next step.
        if (which.run(which.scheduler.now + 1 + Math.floor(next(1) ** 8 * MS)).kind !== 'limit') break;
        const found = vringProblems(context);
        expect([name, which.scheduler.now, found]).toEqual([name, which.scheduler.now, []]);
        moments[name]++;
      }
      which.dispose();
    }
    // Those that only announce themselves are at rest soon.
    expect(Object.values(moments).filter((count) => count >= 20).length).toBeGreaterThan(5);
  });
});
