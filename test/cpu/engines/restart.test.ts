/** Linux stops the core and starts other firmware in the same memory, over and over: on every engine the same, and nothing of the old is left. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readFirmware } from '../../../src/cli/firmware-file.ts';
import type { EngineFactory } from '../../../src/cpu/engine.ts';
import { interpreterFactory } from '../../../src/cpu/interpreter/index.ts';
import { jitFactory } from '../../../src/cpu/jit/index.ts';
import { jitWith } from '../../../src/cpu/jit/jit.ts';
import { lockstepFactory } from '../../../src/cpu/lockstep/index.ts';
import type { Command } from '../../../src/linux/linux.ts';
import { Machine } from '../../../src/machine.ts';
import { TraceHash } from '../../../src/session/trace-hash.ts';
import { findSoc } from '../../../src/soc/index.ts';
import { ENGINES } from '../../support/engines.ts';

const image = (name: string): string => new URL(`../../../images/imx8mp_${name}.elf`, import.meta.url).pathname;
/** In ITCM and in DDR, with and without Linux's devices, one whose handler loops after a fault. */
const FILES = ['rpmsg', 'pingpong', 'rpmsg_ddr', 'wfi_tick', 'echo', 'fault', 'rpmsg', 'soak', 'rpmsg_ddr', 'rpmsg'];
/** Seconds that each runs. */
const EACH = 0.05;

/** A machine and what is heard of it. */
class Restarts {
  readonly machine: Machine;
  readonly dmesg: string[] = [];
  console = '';
  private readonly trace = new TraceHash();

  constructor(engine: EngineFactory) {
    const firmware = readFirmware(image(FILES[0]!));
    this.machine = new Machine({ soc: findSoc('imx8mp')!, engine, firmware, hostMemory: 64 << 20 });
    const { machine } = this;
    for (const name of FILES) machine.linux!.firmwareFiles.set(name, new Uint8Array(readFileSync(image(name))));
    machine.events.subscribe((event) => {
      this.trace.add(event);
      if (event.type === 'dmesg') this.dmesg.push(event.text);
      else if (event.type === 'console') this.console += String.fromCharCode(event.byte);
    });
  }

  seconds(count: number): void {
    const { machine } = this;
    const end = machine.scheduler.now + machine.scheduler.cyclesFromNs(count * 1e9);
    const stop = machine.run(end);
    if (stop.kind === 'deadlock') machine.scheduler.advanceTo(end);
    else expect(stop.kind).toBe('limit');
  }

  finish(command: Command): void {
    for (let i = 0; i < 50 && command.result === undefined; i++) this.seconds(0.002);
    expect(command.result, command.text).toBe(0);
  }

  replace(name: string): void {
    const linux = this.machine.linux!;
    this.finish(linux.stop(0));
    this.finish(linux.start(0, name));
  }

  /** Hash over all events, and all that the core is. */
  state(): unknown {
    const { core, scheduler } = this.machine;
    return { hash: this.trace.digest(), now: scheduler.now, instructions: core.instructions, pc: core.pc };
  }
}

function run(engine: EngineFactory): Restarts {
  const restarts = new Restarts(engine);
  restarts.seconds(EACH);
  for (const name of FILES.slice(1)) {
    restarts.replace(name);
    restarts.seconds(EACH);
  }
  return restarts;
}

const expected = run(interpreterFactory).state();

describe('ten firmwares one after the other', () => {
  const others = [
    ...ENGINES,
    { ...jitWith({ threshold: 1 }), name: 'jit, translating at once' },
    lockstepFactory(jitFactory, interpreterFactory, { slice: 10_000 }),
  ];

  it.each(others)('are the same on $name', (engine) => {
    const restarts = run(engine);
    expect(restarts.state()).toEqual(expected);
    expect(restarts.dmesg.filter((text) => text.includes('remote processor imx-rproc is now up'))).toHaveLength(FILES.length);
    expect(restarts.dmesg.filter((text) => /rpmsg_client_sample .*: incoming msg 4 /.test(text))).toHaveLength(6);
    expect(restarts.console).toContain('step 1 done');
    restarts.machine.dispose();
  });
});
