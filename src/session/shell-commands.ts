/**
 * Reading a command for the modelled shell, as bash does: lines until they are one, complaints about those that never will be.
 */
import type { Shell } from '../shell/shell.ts';
import type { Statement } from '../shell/syntax.ts';

/** What stands for a line that Ctrl-C ended; no line is this. */
export const CANCELLED = '\u0003';

/** Prompt of a command that takes several lines. */
export const CONTINUATION = '> ';

/** Where lines come from, and what is shown meanwhile. */
export interface CommandLines {
  /** Prompt of a new command. */
  prompt(): string;
  /** What has become of jobs since the last prompt. */
  report(text: string): void;
  /** A line, or CANCELLED; undefined at the end of the input. */
  ask(prompt: string): Promise<string | undefined>;
  /** A complete command, for the history. */
  remember(text: string): void;
  /** The input ended where a command would begin. */
  ended(): void;
}

/** The statements of the next complete command, which may take several lines; undefined at the end of the input. */
export async function nextCommand(shell: Shell, lines: CommandLines): Promise<readonly Statement[] | undefined> {
  let text = '';
  for (;;) {
    if (text === '') lines.report(shell.jobs.report());
    const line = await lines.ask(text === '' ? lines.prompt() : CONTINUATION);
    if (line === undefined) {
      if (text !== '') await shell.complain('syntax error: unexpected end of file');
      else lines.ended();
      return undefined;
    }
    if (line === CANCELLED) {
      text = '';
      continue;
    }
    text = text === '' ? line : `${text}\n${line}`;
    if (text.trim() === '') {
      text = '';
      continue;
    }
    const parsed = shell.land.parse(text);
    if (parsed.kind === 'incomplete') continue;
    lines.remember(text);
    if (parsed.kind === 'ok') return parsed.statements;
    await shell.complain(parsed.message);
    shell.status = 2;
    text = '';
  }
}
