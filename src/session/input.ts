/**
 * `--send` and the keyboard: text goes to a device once that is there and ready, in virtual time.
 *
 * A UART is ready when its receiver is on and the firmware listens: it enabled a receive interrupt, or has printed and then kept quiet.
 * A tty of Linux is ready when it exists. Texts for one device are sent in order, each when the device is ready again.
 */
import { UsageError } from '../errors.ts';
import type { Machine } from '../machine.ts';
import type { Timer } from '../time/scheduler.ts';

/** Bytes for a device. */
export interface DeviceInput {
  readonly device: string;
  readonly bytes: Uint8Array;
}

/** Virtual time between two looks at a device that is not ready, in ns. */
export const INPUT_POLL_NS = 1_000_000;
/** A console that printed nothing for so long waits for input, in ns. */
const QUIET_NS = 5_000_000;

/** Resolves `\n`, `\r`, `\t`, `\e`, `\0`, `\\` and `\xNN`; everything else is UTF-8 as typed. @throws {UsageError} */
export function unescapeText(text: string): Uint8Array {
  const bytes: number[] = [];
  const simple: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, e: 27, '0': 0, '\\': 92 };
  for (let at = 0; at < text.length; ) {
    if (text[at] !== '\\') {
      const point = String.fromCodePoint(text.codePointAt(at)!);
      bytes.push(...new TextEncoder().encode(point));
      at += point.length;
      continue;
    }
    const next = text[at + 1] ?? '';
    const code = /^x([0-9a-fA-F]{2})/.exec(text.slice(at + 1));
    if (code) {
      bytes.push(Number.parseInt(code[1]!, 16));
      at += 4;
    } else if (next in simple) {
      bytes.push(simple[next]!);
      at += 2;
    } else if (next === 'x') throw new UsageError('after \\x come two hexadecimal digits, as in \\x0a; \\\\x is \\x itself');
    else throw new UsageError(`\\${next} is no escape; there are \\n \\r \\t \\e \\0 \\\\ and \\xNN`);
  }
  return Uint8Array.from(bytes);
}

/** Parses `ttyRPMSG30=Toradex!\n`. @throws {UsageError} */
export function parseDeviceInput(value: string): DeviceInput {
  const at = value.indexOf('=');
  if (at <= 0) throw new UsageError('it is <device>=<text>, for example ttyRPMSG30=Toradex!');
  return { device: value.slice(0, at), bytes: unescapeText(value.slice(at + 1)) };
}

/** Whether text may be given to `device` now, which has printed or was given something last in cycle `last`. */
export function readyForInput(machine: Machine, device: string, last: number | undefined): boolean {
  const state = machine.inputState(device);
  if (state === 'absent' || state === 'busy') return false;
  if (state === 'listening') return true;
  const { scheduler } = machine;
  return last !== undefined && scheduler.now - last >= scheduler.cyclesFromNs(QUIET_NS);
}

/** A queue of input, as data. */
export interface InputState {
  readonly waiting: readonly DeviceInput[];
  /** Cycle in which each console printed last. */
  readonly lastOutput: readonly (readonly [string, number])[];
  /** Cycle of the next look at devices that are not ready. */
  readonly nextLook: number | undefined;
}

/** Delivers texts to the devices of a machine. */
export class InputQueue {
  private readonly machine: Machine;
  private readonly waiting: DeviceInput[] = [];
  private readonly lastOutput = new Map<string, number>();
  /** Looks again at devices that were not ready. */
  readonly poll: Timer;

  constructor(machine: Machine) {
    this.machine = machine;
    this.poll = machine.watchers.timer('input', () => this.deliver());
    machine.events.subscribeParticipant((event) => {
      if (event.type === 'console') this.lastOutput.set(event.device, event.cycle);
    });
  }

  /** Devices for which text is still waiting. */
  get pending(): readonly string[] {
    return this.waiting.map(({ device }) => device);
  }

  /** What waits, and what it waits for, as data. */
  save(): InputState {
    const { deadline } = this.poll;
    return { waiting: [...this.waiting], lastOutput: [...this.lastOutput], nextLook: Number.isFinite(deadline) ? deadline : undefined };
  }

  /** Goes on from there, before what was queued since. */
  load({ waiting, lastOutput, nextLook }: InputState): void {
    this.waiting.unshift(...waiting);
    for (const [device, cycle] of lastOutput) this.lastOutput.set(device, cycle);
    if (nextLook !== undefined) this.poll.armAt(nextLook);
    else if (this.waiting.length > 0) this.poll.armIn(this.cycles(INPUT_POLL_NS));
  }

  /** Becomes what `saved` was; the look at devices follows with the machine's watchers. */
  rewind({ waiting, lastOutput }: InputState): void {
    this.waiting.splice(0, this.waiting.length, ...waiting);
    this.lastOutput.clear();
    for (const [device, cycle] of lastOutput) this.lastOutput.set(device, cycle);
  }

  /** Queues `bytes` for `device`, a name that `Machine.hasConsole` accepts. */
  send(device: string, bytes: Uint8Array): void {
    this.waiting.push({ device, bytes });
    if (!this.poll.armed) this.poll.armIn(this.cycles(INPUT_POLL_NS));
  }

  private deliver(): void {
    const blocked = new Set<string>();
    for (let at = 0; at < this.waiting.length; ) {
      const { device, bytes } = this.waiting[at]!;
      if (!blocked.has(device) && this.ready(device)) {
        this.waiting.splice(at, 1);
        this.machine.send(device, bytes);
        this.lastOutput.set(device, this.machine.scheduler.now);
      } else at++;
      blocked.add(device);
    }
    if (this.waiting.length > 0) this.poll.armIn(this.cycles(INPUT_POLL_NS));
  }

  private ready(device: string): boolean {
    return readyForInput(this.machine, device, this.lastOutput.get(device));
  }

  private cycles(ns: number): number {
    return this.machine.scheduler.cyclesFromNs(ns);
  }
}
