/**
 * `--record`: what reaches a run from outside is noted, and written to a file when the run ends, however it ends.
 */
import { invariant } from '../errors.ts';
import type { InputLog } from '../history/inputs.ts';
import { EXIT } from '../session/exit.ts';
import { encodeRun, type Outside } from '../session/recorded-run.ts';
import type { RunHost } from '../session/run-inputs.ts';
import type { Session, SessionOptions } from '../session/session.ts';
import type { RecordedEnd } from '../snapshot/recording.ts';
import type { HostEntry } from './bridges/host-input.ts';
import type { Bridges } from './bridges/index.ts';
import { checkWritable, writeFile } from './snapshot-file.ts';

/** The recording of one run. */
export class RunRecording {
  private readonly path: string;
  private readonly start: Uint8Array | undefined;
  private inputs: InputLog<RunHost> | undefined;
  private bridges: Bridges | undefined;
  private awaited: string | undefined;

  /** `start` is the snapshot file that the run begins with. @throws {UsageError} when `path` cannot be written */
  constructor(path: string, start: Uint8Array | undefined) {
    checkWritable(path, '--record');
    this.path = path;
    this.start = start;
  }

  /** To be called before anything comes in. */
  connect(inputs: InputLog<RunHost>, bridges: Bridges | undefined): void {
    this.inputs = inputs;
    this.bridges = bridges;
    if (bridges)
      bridges.input.recorder = ({ source, kind, bytes, count }: HostEntry) => void inputs.perform('bridge', source, kind, bytes, count);
  }

  /** Somebody can do something at any time; as `Session.run` is told. */
  interactive(awaited: string): void {
    this.awaited = awaited;
  }

  /** Writes the file of a run that ended so; the sentence about it. @throws {UsageError} */
  async write(options: SessionOptions, end: RecordedEnd): Promise<string> {
    const { path, inputs, bridges, awaited, start } = this;
    invariant(inputs, 'a recording that was connected');
    const outside: Outside = {
      inputs: inputs.entries,
      ...(awaited === undefined ? {} : { awaited }),
      ...(bridges ? { bridges: bridges.devices } : {}),
      ...(start ? { start } : {}),
    };
    writeFile(path, await encodeRun(options, end, outside), '--record');
    const count = inputs.entries.length;
    return `the run is in ${path}, with ${count} ${count === 1 ? 'input' : 'inputs'}; imx-sim replay ${path} runs it again`;
  }

  /** Writes what there is of a run that a bug of ours ended, for its report; undefined when that cannot be had either. */
  async rescue(options: SessionOptions, { machine }: Session): Promise<string | undefined> {
    try {
      return await this.write(options, { cycle: machine.scheduler.now, reason: 'internal-error', status: EXIT.INTERNAL });
    } catch {
      return undefined;
    }
  }
}
