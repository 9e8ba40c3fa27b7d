/**
 * What one GDB asks for, packet by packet (GDB manual, appendix E): all-stop, one process, threads of the RTOS.
 *
 * Refused: non-stop mode (the machine is one clock), agent expressions (GDB evaluates conditions itself), tracepoints, files of the host.
 */
import type { HaltReason, Resume } from '../types.ts';
import { Breakpoints } from './breakpoints.ts';
import type { Answer, PacketHandler } from './connection.ts';
import { Course } from './course.ts';
import { PACKET_SIZE } from './framing.ts';
import { HostFiles } from './host-files.ts';
import { memoryMap } from './memory-map.ts';
import { MemoryPackets } from './memory-packets.ts';
import { Monitor } from './monitor.ts';
import { RegisterPackets } from './register-packets.ts';
import { type CallStart, SemihostingFiles } from './semihosting-files.ts';
import { stopReply, stopText } from './stop-reply.ts';
import type { GdbTarget } from './target.ts';
import { fromHex, parseHex, parseThread, textHex, xml } from './text.ts';
import { Threads } from './threads.ts';
import { resumptionOf } from './vcont.ts';

const BAD = 'E01';
/** Characters of an O packet, whose hex digits are twice as many. */
const OUTPUT_PIECE = 0x1000;
/** Text for the user that waits for a moment at which GDB takes some. */
const MOST_PENDING = 64 * 1024;

/** Where text for the user goes. */
export interface Output {
  send(payload: string): void;
}

/** The session of one client. */
export class Remote implements PacketHandler {
  withoutAcks = false;
  over = false;
  private readonly target: GdbTarget;
  private readonly owner: string;
  private readonly output: Output;
  private readonly left: () => void;
  private readonly threads: Threads;
  private readonly registers: RegisterPackets;
  private readonly memory: MemoryPackets;
  private readonly points: Breakpoints;
  private readonly course: Course;
  private readonly files: HostFiles;
  private readonly monitor: Monitor;
  private readonly semihosting: SemihostingFiles;
  private readonly unsubscribe: () => void;
  private attached = false;
  private extended = false;
  private tellsBreaks = false;
  /** Chosen by Hg; undefined: the live one. */
  private chosen: number | undefined;
  /** O packets are taken now. */
  private talking = false;
  private pending = '';
  /** A watched access was not the core's and is done already, so that there is nothing to step over when GDB's step over it comes. */
  private accessDone = false;
  /** The run is over, which GDB was told as a stop; it ends when it goes on. */
  private atEnd = false;
  /** How to go on when a semihosting call is done. */
  private fileIoCourse: { readonly how: Resume; readonly thread: number | undefined } | undefined;

  constructor(target: GdbTarget, owner: string, output: Output, left: () => void) {
    this.target = target;
    this.owner = owner;
    this.output = output;
    this.left = left;
    this.threads = new Threads(target);
    this.registers = new RegisterPackets(target, this.threads);
    this.memory = new MemoryPackets(target);
    this.points = new Breakpoints(target, owner);
    this.course = new Course(target, this.threads, owner, (text) => this.say(text));
    this.files = new HostFiles(target);
    this.semihosting = new SemihostingFiles(target, `${owner} semihosting`, this.memory);
    this.monitor = new Monitor({ target, threads: this.threads, course: this.course, semihosting: this.semihosting });
    this.unsubscribe = target.debugger.subscribe((event) => {
      if (event.type === 'notice') this.say(event.text);
    });
  }

