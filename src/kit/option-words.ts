/**
 * Remedies name options of the command line; to whoever calls `createMachine` they are told by the names that it has for them.
 */
import { FirmwareError, UsageError } from '../errors.ts';

/** `--no-linux` is `linux: false`, `--host-memory` is `hostMemory`. */
export function optionWords(text: string): string {
  return text
    .replaceAll('--no-linux', 'linux: false')
    .replaceAll('--overlay', 'overlays')
    .replaceAll('--cpu', 'engine')
    .replaceAll('--kernel nxp', "kernel: 'nxp'")
    .replaceAll('--boot uboot', "boot: 'uboot'")
    .replaceAll('--semihosting', 'semihosting: true')
    .replaceAll('--recover', 'recover: true')
    .replace(/(?<![\w-])--([a-z]+(?:-[a-z]+)*)/g, (_all, name: string) =>
      name.replace(/-(.)/g, (_dash, letter: string) => letter.toUpperCase()),
    );
}

/** Does `work`; errors that it throws for the user speak of the options of `createMachine`. */
export function inOptionWords<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(optionWords(error.message), optionWords(error.remedy), optionWords(error.place));
    if (error instanceof FirmwareError)
      throw new FirmwareError(error.code, optionWords(error.message), optionWords(error.remedy), error.linux, error.place);
    throw error;
  }
}
