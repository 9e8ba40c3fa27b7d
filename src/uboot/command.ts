/**
 * What a command of U-Boot is: a name, texts for `help`, a number of arguments, and code (`struct cmd_tbl`, common/command.c).
 */
import type { KernelCode } from '../linux/kernel.ts';
import type { UBoot } from './uboot.ts';

/** Return codes (`enum command_ret_t`). */
export const SUCCESS = 0;
export const FAILURE = 1;
/** The usage text is shown, and the result is 1. */
export const USAGE = -1;

/** A command's arguments. */
export interface Invocation {
  /** With the command's name first, as typed: `md.b`. */
  readonly argv: readonly string[];
  /** Enter was pressed alone, and the last command goes on where it stopped. */
  readonly repeated: boolean;
}

/** A return code at once, or code that takes its time. */
export type CommandResult = number | KernelCode<number>;

/** One command. */
export interface Command {
  readonly name: string;
  readonly usage: string;
  /** Long help, behind the name; undefined for none. */
  readonly help?: string;
  readonly maxArgs: number;
  readonly repeatable?: boolean;
  readonly run: (uboot: UBoot, invocation: Invocation) => CommandResult;
  /** Words that could complete the last of `words`. */
  readonly complete?: (uboot: UBoot, words: readonly string[]) => readonly string[];
}

/** CONFIG_SYS_MAXARGS. */
export const MAX_ARGS = 64;

/** `find_cmd_tbl`: by its name up to the first dot, or by the beginning of one name alone. */
export function findCommand<T extends { readonly name: string }>(name: string, table: readonly T[]): T | undefined {
  const dot = name.indexOf('.');
  const wanted = dot < 0 ? name : name.slice(0, dot);
  const found = table.filter((command) => command.name.startsWith(wanted));
  return found.find((command) => command.name === wanted) ?? (found.length === 1 ? found[0] : undefined);
}

/** `cmd_usage`. */
export function usageText({ name, usage, help }: Command): string {
  const long = help === undefined ? '- No additional help available.\n' : `${help}\n`;
  return `${name} - ${usage}\n\nUsage:\n${name} ${long}`;
}

/** `cmd_get_data_size`: the letter behind the dot; undefined where it is none that is known. */
export function dataSize(name: string, standard: number): number | 's' | undefined {
  const match = /\.(.)$/.exec(name);
  if (!match || name.length < 3) return standard;
  const sizes: Readonly<Record<string, number | 's'>> = { b: 1, w: 2, l: 4, q: 8, s: 's' };
  return sizes[match[1]!];
}
