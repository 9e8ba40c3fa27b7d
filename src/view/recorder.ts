/**
 * From the machine's events to the view's log: what happens is kept as numbers (event-log.ts), bytes of consoles in their logs and, line by line, as
 * events. The hot part of the view, as every event of the run passes here: see `EventLog` for what it may cost.
 *
 * Interrupts and switches of threads are watched while somebody wants to see them, as watching costs something in the core.
 */
import type { MachineEvent } from '../events.ts';
import type { Machine } from '../machine.ts';
import { dmesgTimestamp } from '../session/lines.ts';
import type { Timer } from '../time/scheduler.ts';
import { EVENT_TYPES } from './checks.ts';
import { ConsoleLogs } from './console-log.ts';
import { EventLog } from './event-log.ts';
import type { Finding } from './protocol.ts';

/** Bytes of a message that are kept. */
export const MESSAGE_BYTES = 256;
/** Flag of a ring's event whose length does not fit beside the queue, which then stands in its name: what a ring says need not make sense. */
export const WIDE = 8;
const WIDE_LENGTH = 1 << 24;
/** Between a device and a queue in a name. */
export const SEPARATOR = '\0';
/** Flag of a message that was cut; its length stands behind it. */
export const CUT = 8;
/** Longest piece of a console's line in one event. */
const LINE_BYTES = 512;
/** A console that has been silent for so long shows an unfinished line as event, in ns. */
const SILENCE_NS = 10e6;

/** Type of an event by its word. */
export const TYPE = Object.fromEntries(EVENT_TYPES.map((type, index) => [type, index])) as Readonly<
  Record<(typeof EVENT_TYPES)[number], number>
>;

const { console: CONSOLE, mu: MU, vring: VRING, message: MESSAGE } = TYPE;

export const SIDES = ['A', 'B'] as const;
export const MU_ACTIONS = ['transmit', 'receive', 'general', 'acknowledge', 'flags', 'reset'] as const;
export const VRING_ACTIONS = ['avail', 'used', 'kick'] as const;
export const DIRECTIONS = ['tx', 'rx'] as const;
export const CORE_STATES = ['started', 'stopped', 'crashed'] as const;

/** Index in `MU_ACTIONS`: those of a doorbell are told apart by comparing, as a table of words would cost more than all the rest. */
function muAction(action: (typeof MU_ACTIONS)[number]): number {
  return action === 'transmit' ? 0 : action === 'receive' ? 1 : MU_ACTIONS.indexOf(action);
}

const CORE_STATE: Readonly<Record<string, number>> = Object.fromEntries(CORE_STATES.map((word, index) => [word, index]));

/** Types of events with a payload, as bits. */
const WITH_PAYLOAD = [CONSOLE, TYPE.dmesg, MESSAGE, TYPE.core, TYPE.fault, TYPE.finding].reduce((mask, type) => mask | (1 << type), 0);

/** The console of kernel messages. */
export const DMESG = 'linux';

const LF = 10;
const CR = 13;
const TWO_32 = 2 ** 32;
const encoder = new TextEncoder();

type EventOf<T extends MachineEvent['type']> = Extract<MachineEvent, { type: T }>;

/** A console's line that is not complete. */
class Line {
  readonly device: string;
  readonly bytes = new Uint8Array(LINE_BYTES);
  length = 0;
  first = 0;
  last = 0;

  constructor(device: string) {
    this.device = device;
  }
}

/** Keeps what happens in one run. */
export class Recorder {
  readonly log = new EventLog(WITH_PAYLOAD);
  readonly consoles = new ConsoleLogs();
  /** Messages since the beginning, by direction. */
  readonly messages = { tx: 0, rx: 0 };
  /** Cycle at which the kernel of a line of dmesg began, by their order: there are as many as Linux was booted. */
  readonly kernelStarts: number[] = [0];
  private readonly lines = new Map<string, Line>();
  private lastLine: Line | undefined;
  private open = 0;
  /** The device and the messaging unit of the last event, with the numbers of their names: it is nearly always the same one. */
  private device: string | undefined;
  private deviceNumber = 0;
  private unit: string | undefined;
  private unitNumber = 0;
  private readonly silence: Timer | undefined;
  private readonly silent: number;
  private readonly now: () => number;
  readonly hz: number;

  /** `hz`: cycles per second of what is recorded. With `machine`, unfinished lines come out by themselves. */
  constructor(hz: number, machine?: Pick<Machine, 'watchers' | 'scheduler'>) {
    this.hz = hz;
    this.silent = (SILENCE_NS * hz) / 1e9;
    this.now = machine ? () => machine.scheduler.now : () => 0;
    this.silence = machine?.watchers.timer('view: unfinished lines', () => {
      this.flushLines(this.now() - this.silent);
      if (this.open > 0) this.silence!.armIn(this.silent);
    });
  }

