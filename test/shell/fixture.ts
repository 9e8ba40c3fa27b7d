/**
 * A machine with a shell on it, for tests: commands in, what they print and their status out.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineFactory } from '../../src/cpu/engine.ts';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { Machine } from '../../src/machine.ts';
import { createUserLand, endShell, startShell } from '../../src/shell/create.ts';
import { nullFile, sinkFile } from '../../src/shell/redirect.ts';
import type { UserLand } from '../../src/shell/user-land.ts';
import { findSoc } from '../../src/soc/index.ts';

/** What a script left behind. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

/** Modules that are loaded at boot in a shell. */
const MODULES = ['rpmsg_ns', 'virtio_rpmsg_bus', 'rpmsg_char', 'rpmsg_ctrl'];

export interface ShellFixture {
  readonly machine: Machine;
  readonly land: UserLand;
  /** Runs a script as `bash -c` does. */
  run(script: string): Promise<Outcome>;
  dispose(): void;
}

/** An i.MX 8M Plus, or the SoC that is named, with the named images in /lib/firmware. */
export async function shellOn(
  images: readonly string[] = [],
  engine: EngineFactory = interpreterFactory,
  soc = 'imx8mp',
): Promise<ShellFixture> {
  const machine = new Machine({ soc: findSoc(soc), engine, modules: MODULES, ttyReader: 'none' });
  const linux = machine.linux!;
  for (const name of images) linux.firmwareFiles.set(name, new Uint8Array(readFileSync(join('images', name))));
  const land = await createUserLand({ linux, hostName: `${soc}-${machine.board!.name}`, requestStop: () => machine.requestStop() });
  const run = async (script: string): Promise<Outcome> => {
    const text = { 1: '', 2: '' };
    const decoder = new TextDecoder();
    const sink = (fd: 1 | 2) =>
      sinkFile((data) => {
        text[fd] += decoder.decode(data);
      });
    const shell = await startShell(land, { stdin: nullFile(), stdout: sink(1), stderr: sink(2) });
    const parsed = land.parse(script);
    if (parsed.kind !== 'ok') throw new Error(parsed.message);
    const status = await shell.runStatements(parsed.statements);
    await endShell(shell);
    return { stdout: text[1], stderr: text[2], status };
  };
  return { machine, land, run, dispose: () => machine.dispose() };
}
