/**
 * Writes what happens in a machine into the log of a simulation, and tells lines and events to whoever waits for them.
 *
 * A line that a console leaves unfinished is seen once the console has been quiet for 10 ms of virtual time, as in `imx-sim run`.
 */
import type { MachineEvent } from '../events.ts';
import type { Machine } from '../machine.ts';
import { INPUT_POLL_NS, readyForInput } from '../session/input.ts';
import { LineAssembler, type OutputLine, PARTIAL_NS } from '../session/lines.ts';
import { AppendList } from './append-list.ts';
import type { SimulationLog } from './log.ts';

/** Who hears of what was noted. */
export interface RecorderListener {
  event(event: MachineEvent): void;
  line(line: OutputLine): void;
}

/** The recorder of one machine. */
export class Recorder {
  private readonly machine: Machine;
  private readonly log: SimulationLog;
  private readonly lines: LineAssembler;
  private readonly listener: RecorderListener;
  private readonly give: (device: string, bytes: Uint8Array) => void;
  private readonly unsubscribe: () => void;

  /** `give` hands bytes to a console that is ready for them. */
  constructor(
    machine: Machine,
    log: SimulationLog,
    { listener, give }: { readonly listener: RecorderListener; readonly give: (device: string, bytes: Uint8Array) => void },
  ) {
    this.machine = machine;
    this.log = log;
    this.listener = listener;
    this.give = give;
    this.lines = new LineAssembler(machine.soc.baseHz, (line) => this.line(line), log.partials);
    this.unsubscribe = machine.events.subscribe((event) => this.event(event));
  }

  /** Hears no more events. */
  stop(): void {
    this.unsubscribe();
  }

  /** Queues text for a console; it is given once that is there and ready. */
  queue(device: string, bytes: Uint8Array): void {
    const { log, machine } = this;
    log.waiting.push({ device, bytes });
    const look = machine.scheduler.now + machine.scheduler.cyclesFromNs(INPUT_POLL_NS);
    log.nextLook = Math.min(log.nextLook, look);
  }

  /** Cycle at which `act` has something to do, or Infinity. */
  get nextAct(): number {
    let next = this.log.nextLook;
    const age = this.machine.scheduler.cyclesFromNs(PARTIAL_NS);
    for (const { bytes, shown, cycle } of this.log.partials.values()) if (bytes.length > shown) next = Math.min(next, cycle + age);
    return next;
  }

  /** Shows lines that stay unfinished, gives text to consoles that are ready: whatever is due. */
  act(): void {
    const { scheduler } = this.machine;
    this.lines.flushQuiet(scheduler.now - scheduler.cyclesFromNs(PARTIAL_NS));
    if (scheduler.now >= this.log.nextLook) this.deliver();
  }

  private deliver(): void {
    const { log, machine } = this;
    const blocked = new Set<string>();
    for (let at = 0; at < log.waiting.length; ) {
      const { device, bytes } = log.waiting[at]!;
      if (!blocked.has(device) && readyForInput(machine, device, log.lastOutput.get(device))) {
        log.waiting.splice(at, 1);
        this.give(device, bytes);
        log.lastOutput.set(device, machine.scheduler.now);
      } else at++;
      blocked.add(device);
    }
    const { scheduler } = machine;
    log.nextLook = log.waiting.length > 0 ? scheduler.now + scheduler.cyclesFromNs(INPUT_POLL_NS) : Number.POSITIVE_INFINITY;
  }

  private event(event: MachineEvent): void {
    const { log } = this;
    log.events.push(event);
    if (event.type === 'console') {
      const { device, byte, cycle } = event;
      let output = log.output.get(device);
      if (!output) {
        output = new AppendList();
        log.output.set(device, output);
      }
      output.push(byte);
      log.lastOutput.set(device, cycle);
    } else if (event.type === 'core' && event.state === 'started' && !log.failure?.final) log.failure = undefined;
    this.lines.add(event);
    this.listener.event(event);
  }

  private line(line: OutputLine): void {
    this.log.lines.push(line);
    this.listener.line(line);
  }
}