  /** Keeps an event; to be subscribed as it is, since a function around it would cost as much again. */
  readonly add = (event: MachineEvent): void => {
    switch (event.type) {
      case 'vring':
        this.vring(event);
        return;
      case 'mu':
        this.mu(event);
        return;
      case 'message':
        this.message(event);
        return;
      case 'console':
        this.consoles.of(event.device)?.add(event.byte, event.cycle);
        this.lineByte(event.device, event.byte, event.cycle);
        return;
      case 'dmesg':
        this.dmesg(event.cycle, event.level, event.text, event.since ?? 0);
        return;
      case 'core':
        this.log.addText(event.cycle, TYPE.core, CORE_STATE[event.state]!, event.core, event.detail);
        return;
      case 'fault':
        this.log.addText(event.cycle, TYPE.fault, 0, event.fault, event.text);
        return;
    }
  };

  private vring({ cycle, action, device, queue, id, length }: EventOf<'vring'>): void {
    if (device !== this.device) this.newDevice(device);
    const detail = action === 'avail' ? 0 : action === 'used' ? 1 : 2;
    if (length < WIDE_LENGTH && queue < 256) this.log.add(cycle, VRING, detail, this.deviceNumber, id, ((queue << 24) | length) >>> 0);
    else this.log.add(cycle, VRING, detail | WIDE, this.log.nameNumber(`${device}${SEPARATOR}${queue}`), id, length);
  }

  private mu({ cycle, side, action, mu, channel, value }: EventOf<'mu'>): void {
    if (mu !== this.unit) {
      this.unit = mu;
      this.unitNumber = this.log.nameNumber(mu);
    }
    this.log.add(cycle, MU, (side === 'A' ? 0 : 1) | (muAction(action) << 1), this.unitNumber, channel, value);
  }

  private message({ cycle, direction, device, src, dst, data }: EventOf<'message'>): void {
    if (device !== this.device) this.newDevice(device);
    const rx = direction === 'rx';
    if (rx) this.messages.rx++;
    else this.messages.tx++;
    const { length } = data;
    if (length <= MESSAGE_BYTES) this.log.addBytes(cycle, MESSAGE, rx ? 1 : 0, this.deviceNumber, src, dst, data, length);
    else this.longMessage(cycle, rx ? 1 : 0, src, dst, data);
  }

  /** Only its beginning is kept, and its length behind that. */
  private longMessage(cycle: number, detail: number, src: number, dst: number, data: Uint8Array): void {
    const kept = new Uint8Array(MESSAGE_BYTES + 4);
    kept.set(data.subarray(0, MESSAGE_BYTES));
    new DataView(kept.buffer).setUint32(MESSAGE_BYTES, data.length, true);
    this.log.addBytes(cycle, MESSAGE, detail | CUT, this.deviceNumber, src, dst, kept, kept.length);
  }

  private newDevice(device: string): void {
    this.device = device;
    this.deviceNumber = this.log.nameNumber(device);
  }

  /** Something that imx-sim noticed. */
  finding(finding: Finding): void {
    this.log.addText(finding.cycle ?? this.now(), TYPE.finding, 0, finding.kind, JSON.stringify(finding));
  }

  /** Takes away all that lies beyond `cycle`; number of the first event that is gone. */
  forget(cycle: number): number {
    for (const line of this.lines.values()) line.length = 0;
    this.open = 0;
    this.consoles.forget(cycle);
    return this.log.forget(cycle);
  }

  /** Unfinished lines of consoles that have been silent since `cycle` become events. */
  flushLines(cycle = Number.POSITIVE_INFINITY): void {
    if (this.open === 0) return;
    for (const line of this.lines.values()) if (line.length > 0 && line.last <= cycle) this.flush(line);
  }

  private lineByte(device: string, byte: number, cycle: number): void {
    let line = this.lastLine;
    if (!line || line.device !== device) {
      line = this.lines.get(device);
      if (!line) {
        if (!this.consoles.find(device)) return;
        line = new Line(device);
        this.lines.set(device, line);
      }
      this.lastLine = line;
    }
    line.last = cycle;
    if (byte === LF) {
      if (line.length === 0) line.first = cycle;
      this.flush(line);
      return;
    }
    if (byte === CR) return;
    if (line.length === 0) {
      line.first = cycle;
      this.open++;
      if (this.silence && !this.silence.armed) this.silence.armIn(this.silent);
    }
    line.bytes[line.length++] = byte;
    if (line.length === LINE_BYTES) this.flush(line);
  }

  private flush(line: Line): void {
    const since = line.last - line.first;
    const { log } = this;
    log.addBytes(line.last, CONSOLE, 0, log.nameNumber(line.device), since % TWO_32, since / TWO_32, line.bytes, line.length);
    if (line.length > 0) this.open--;
    line.length = 0;
  }

  private dmesg(cycle: number, level: number, text: string, since: number): void {
    let start = this.kernelStarts.lastIndexOf(since);
    if (start < 0) start = this.kernelStarts.push(since) - 1;
    const stamp = dmesgTimestamp((cycle - since) / this.hz);
    this.consoles.of(DMESG)?.addAll(utf8(`${stamp}${text.replaceAll('\n', `\r\n${stamp}`)}\r\n`), cycle);
    this.log.addText(cycle, TYPE.dmesg, level, DMESG, text, start);
  }
}

/** UTF-8 of a text, for consoles. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}
