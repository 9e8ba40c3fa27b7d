/**
 * What is wrong with firmware and device tree, said in a shell when it matters: what the ELF tells, when Linux prints what came of it; what
 * kernel messages mean, when they come; each once.
 *
 * `imx-sim run` knows its firmware from the start and says all at once (session.ts). In a shell the user chooses firmware by name, any time.
 */
import type { DeviceTree } from '../devicetree/tree.ts';
import { FirmwareError, ImxSimError } from '../errors.ts';
import { type LintFinding, lintFirmware } from '../linux/firmware-lint.ts';
import { lintOnTree, lintTree } from '../linux/tree-lint.ts';
import { parseFirmware } from '../remoteproc/elf-loader.ts';
import type { BoardDescription, SocDescription } from '../soc/soc.ts';
import { kernelHint } from './kernel-messages.ts';

/** What firmware is compared with. */
export interface AdviceContext {
  readonly soc: SocDescription;
  readonly board: BoardDescription;
  readonly core: string;
  /** The tree in effect, when it is not the one that is built in for the board. */
  tree(): DeviceTree | undefined;
  /** What the sysfs file `firmware` of `remoteproc0` has. */
  firmwareName(remoteproc: string): string | undefined;
  /** A file of /lib/firmware. */
  firmware(name: string): Uint8Array | undefined;
}

/** Gives advice about one machine. */
export class FirmwareAdvice {
  private readonly context: AdviceContext;
  private readonly given = new Set<string>();
  /** Of the firmware that was booted last, what Linux has yet to print. */
  private expected: readonly LintFinding[] = [];

  constructor(context: AdviceContext) {
    this.context = context;
  }

  /** What is wrong with a user's tree, before anything runs. */
  atStart(): LintFinding[] {
    const { soc, board } = this.context;
    const tree = this.context.tree();
    return tree ? this.once(lintTree(tree, soc, board).filter(({ severity }) => severity === 'error')) : [];
  }

  /** What there is to say about `text`, a line of dmesg without timestamp. */
  line(text: string): LintFinding[] {
    const [, remoteproc] = /^remoteproc (\S+): powering up /.exec(text) ?? [];
    if (remoteproc !== undefined) {
      this.expected = this.lint(this.context.firmwareName(remoteproc) ?? '');
      // What shows in no message: now is the time.
      return this.once(this.expected.filter(({ severity, linux = [] }) => severity === 'error' && linux.length === 0));
    }
    const found = this.expected.filter(({ linux = [] }) => linux.includes(text));
    // Once the reason is known there is no need of the general explanation.
    if (found.length > 0)
      return this.once(found).map(({ severity, place, text: reason, remedy }) => ({ severity, place, text: reason, remedy }));
    const hint = kernelHint(text);
    return hint ? this.once([{ severity: 'warning', place: 'dmesg', text: hint.text, remedy: hint.remedy }]) : [];
  }

  private lint(name: string): readonly LintFinding[] {
    const { soc, board, core } = this.context;
    const bytes = this.context.firmware(name);
    if (!bytes) return [];
    try {
      // The file is the user's to change while it is here.
      const firmware = parseFirmware(bytes.slice(), name);
      const tree = this.context.tree();
      const findings = tree ? lintOnTree(firmware, tree, soc, board, core) : lintFirmware(firmware, soc, board, core);
      return findings.map((finding) => ({ ...finding, place: `${name}: ${finding.place}` }));
    } catch (error) {
      if (!(error instanceof ImxSimError)) throw error;
      const { message, remedy } = error;
      const linux = error instanceof FirmwareError ? error.linux : [];
      return [{ severity: 'error', place: name, text: message.replace(`${name}: `, ''), remedy, linux }];
    }
  }

  private once(findings: readonly LintFinding[]): LintFinding[] {
    return findings.filter(({ place, text }) => {
      const key = `${place}\n${text}`;
      if (this.given.has(key)) return false;
      this.given.add(key);
      return true;
    });
  }
}
