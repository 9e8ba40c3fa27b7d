/**
 * The ways in which a run ends, in words: what happened, what the firmware and Linux wait for, what was noticed and what came last.
 */
import type { MachineEvent } from '../events.ts';
import type { Machine, StopReason } from '../machine.ts';
import { EXIT } from './exit.ts';
import { codeAt, type Disassemble, findings, lastEvents, refusal, semihostingHint, whatWaits } from './explain.ts';
import type { Ending } from './session-state.ts';
import { conditionText, type LineCondition } from './until.ts';

/** The run that ends. */
export interface EndedRun {
  readonly machine: Machine;
  readonly semihosting: boolean;
  readonly disassemble: Disassemble;
  readonly until: LineCondition | undefined;
  /** Devices that text still waits for. */
  unsent(): readonly string[];
  messagesToLinux(): number;
  lastEvents(): readonly MachineEvent[];
}

/** Says how one run ended. */
export class Endings {
  private readonly run: EndedRun;
  private readonly machine: Machine;

  constructor(run: EndedRun) {
    this.run = run;
    this.machine = run.machine;
  }

  /** What did not come, behind a sentence. */
  get untilText(): string {
    const { until } = this.run;
    const unsent = this.run.unsent();
    const missing = until ? `; ${conditionText(until)}` : '';
    return unsent.length > 0 ? `${missing}; never sent: ${unsent.join(', ')} was not ready` : missing;
  }

  /** By a stop of the machine; `failed` is how the core had failed before Linux took over. */
  async of(stop: StopReason, failed: Ending | undefined): Promise<Ending> {
    switch (stop.kind) {
      case 'exit':
        return { status: stop.status & 0xff, reason: 'exit', report: [] };
      case 'crashed':
        return {
          status: EXIT.FIRMWARE,
          reason: 'crashed',
          report: [`firmware failed: ${stop.core}: ${stop.reason}`, ...stop.report, ...this.semihostingHint(), ...(await this.details())],
        };
      case 'system-reset':
        return {
          status: EXIT.FIRMWARE,
          reason: 'system-reset',
          report: [`firmware failed: ${stop.block} reset the SoC: ${stop.cause}`, ...this.waits(), ...(await this.details())],
        };
      case 'host-memory':
        return { status: EXIT.USAGE, reason: 'host-memory', report: [stop.text, `remedy: ${stop.remedy}`] };
      case 'difference':
        return { status: EXIT.DIFFERENCE, reason: 'difference', report: [...stop.report, `remedy: ${stop.remedy}`] };
      case 'deadlock':
        return this.deadlock(failed);
      default:
        return { status: EXIT.INTERNAL, reason: stop.kind, report: [`unexpected stop: ${stop.kind}`] };
    }
  }

  /** By the user. */
  interrupted({ status, report }: { readonly status: number; readonly report: boolean }): Ending {
    const text = `interrupted after ${this.machine.scheduler.seconds.toFixed(6)} s of virtual time${this.untilText}`;
    return { status, reason: 'interrupted', report: report ? [text, ...this.waits(), ...this.context()] : [] };
  }

  /** In a fault handler that loops at `pc`. */
  async stuckInFault(pc: number): Promise<Ending> {
    const { machine } = this;
    const fault = machine.core.faultReport();
    const at = machine.core.faults().at(-1)?.pc.address;
    return {
      status: EXIT.FIRMWARE,
      reason: 'fault',
      report: [
        `firmware failed: ${machine.core.name} took a fault and its handler loops at ${machine.symbols.name(pc) ?? 'an address without symbol'}`,
        ...fault,
        ...this.semihostingHint(at),
        ...(await this.details(at)),
      ],
    };
  }

  /** By its time. */
  timedOut(failed: Ending | undefined): Ending {
    const text = `timed out after ${this.machine.scheduler.seconds} s of virtual time${this.untilText}`;
    if (failed) return this.afterwards(failed, text);
    return (
      this.refused() ?? {
        status: EXIT.TIMEOUT,
        reason: 'timeout',
        report: [text, ...this.semihostingHint(), ...this.waits(), ...this.context()],
      }
    );
  }

  /** The failure of before, and how the rest of the run ended. */
  afterwards(failed: Ending, text: string): Ending {
    const { uboot, linux } = this.machine;
    const waits = [...(uboot?.waitingFor ?? []), ...(linux?.waitingFor() ?? []).map((each) => `linux: ${each}`)];
    return { ...failed, report: [...failed.report, `afterwards: ${text}`, ...waits] };
  }

  private deadlock(failed: Ending | undefined): Ending {
    const text = `nothing can happen any more at ${this.machine.scheduler.seconds.toFixed(6)} s${this.untilText}`;
    if (failed) return this.afterwards(failed, text);
    const report = [text, ...this.semihostingHint(), ...this.waits(), ...this.context()];
    return this.refused() ?? { status: EXIT.TIMEOUT, reason: 'deadlock', report };
  }

  /** The end of a run in which Linux did not start the firmware at all. */
  private refused(): Ending | undefined {
    const report = refusal(this.machine);
    return report && { status: EXIT.USAGE, reason: 'refused', report };
  }

  private semihostingHint(at?: number): string[] {
    return this.run.semihosting ? [] : semihostingHint(this.machine, at);
  }

  private waits(): string[] {
    return whatWaits(this.machine, this.run.messagesToLinux());
  }

  private async details(pc = this.machine.core.pc): Promise<string[]> {
    return [...(await codeAt(this.machine, pc, this.run.disassemble)), ...this.context()];
  }

  private context(): string[] {
    return [...findings(this.machine), ...lastEvents(this.run.lastEvents(), this.machine.scheduler.hz)];
  }
}