  handle(packet: Uint8Array): Answer | Promise<Answer> {
    let text = '';
    for (let at = 0; at < packet.length; at += 4096) text += String.fromCharCode(...packet.subarray(at, at + 4096));
    const rest = text.slice(1);
    switch (text[0]) {
      case '?':
        return this.attach();
      case '!':
        this.extended = true;
        return 'OK';
      case 'g':
        return this.registers.readAll(this.thread);
      case 'G':
        return this.registers.writeAll(this.thread, rest);
      case 'p':
        return this.registers.read(this.thread, rest);
      case 'P':
        return this.registers.write(this.thread, rest);
      case 'm':
        return this.memory.readHex(rest);
      case 'x':
        return this.memory.readBinary(rest);
      case 'M':
        return this.memory.write(rest, false);
      case 'X':
        return this.memory.write(rest, true);
      case 'Z':
      case 'z':
        return this.points.packet(text);
      case 'H':
        return this.choose(rest);
      case 'T':
        return this.existing(rest) === undefined ? BAD : 'OK';
      case 'c':
      case 'C':
      case 's':
      case 'S':
      case 'b':
        return this.resumePacket(text);
      case 'D':
        return this.leave('OK');
      case 'k':
        return this.leave(undefined);
      case 'R':
        return this.extended ? this.restart().then(() => undefined) : '';
      case 'F':
        return this.fileIoReply(rest);
      case 'q':
        return this.query(text);
      case 'Q':
        return this.setting(text);
      case 'v':
        return this.verbose(text);
      default:
        return '';
    }
  }

  interrupt(): void {
    if (this.attached) this.course.interrupt();
  }

  closed(): void {
    this.course.close();
    this.over = true;
    this.unsubscribe();
    this.detach();
    this.left();
  }

  private get thread(): number {
    const { chosen } = this;
    return chosen === undefined ? this.threads.live() : chosen;
  }

  private choose(text: string): string {
    // Hc is of the time before vCont; the course of the machine is not a thread's.
    if (!text.startsWith('g')) return 'OK';
    const thread = parseThread(text.slice(1)) === 'any' ? 'any' : this.existing(text.slice(1));
    if (thread === undefined) return BAD;
    this.chosen = thread === 'any' ? undefined : thread;
    return 'OK';
  }

  private existing(text: string): number | undefined {
    const thread = parseThread(text);
    return typeof thread === 'number' && this.threads.exists(thread) ? thread : undefined;
  }

  // --- coming and going

  /** Why the machine stands still; it is halted if it runs. */
  private async attach(): Promise<string> {
    if (!this.attached) {
      this.attached = true;
      this.target.debugger.attach(this.owner);
    }
    const runs = this.target.debugger.halted === undefined;
    const reason = await this.course.halt();
    // Whoever attaches has asked for the halt, which is no signal.
    return this.reply(runs && reason.kind === 'request' ? { kind: 'start' } : reason);
  }

  private leave(answer: string | undefined): Answer {
    this.detach();
    if (!this.extended) this.over = true;
    return answer;
  }

  private detach(): void {
    if (!this.attached) return;
    this.attached = false;
    const { debugger: api } = this.target;
    this.semihosting.enable(false);
    this.points.forget();
    api.detach(this.owner);
    const { halted } = api;
    // Others are there, too; what GDB has stopped goes on all the same.
    if (halted && halted.kind !== 'crashed' && halted.kind !== 'ended' && !this.over) void api.resume({ kind: 'continue' }).catch(() => {});
  }

  private async restart(): Promise<string> {
    if (!this.attached) {
      this.attached = true;
      this.target.debugger.attach(this.owner);
    }
    await this.course.halt();
    return this.reply(await this.target.debugger.restart());
  }

  // --- running

  private resumePacket(text: string): Answer | Promise<Answer> {
    switch (text) {
      case 'bs':
        return this.go({ kind: 'reverse-step', core: this.target.core });
      case 'bc':
        return this.go({ kind: 'reverse-continue', after: true });
      default: {
        const how = resumptionOf(text, this.target.core, (id) => this.threads.live() === id);
        if (typeof how === 'string') return how;
        if (how.address !== undefined) this.target.debugger.writeRegister(this.target.core, 'pc', how.address);
        return this.go(how.resume, how.thread);
      }
    }
  }

