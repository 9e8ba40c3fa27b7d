/** Names and numbers of signals (arm64), and who gets them. */
import type { Kernel } from '../linux/kernel.ts';
import type { Process } from '../linux/process.ts';

/** By number, without SIG. */
export const SIGNAL_NAMES: readonly string[] =
  'EXIT HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'.split(
    ' ',
  );

/** `9`, `KILL`, `SIGKILL`; undefined when there is no such signal. */
export function parseSignal(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) <= 64 ? Number(text) : undefined;
  const number = SIGNAL_NAMES.indexOf(text.toUpperCase().replace(/^SIG/, ''));
  return number > 0 ? number : undefined;
}

/** The process that has the number, if there is one. */
export function jobsKilledBy(kernel: Kernel, pid: number): Process | undefined {
  return kernel.processes.get(pid);
}
