/** Why a console takes no keys now, in words; undefined when it does. Pure. */
import type { ConsoleView } from '../../../../src/view/protocol.ts';

/** The reason, and what to do. `halted`: the machine stands still, so nobody reads. */
export function noInput(console: Pick<ConsoleView, 'kind' | 'input' | 'device'>): string | undefined {
  if (console.input === 'never') {
    if (console.kind === 'dmesg') return 'The kernel log takes no input. Use the Linux shell.';
    if (console.kind === 'semihosting') return 'Semihosting output takes no input here.';
    return 'This device only prints.';
  }
  if (console.input === 'absent') {
    if (console.kind === 'tty')
      return `There is no /dev/${console.device} now: it comes when the firmware announces its channel and goes with it.`;
    if (console.kind === 'shell') return 'Linux does not run: there is no shell to open.';
    if (console.kind === 'uboot') return 'U-Boot has left: Linux runs now.';
    return 'The device is not there now.';
  }
  return undefined;
}

/** What to expect of keys that are typed now; undefined when they are read at once. */
export function inputHint(console: Pick<ConsoleView, 'kind' | 'input'>): string | undefined {
  if (console.input === 'idle')
    return console.kind === 'shell' ? undefined : 'The firmware has not asked for input; keys wait in the receiver, as on a board.';
  if (console.input === 'busy')
    return console.kind === 'shell' ? 'A command runs: it gets the keys. Ctrl-C ends it.' : 'Earlier input has not been read yet.';
  return undefined;
}

/** Lines of a text for the clipboard: without blank ends. */
export function tidy(lines: readonly string[]): string {
  const trimmed = lines.map((line) => line.trimEnd());
  while (trimmed.length && trimmed.at(-1) === '') trimmed.pop();
  return trimmed.join('\n');
}