  private async go(how: Resume, thread?: number): Promise<Answer> {
    if (!this.attached) return BAD;
    const backward = how.kind === 'reverse-step' || how.kind === 'reverse-continue';
    const step = how.kind === 'step' || how.kind === 'reverse-step';
    const { accessDone } = this;
    this.accessDone = false;
    if (step && !backward && accessDone) return this.reply({ kind: 'step', core: this.target.core });
    if (this.atEnd && !backward) return 'W00';
    this.talk();
    if (how.kind === 'step' && this.semihosting.atCall) {
      const call = this.semihosting.begin({ kind: 'step', core: this.target.core });
      if (call && call.kind !== 'native') return this.fileIo(call, how, thread);
    }
    const live = this.threads.live();
    const reason = await this.semihosting.within(backward, () => this.course.run(how, thread));
    this.threads.hold(step ? live : undefined);
    this.accessDone = !backward && reason.kind === 'watchpoint' && reason.pc === undefined;
    const call = backward ? undefined : this.semihosting.begin(reason);
    if (call) return this.fileIo(call, how, thread);
    return this.reply(reason);
  }

  /** The stop reply; what GDB has no word for goes before it. */
  private reply(reason: HaltReason): string {
    const { target, threads } = this;
    if (!this.over) this.chosen = undefined;
    this.atEnd = reason.kind === 'ended';
    const text = stopText(target, reason);
    if (text !== undefined) this.say(`${text}\n`);
    this.talking = false;
    return stopReply(target, reason, {
      common: `thread:${threads.live().toString(16)};${this.registers.expedited()}`,
      pointOf: (id) => this.points.kindOf(id),
      tellsBreaks: this.tellsBreaks,
    });
  }

  // --- File-I/O

  private fileIo(call: CallStart, how: Resume, thread: number | undefined): Answer | Promise<Answer> {
    if (call.kind === 'native') return this.go(how, thread);
    if (call.kind === 'done') return this.afterCall(how, thread);
    this.fileIoCourse = { how, thread };
    this.talking = false;
    return call.request;
  }

  private fileIoReply(text: string): Answer | Promise<Answer> {
    const course = this.fileIoCourse;
    if (!course) return '';
    this.fileIoCourse = undefined;
    const { next, interrupted } = this.semihosting.answered(text);
    if (next !== null) {
      this.fileIoCourse = course;
      return next;
    }
    if (interrupted) return this.reply({ kind: 'request' });
    return this.afterCall(course.how, course.thread);
  }

  private afterCall(how: Resume, thread: number | undefined): Answer | Promise<Answer> {
    return how.kind === 'step' && !how.range ? this.reply({ kind: 'step', core: this.target.core }) : this.go(how, thread);
  }

  // --- text for the user

  /** GDB takes O packets while it waits for the machine, and for a monitor command. */
  private say(text: string): void {
    if (this.over) return;
    const line = text.endsWith('\n') ? text : `${text}\n`;
    if (this.talking) this.print(line);
    else if (this.pending.length + line.length <= MOST_PENDING) this.pending += line;
  }

  private talk(): void {
    this.talking = true;
    const { pending } = this;
    this.pending = '';
    if (pending !== '') this.print(pending);
  }

  private print(text: string): void {
    for (let at = 0; at < text.length; at += OUTPUT_PIECE) this.output.send(`O${textHex(text.slice(at, at + OUTPUT_PIECE))}`);
  }

  private async command(hex: string): Promise<string> {
    const bytes = fromHex(hex);
    if (!bytes) return BAD;
    this.talk();
    const text = await this.monitor.run(new TextDecoder().decode(bytes));
    if (text !== '') this.print(text.endsWith('\n') ? text : `${text}\n`);
    this.talking = false;
    this.accessDone = false;
    return 'OK';
  }

  // --- queries and settings

