/**
 * The table of faults in words: for docs/faults.md, whose test compares, and for whoever asks on the command line.
 */

import { timeText } from '../time/duration.ts';
import { COMMON_PARAMETERS, FAULT_NAMES, type FaultName, faultSpec, type ParameterSpec } from './catalogue.ts';
import { FAILURES, USUAL_FAILURES } from './judge.ts';

/** `for=5ms`, or `value=<seed>`; what has to be said has no default. */
function parameterText(name: string, spec: ParameterSpec): string {
  if (spec.kind === 'choice') return `${name}=${spec.choices.join('|')}`;
  if (spec.fallback === undefined) return `${name}=...`;
  if (spec.fallback === 'seed') return `${name}=<seed>`;
  return `${name}=${spec.kind === 'time' ? timeText(Number(spec.fallback)) : spec.fallback}`;
}

const EXCUSES = { nothing: 'all', hang: 'all but a hang', all: 'nothing' } as const;

function row(name: FaultName): string {
  const { side, text, when, message, excuses } = faultSpec(name);
  const cells = [`\`${name}\``, side, text, `\`@${when}\``, message ? `\`${message}\`` : '', EXCUSES[excuses]];
  return `| ${cells.join(' | ')} |`;
}

/** The table of all faults. */
export function faultsMarkdown(): string {
  return [
    '| fault | side | what happens | when, unless said | Linux may print | what explore then holds against the firmware |',
    '| --- | --- | --- | --- | --- | --- |',
    ...FAULT_NAMES.map(row),
  ].join('\n');
}

/** The table of their parameters; a choice has its default first. */
export function parametersMarkdown(): string {
  const rows = FAULT_NAMES.flatMap((name) =>
    Object.entries(faultSpec(name).parameters).map(([key, spec]) => [name, ordered(key, spec), spec.text] as const),
  );
  const common = Object.entries(COMMON_PARAMETERS).map(([key, spec]) => ['all', parameterText(key, spec), spec.text] as const);
  return [
    '| of | parameter and default | what it says |',
    '| --- | --- | --- |',
    ...[...rows, ...common].map(
      ([name, parameter, text]) => `| ${name === 'all' ? name : `\`${name}\``} | \`${parameter.replaceAll('|', ' ')}\` | ${text} |`,
    ),
  ].join('\n');
}

function ordered(key: string, spec: ParameterSpec): string {
  if (spec.kind !== 'choice') return parameterText(key, spec);
  const others = spec.choices.filter((each) => each !== spec.fallback);
  return `${key}=${[spec.fallback, ...others].join('|')}`;
}

/** The table of what counts as a failure. */
export function failuresMarkdown(): string {
  const rows = Object.entries(FAILURES).map(
    ([kind, text]) => `| \`${kind}\` | ${text} | ${(USUAL_FAILURES as readonly string[]).includes(kind) ? 'yes' : 'no'} |`,
  );
  return ['| failure | what it is | counts unless said |', '| --- | --- | --- |', ...rows].join('\n');
}
