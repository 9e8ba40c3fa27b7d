/** What tests of whole runs share: the images, and a run's output taken apart. */
import { fileURLToPath } from 'node:url';
import { type CliResult, type CliSurroundings, linesOf, runCli } from '../support/run-cli.ts';

/** A run, with its output by source. */
export interface Session extends CliResult {
  /** Kernel messages without timestamps. */
  readonly dmesg: readonly string[];
  /** Lines of a console, unfinished ones included. */
  console(device: string): readonly string[];
  /** All lines without prefix and timestamp, in their order. */
  readonly lines: readonly string[];
}

/** Path of an image of this repository. */
export function imagePath(name: string): string {
  return fileURLToPath(new URL(`../../images/${name}.elf`, import.meta.url));
}

/** Takes apart what a command has printed for people. */
export function session(result: CliResult): Session {
  const lines = linesOf(result.stdout);
  const of = (source: string): string[] => {
    const prefix = `[${source}]`;
    return lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length + 1));
  };
  const dmesg = of('linux').map((line) => line.replace(/^\[ *\d+\.\d{6}\] /, ''));
  return { ...result, dmesg, console: of, lines: lines.map((line) => line.replace(/^\[\w+\] ?(\[ *\d+\.\d{6}\] )?/, '')) };
}

/** `imx-sim run` of an image or a file, in this process. */
export async function runFirmware(file: string, options: readonly string[], surroundings?: CliSurroundings): Promise<Session> {
  return session(await runCli(['run', file.includes('/') ? file : imagePath(file), ...options], surroundings));
}

/** Those of `wanted` that do not come in `lines` in this order; other lines may stand between them. */
export function inOrder(lines: readonly string[], wanted: readonly (string | RegExp)[]): (string | RegExp)[] {
  let at = 0;
  const missing: (string | RegExp)[] = [];
  for (const line of wanted) {
    const found = lines.findIndex((text, index) => index >= at && (typeof line === 'string' ? text === line : line.test(text)));
    if (found < 0) missing.push(line);
    else at = found + 1;
  }
  return missing;
}