  private query(text: string): Answer | Promise<Answer> {
    if (text.startsWith('qRcmd,')) return this.command(text.slice(6));
    if (text.startsWith('qXfer:')) return this.transfer(text.slice(6));
    if (text.startsWith('qCRC:')) return this.memory.checksum(text.slice(5));
    if (text.startsWith('qSearch:memory:')) return this.memory.search(text.slice(15));
    if (text.startsWith('qThreadExtraInfo,')) return this.threadText(text.slice(17));
    if (text.startsWith('qAttached')) return '1';
    switch (text.split(':', 1)[0]) {
      case 'qSupported':
        return this.supported(text.slice('qSupported:'.length));
      case 'qC':
        return `QC${this.threads.live().toString(16)}`;
      case 'qfThreadInfo':
        return `m${this.threads
          .list()
          .map(({ id }) => id.toString(16))
          .join(',')}`;
      case 'qsThreadInfo':
        return 'l';
      case 'qOffsets':
        return 'Text=0;Data=0;Bss=0';
      case 'qSymbol':
        return 'OK';
      default:
        return '';
    }
  }

  private supported(theirs: string): string {
    const features = theirs.split(';');
    this.tellsBreaks = features.includes('swbreak+') || features.includes('hwbreak+');
    const back = this.target.debugger.noWayBack === undefined ? ['ReverseStep+', 'ReverseContinue+'] : [];
    const ours = ['swbreak+', 'hwbreak+', 'vContSupported+', 'binary-upload+', 'QStartNoAckMode+', ...back];
    const objects = ['features', 'memory-map', 'threads', 'exec-file'].map((object) => `qXfer:${object}:read+`);
    return [`PacketSize=${PACKET_SIZE.toString(16)}`, ...ours, ...objects].join(';');
  }

  private threadText(id: string): string {
    const thread = this.threads.list().find((each) => each.id === parseThread(id));
    return thread ? textHex(`${thread.name}: ${thread.detail}`) : BAD;
  }

  private transfer(text: string): string {
    const [object, operation, annex, window] = text.split(':');
    if (operation !== 'read') return '';
    const [offset, length] = (window ?? '').split(',').map((part) => parseHex(part));
    if (offset === undefined || length === undefined) return BAD;
    const whole = this.object(object, annex);
    if (whole === undefined) return object === 'features' || object === 'exec-file' ? 'E00' : '';
    const part = whole.slice(offset, offset + Math.min(length, PACKET_SIZE / 2));
    return `${offset + part.length >= whole.length ? 'l' : 'm'}${part}`;
  }

  private object(name: string | undefined, annex: string | undefined): string | undefined {
    switch (name) {
      case 'features':
        return annex === 'target.xml' ? this.registers.set.description : undefined;
      case 'memory-map':
        return memoryMap(this.target.machine.view(this.target.core));
      case 'threads': {
        const threads = this.threads
          .list()
          .map(({ id, name: called, detail }) => `<thread id="${id.toString(16)}" core="0" name="${xml(called)}">${xml(detail)}</thread>`);
        return ['<?xml version="1.0"?>', '<threads>', ...threads, '</threads>', ''].join('\n');
      }
      case 'exec-file':
        return this.files.name;
      default:
        return undefined;
    }
  }

  private setting(text: string): string {
    switch (text) {
      case 'QStartNoAckMode':
        this.withoutAcks = true;
        return 'OK';
      case 'QNonStop:0':
        return 'OK';
      case 'QNonStop:1':
        return 'E.imx-sim has no non-stop mode: the machine is one clock; see monitor linux for a Linux that runs on';
      default:
        return '';
    }
  }

  private verbose(text: string): Answer | Promise<Answer> {
    if (text === 'vCont?') return 'vCont;c;C;s;S;r';
    if (text.startsWith('vCont;')) return this.resumePacket(text);
    if (text === 'vCtrlC') {
      this.interrupt();
      return 'OK';
    }
    if (text.startsWith('vKill')) return this.leave('OK');
    if (text.startsWith('vRun')) return this.extended ? this.restart() : '';
    if (text.startsWith('vAttach;')) return this.extended ? this.attach() : '';
    if (text.startsWith('vFlash')) return this.memory.flashPacket(text);
    if (text.startsWith('vFile:')) return this.files.packet(text.slice(6));
    return '';
  }
}
