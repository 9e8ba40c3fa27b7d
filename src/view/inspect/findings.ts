/** What is known to be wrong, in plain words: the firmware's file, what the models noticed, what Linux printed, what it refuses, rings. */
import { type LintFinding, lintFirmware } from '../../linux/firmware-lint.ts';
import type { Kernel } from '../../linux/kernel.ts';
import type { Machine } from '../../machine.ts';
import type { Firmware } from '../../remoteproc/elf-loader.ts';
import { refusal, semihostingHint } from '../../session/explain.ts';
import { kernelHint } from '../../session/kernel-messages.ts';
import type { Finding } from '../protocol.ts';
import { codeOf, placeOf } from './code.ts';
import type { InspectContext } from './context.ts';
import type { VringLook } from './vrings.ts';

/** Of all kinds together. */
const MOST_FINDINGS = 200;

const linted = new WeakMap<Firmware, readonly LintFinding[]>();

function lintOf({ machine, lint }: InspectContext): readonly LintFinding[] {
  if (lint) return lint;
  const { soc, board, linux } = machine;
  const firmware = codeOf(machine)?.firmware;
  if (!firmware || !board || !linux) return [];
  const known = linted.get(firmware) ?? lintFirmware(firmware, soc, board, machine.core.name);
  linted.set(firmware, known);
  return known;
}

/** All of it, what is worst first; `rings` is what is wrong with those. */
export function findings(context: InspectContext, rings: VringLook['problems']): Finding[] {
  const { machine } = context;
  const list: Finding[] = [];
  const refused = refusal(machine);
  if (refused) list.push({ kind: 'refused', severity: 'error', text: refused.map((line) => line.trim()).join(' ') });
  for (const { ring, problem } of rings) {
    list.push({ kind: `vring ${problem.rule}`, severity: 'error', text: `${ring}: ${problem.text}`, remedy: problem.remedy });
  }
  for (const { severity, place, text, remedy } of lintOf(context)) {
    if (severity !== 'note') list.push({ kind: 'firmware', severity, text: `${place}: ${text}`, remedy });
  }
  list.push(...hints(machine));
  for (const { kind, block, register, text, cycle, pc, count } of machine.diagnostics.all) {
    list.push({
      kind,
      severity: kind === 'guest-error' ? 'warning' : 'note',
      text: `${block} ${register} ${text}${count > 1 ? ` (${count} times)` : ''}`,
      cycle,
      ...(pc === undefined ? {} : { place: placeOf(machine, pc) }),
    });
  }
  if (!machine.options.semihosting)
    for (const text of semihostingHint(machine)) list.push({ kind: 'semihosting', severity: 'warning', text });
  const rank = { error: 0, warning: 1, note: 2 };
  return list.sort((a, b) => rank[a.severity] - rank[b.severity]).slice(0, MOST_FINDINGS);
}

interface Explained {
  /** Lines that were looked at, those that the log has lost included. */
  readonly lines: number;
  readonly found: readonly Finding[];
}

const explained = new WeakMap<Kernel, Explained>();

/** Messages of the kernel that mean more than they say, each once. */
function hints({ kernel }: Machine): readonly Finding[] {
  if (!kernel) return [];
  const known = explained.get(kernel) ?? { lines: 0, found: [] };
  const { log, lostMessages } = kernel;
  const lines = log.length + lostMessages;
  // A kernel that lives through its past again has fewer lines than before.
  const start = lines < known.lines ? 0 : Math.max(0, known.lines - lostMessages);
  const found = lines < known.lines ? [] : [...known.found];
  for (const { text, cycle } of log.slice(start)) {
    const hint = kernelHint(text);
    if (!hint || found.some((other) => other.text.endsWith(hint.text))) continue;
    found.push({ kind: 'dmesg', severity: 'warning', text: `"${text}": ${hint.text}`, remedy: hint.remedy, cycle });
  }
  explained.set(kernel, { lines, found });
  return found;
}
