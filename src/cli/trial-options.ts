/**
 * From the options of `imx-sim explore` to those of a run; each worker does it for itself, as an engine cannot be handed over.
 */
import type { TrialOptions } from '../faults/trial.ts';
import { chooseTarget } from '../session/target.ts';
import { chooseEngine } from './engines.ts';
import type { ExploreCommandOptions } from './explore-options.ts';
import { readFirmware } from './firmware-file.ts';
import { readTrees } from './tree-file.ts';
import { ubootLines } from './uboot-script.ts';

/** What a worker is told: plain data. */
export interface TrialSource {
  readonly path: string;
  readonly options: ExploreCommandOptions;
}

/** The options of each run. @throws {ImxSimError} for bad usage or input */
export async function trialOptions({ path, options }: TrialSource): Promise<TrialOptions> {
  const { dtb, overlay, ubootScript: scriptPath, ubootCmd, cpu, lockstep } = options;
  const { linux, modules, boot, kernel, recover, fastForward, semihosting, hostMemory, until, timeout, send } = options;
  const ubootScript = ubootLines(scriptPath, ubootCmd);
  const firmware = readFirmware(path);
  const { engine } = await chooseEngine({ cpu, lockstep }, firmware);
  return {
    firmware,
    target: chooseTarget(firmware, options),
    engine,
    linux,
    boot,
    fastForward,
    send,
    hostMemory: hostMemory ?? 64 * 2 ** 20,
    ...readTrees({ overlay, ...(dtb === undefined ? {} : { dtb }) }),
    ...(ubootScript ? { ubootScript } : {}),
    ...(modules ? { modules } : {}),
    ...(kernel ? { kernel } : {}),
    ...(recover ? { recover } : {}),
    ...(semihosting ? { semihosting } : {}),
    ...(until ? { until } : {}),
    ...(timeout === undefined ? {} : { timeout }),
  };
}
