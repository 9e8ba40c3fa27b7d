/**
 * `imx-sim replay <file>`: the run of a recording once more, with the same output, trace and status.
 */
import { replayOptions } from '../../faults/replay.ts';
import { replayMachine } from '../../kit/index.ts';
import { capstoneDisassembler } from '../../session/disassembler.ts';
import { EXIT } from '../../session/exit.ts';
import { Session } from '../../session/session.ts';
import { decodeRecording, type RecordedEnd } from '../../snapshot/recording.ts';
import { loadCapstone, namedEngine } from '../engines.ts';
import type { EngineName } from '../options.ts';
import { hostTurns, wantsColor } from '../pace.ts';
import { HumanRenderer, JsonRenderer } from '../renderer.ts';
import { readFile } from '../snapshot-file.ts';

/** What `replay` receives after parsing. */
export interface ReplayOptions {
  readonly cpu: EngineName;
  readonly json?: boolean;
  readonly color: boolean;
}

/** Runs the command and returns the recorded status, or that of a difference. @throws {ImxSimError} for what is no recording */
export async function replay(path: string, { cpu, json, color }: ReplayOptions): Promise<number> {
  const file = readFile(path, 'file');
  const parts = await decodeRecording(file, path);
  const engine = namedEngine(cpu);
  const out = (text: string) => void process.stdout.write(text);
  const err = (text: string) => void process.stderr.write(text);
  const colors = { out: wantsColor(process.stdout, color), err: wantsColor(process.stderr, color) };
  if (parts.by === 'simulation') return replayTest(file, path, cpu, err);
  const options = replayOptions(parts, path, engine);
  const renderer = json ? new JsonRenderer(out, options.target.soc.baseHz) : new HumanRenderer({ out, err, colors });
  const nextTurn = hostTurns();
  let result: Readonly<Record<string, unknown>> = {};
  const { finish } = renderer;
  renderer.finish = (facts, lines) => {
    result = facts;
    finish.call(renderer, facts, lines);
  };
  const host = { renderer, disassemble: capstoneDisassembler(loadCapstone), now: () => performance.now(), pause: () => nextTurn() };
  const session = new Session(options, host);
  try {
    const status = await session.run();
    const { end } = parts;
    const now = { reason: String(result['reason']), status, trace: String(result['trace']) };
    return end ? compare(end, now, (text) => renderer.note(text)) : status;
  } finally {
    session.dispose();
  }
}

function compare({ reason, status, trace }: RecordedEnd, now: Omit<RecordedEnd, 'cycle'>, note: (text: string) => void): number {
  if (now.reason === reason && now.status === status && (trace === undefined || trace === now.trace)) {
    note('the same run as was recorded');
    return status;
  }
  note(`not the run that was recorded: that ended with ${reason}, status ${status}, trace ${trace}; another version of imx-sim made it`);
  return EXIT.DIFFERENCE;
}

/** A recording of the test kit, whose test said what was awaited: there is nothing to show but whether it is the same. */
async function replayTest(file: Uint8Array, path: string, cpu: EngineName, err: (text: string) => void): Promise<number> {
  const { simulation, end, same } = await replayMachine(file, { engine: namedEngine(cpu) }, path);
  const seconds = (simulation.now / 1e9).toFixed(6);
  for (const line of simulation.situation.lines) process.stdout.write(`${line}\n`);
  simulation.dispose();
  if (same === false) {
    err(`imx-sim: not the run that was recorded: its trace was ${end?.trace}; another version of imx-sim made it\n`);
    return EXIT.DIFFERENCE;
  }
  err(`imx-sim: the same run as was recorded, up to ${seconds} s\n`);
  return end?.status ?? EXIT.OK;
}
