/**
 * The faults of one machine: what each waits for, when its moment has come, what is still to be done or undone.
 *
 * All that goes on is plain data in the machine (`FaultPort`), so that a snapshot has it. What happens between two instructions happens by one timer of the hardware's
 * clock; doorbells are looked at on their way (`MessagingUnit.interposer`). An event or a hook in the middle of a core's slice only
 * arms that timer, for now.
 */
import { invariant, UsageError } from '../errors.ts';
import type { MachineEvent } from '../events.ts';
import type { Machine } from '../machine.ts';
import { hex32 } from '../memory/bits.ts';
import type { Doorbell, DoorbellFate } from '../mu/messaging-unit.ts';
import { timeText } from '../time/duration.ts';
import { faultSpec } from './catalogue.ts';
import type { EffectContext } from './effect-context.ts';
import { EFFECTS } from './effects.ts';
import { type Fault, faultText, parseFaults } from './grammar.ts';
import { applyLinuxEffect, FAULT_IN_LINUX, type LinuxEffect } from './linux-effects.ts';
import type { FaultEntry, FaultPort, FaultTask, Injection, StepData } from './port.ts';
import { Random } from './random.ts';
import { hideAgain } from './vring-effects.ts';

/** Virtual time between two attempts to deliver a doorbell that finds its place taken, in ns, and how many there are. */
const RETRY_NS = 10e3;
const MOST_RETRIES = 10_000;
/** Characters of a console's line that expressions see. */
const LONGEST_LINE = 512;

/** Faults on a machine; as good as absent while there are none. */
export class Faults {
  private readonly machine: Machine;
  private readonly state: FaultPort;
  private unsubscribe: (() => void) | undefined;
  private readonly hooks = new Map<number, () => void>();

  /** Whoever did it for this machine before does so no more. `seed` decides what no parameter says; that of the machine's snapshot unless given. */
  constructor(machine: Machine, seed?: number) {
    this.machine = machine;
    this.state = machine.faultPort;
    const { state } = this;
    state.onTakeover?.();
    state.onTakeover = () => this.disconnect();
    state.onDue = () => this.due();
    state.onRestored = () => this.reconnect();
    if (seed !== undefined) state.seed = seed;
    this.reconnect();
  }

  /** Faults of `plan` on a machine that has not begun to run. @throws {UsageError} */
  static install(machine: Machine, plan: readonly (string | Fault)[], seed = 1): Faults {
    const faults = new Faults(machine, seed);
    for (const fault of plan) faults.add(fault);
    return faults;
  }

  /** What has been done so far, oldest first. */
  get injections(): readonly Injection[] {
    return this.state.injections;
  }

  /** Faults with what the seed has decided of their moments, as text. */
  get plan(): readonly string[] {
    return this.state.entries.map(({ fault }) => faultText(fault));
  }

  /** True when nothing is left to be done or undone, and nothing waits for its moment. */
  get over(): boolean {
    return this.state.agenda.length === 0 && this.state.entries.every(({ left }) => left === 0);
  }

  /** Lets one fault, or several as text, happen. @throws {UsageError} for what is none, or cannot be on this machine */
  add(fault: string | Fault): void {
    // All of them are looked at before the first is there.
    const given = typeof fault === 'string' ? parseFaults(fault) : [fault];
    for (const each of given) this.addOne(each);
    this.connect();
  }

  private addOne(given: Fault): void {
    const { machine, state } = this;
    const { scheduler } = machine;
    const index = state.entries.length;
    const spec = faultSpec(given.name);
    if ((spec.side === 'linux' || spec.occasion === 'ring') && !machine.linux)
      throw new UsageError(`fault ${given.name}: the machine has no Linux`, 'leave out --no-linux', '--faults');
    if (spec.occasion === 'doorbell' && machine.units.length === 0)
      throw new UsageError(`fault ${given.name}: the machine has no messaging unit`, 'leave it out', '--faults');
    let { when } = given;
    if (when.kind === 'random') when = { kind: 'time', ns: randomTime(new Random(state.seed, index), when.from, when.to) };
    else if (when.kind === 'time' && when.relative) when = { kind: 'time', ns: scheduler.nsFromCycles(scheduler.now) + when.ns };
    if (when.kind === 'symbol') this.symbol(when.name);
    EFFECTS[given.name]?.check?.({ machine, parameters: given.parameters });
    const count = Number(given.parameters['count'] ?? 1);
    const fault = { ...given, when };
    state.entries.push({ fault, seen: 0, left: count === 0 ? -1 : count, active: false, draws: 0, counted: false, lasting: false });
    if (when.kind === 'time') this.schedule(scheduler.cyclesFromNs(when.ns), index, 'time');
    if (when.kind === 'state' && this.stateNow().includes(when.state)) this.occurred(index, 1);
    this.hook(index);
  }

  /** What `state=` would wait for and is so already. */
  private stateNow(): string[] {
    const { linux, core } = this.machine;
    const words: string[] = core.halted ? [] : ['started'];
    const state = linux ? linux.remoteproc(core.name)?.state : core.halted ? undefined : 'running';
    return state && state !== 'offline' ? [...words, state] : words;
  }

  /** Hears and intercepts what the faults that are there need. */
  private connect(): void {
    const { machine, state } = this;
    if (state.entries.length === 0) return;
    this.unsubscribe ??= machine.events.subscribeParticipant((event) => this.event(event));
    for (const [number, { unit }] of machine.units.entries()) unit.interposer = (doorbell) => this.rung(number, doorbell);
  }

  private disconnect(): void {
    this.unsubscribe?.();
    this.unsubscribe = undefined;
    for (const { unit } of this.machine.units) unit.interposer = undefined;
    for (const remove of this.hooks.values()) remove();
    this.hooks.clear();
  }

  /** The state may be that of another machine. */
  private reconnect(): void {
    this.disconnect();
    for (const index of this.state.entries.keys()) this.hook(index);
    this.connect();
  }

  private symbol(name: string): number {
    const symbol = this.machine.symbols.lookup(name);
    if (symbol) return symbol.address;
    throw new UsageError(`fault @symbol=${name}: the firmware has no symbol ${name}`, 'nm shows those that it has', '--faults');
  }

  private hook(index: number): void {
    const { fault, left } = this.entry(index);
    if (fault.when.kind !== 'symbol' || left === 0 || this.hooks.has(index)) return;
    let seen = -1;
    const remove = this.machine.core.addHook(this.symbol(fault.when.name), ({ instructions, entries }) => {
      // The instruction may begin once more: a debugger has changed something before it.
      if (instructions + entries !== seen) this.occurred(index, 1);
      seen = instructions + entries;
      return 'continue';
    });
    this.hooks.set(index, remove);
  }

  private entry(index: number): FaultEntry {
    const entry = this.state.entries[index];
    invariant(entry, `fault ${index}`);
    return entry;
  }

  // --- moments

  /** It is its turn, after `seen` occurrences of which number `first` is the first that counts; it then has one less left. */
  private turn(entry: FaultEntry, first: number): boolean {
    if (entry.left === 0) return false;
    entry.seen++;
    const every = Math.max(Number(entry.fault.parameters['every'] ?? 1), 1);
    if (entry.seen < first || (entry.seen - first) % every !== 0) return false;
    if (entry.left > 0) entry.left--;
    return true;
  }

  /** What a fault waits for has occurred; `first` is the number of the first that counts. */
  private occurred(index: number, first: number): void {
    const entry = this.entry(index);
    if (!arms(entry.fault)) {
      if (this.turn(entry, first)) this.schedule(this.machine.scheduler.now, index, 'act');
    } else if (!entry.active && ++entry.seen >= first) {
      entry.active = true;
      entry.seen = 0;
    }
  }

  private event(event: MachineEvent): void {
    const { entries } = this.state;
    if (event.type === 'vring' && event.action === 'avail') {
      this.state.agenda = this.state.agenda.map((task) => {
        const hidden = task.step === 'show' && task.data['device'] === event.device && task.data['queue'] === event.queue;
        return hidden ? { ...task, data: hideAgain(this.machine, task.data) } : task;
      });
      return;
    }
    for (const [index, { fault, left }] of entries.entries()) {
      if (left === 0) continue;
      const { when } = fault;
      if (when.kind === 'message' && event.type === 'message') this.occurred(index, when.number);
      else if (when.kind === 'line') this.printed(index, when.source, when.pattern, event);
      else if (when.kind === 'state' && reaches(event, when.state, this.machine.linux === undefined)) this.occurred(index, 1);
    }
    if (event.type === 'console') this.keepLine(event.device, event.byte);
  }

  /** A character of a console, or a line of dmesg, for a fault that waits for one of `source`. */
  private printed(index: number, source: string, pattern: string, event: MachineEvent): void {
    const entry = this.entry(index);
    if (event.type === 'dmesg' && source === 'linux') {
      if (new RegExp(pattern).test(event.text)) this.occurred(index, 1);
    } else if (
      event.type === 'console' &&
      (source === event.device || (source === 'console' && event.device === this.machine.consoleName))
    ) {
      if (event.byte === 10) {
        entry.counted = false;
        return;
      }
      const line = `${this.state.lines[event.device] ?? ''}${String.fromCharCode(event.byte)}`;
      if (entry.counted || !new RegExp(pattern).test(line)) return;
      entry.counted = true;
      this.occurred(index, 1);
    }
  }

  private keepLine(device: string, byte: number): void {
    const { lines, entries } = this.state;
    if (!entries.some(({ fault }) => fault.when.kind === 'line')) return;
    lines[device] = byte === 10 ? '' : `${lines[device] ?? ''}${String.fromCharCode(byte)}`.slice(-LONGEST_LINE);
  }

  // --- doorbells

  /** A doorbell is on its way: what becomes of it, and whose moment that is. */
  private rung(unit: number, doorbell: Doorbell): DoorbellFate {
    const { state, machine } = this;
    const from = doorbell.side === machine.units[unit]!.linux ? 'linux' : 'core';
    if (from === 'linux') state.last = { unit, doorbell };
    let fate: DoorbellFate = 'arrives';
    const overtaken = state.agenda.filter(
      ({ step, data }) => step === 'deliver' && data['waits'] === true && data['side'] === doorbell.side,
    );
    for (const [index, entry] of state.entries.entries()) {
      const { when, name, parameters } = entry.fault;
      const { occasion } = faultSpec(name);
      const counted = when.kind === 'doorbell';
      if (!counted && !entry.active) continue;
      if (occasion === 'doorbell') {
        if (parameters['from'] !== 'any' && parameters['from'] !== from) continue;
        if (this.turn(entry, counted ? when.number : 1)) fate = this.intercept(index, unit, doorbell, from, fate);
      } else if (occasion === 'ring') {
        if (this.concerns(entry, doorbell, from) && this.turn(entry, counted ? when.number : 1))
          this.schedule(machine.scheduler.now, index, 'act');
      } else if (counted) this.occurred(index, when.number);
    }
    // What waited for the next one comes behind it.
    for (const task of overtaken) this.reschedule(task, { ...task.data, waits: false });
    return fate;
  }

  /** Whether the fault, which is one of a vring, looks at this doorbell. */
  private concerns({ fault }: FaultEntry, { kind, value }: Doorbell, from: string): boolean {
    const { field = '', queue } = fault.parameters;
    if (from !== (String(field).startsWith('used') ? 'core' : 'linux')) return false;
    return from === 'core' || kind === 'general' || value >>> 16 === (queue === 'tx' ? 1 : 0);
  }

  /** What a fault of the doorbell itself makes of it. */
  private intercept(index: number, unit: number, doorbell: Doorbell, from: string, fate: DoorbellFate): DoorbellFate {
    const { name, parameters } = this.entry(index).fault;
    const { scheduler } = this.machine;
    const { kind, channel, value, side } = doorbell;
    const what = `${kind === 'word' ? `word ${hex32(value)}` : 'general interrupt'} of ${from === 'linux' ? 'Linux' : this.machine.core.name} on ${this.machine.units[unit]!.unit.name} channel ${channel}`;
    const later = (ns: number, waits: boolean): void =>
      this.schedule(scheduler.now + scheduler.cyclesFromNs(ns), index, 'deliver', { unit, side, kind, channel, value, waits, tries: 0 });
    switch (name) {
      case 'doorbell-drop':
        this.inject(index, `${what} is lost${parameters['taken'] === 'no' ? ', and never counts as taken' : ''}`);
        return parameters['taken'] === 'no' ? 'stays' : 'lost';
      case 'doorbell-delay':
        later(Number(parameters['by']), false);
        this.inject(index, `${what} arrives ${timeText(Number(parameters['by']))} later`);
        return 'stays';
      case 'doorbell-duplicate':
        later(Number(parameters['after']), false);
        this.inject(index, `${what} arrives again after ${timeText(Number(parameters['after']))}`);
        return fate;
      default:
        later(Number(parameters['within']), true);
        this.inject(index, `${what} arrives behind the next one`);
        return 'lost';
    }
  }

  private deliver(index: number, data: StepData): void {
    const { unit, side, kind, channel, value, tries } = data;
    const doorbell = { side, kind, channel, value } as Doorbell;
    const { scheduler, units } = this.machine;
    if (units[Number(unit)]!.unit.deliver(doorbell)) return;
    if (Number(tries) >= MOST_RETRIES) return;
    this.schedule(scheduler.now + scheduler.cyclesFromNs(RETRY_NS), index, 'deliver', { ...data, waits: false, tries: Number(tries) + 1 });
  }

  // --- the agenda

  private schedule(cycle: number, entry: number, step: string, data: StepData = {}): void {
    const { agenda } = this.state;
    const at = agenda.findIndex((task) => task.cycle > cycle);
    agenda.splice(at < 0 ? agenda.length : at, 0, { cycle, entry, step, data });
    this.rearm();
  }

  private reschedule(task: FaultTask, data: StepData): void {
    const { agenda } = this.state;
    agenda.splice(agenda.indexOf(task), 1);
    this.schedule(this.machine.scheduler.now, task.entry, task.step, data);
  }

  private rearm(): void {
    const [first] = this.state.agenda;
    if (first) this.state.timer.armAt(first.cycle);
    else this.state.timer.cancel();
  }

  private due(): void {
    const { scheduler } = this.machine;
    const { state } = this;
    for (let task = state.agenda[0]; task && task.cycle <= scheduler.now; task = state.agenda[0]) {
      state.agenda.shift();
      this.perform(task);
    }
    this.rearm();
  }

  private perform({ entry: index, step, data }: FaultTask): void {
    const entry = this.entry(index);
    const { name, parameters } = entry.fault;
    if (step === 'time') {
      const { scheduler } = this.machine;
      this.occurred(index, 1);
      const period = scheduler.cyclesFromNs(Math.max(Number(parameters['period']), 1e3));
      if (entry.left !== 0 && !entry.active) this.schedule(scheduler.now + period, index, 'time');
    } else if (step === 'deliver') this.deliver(index, data);
    else {
      const effect = EFFECTS[name];
      invariant(effect, `effect of ${name}`);
      if (step === 'end' && this.heldByOthers(index)) return;
      if (step === 'act' && effect.steps?.['end'] && Number(parameters['for']) === 0) entry.lasting = true;
      const text = step === 'act' ? effect.act(this.context(index)) : effect.steps?.[step]?.(this.context(index), data);
      if (text !== undefined) this.inject(index, text);
    }
  }

  /** Another fault does the same to the same for longer, or for good: it is not undone yet. */
  private heldByOthers(index: number): boolean {
    const { agenda, entries } = this.state;
    const { name, parameters } = this.entry(index).fault;
    if (name === 'suspend') return false;
    const alike = ({ fault }: FaultEntry): boolean => fault.name === name && fault.parameters['block'] === parameters['block'];
    return (
      agenda.some(({ step, entry }) => step === 'end' && alike(this.entry(entry))) || entries.some((entry) => entry.lasting && alike(entry))
    );
  }

  private inject(index: number, text: string): void {
    const { events, scheduler } = this.machine;
    const fault = this.entry(index).fault.name;
    const cycle = scheduler.now;
    this.state.injections.push({ cycle, fault, text });
    events.emit({ type: 'fault', cycle, fault, text });
  }

  private context(index: number): EffectContext {
    const { machine, state } = this;
    const entry = this.entry(index);
    const { scheduler } = machine;
    return {
      machine,
      parameters: entry.fault.parameters,
      random: () => new Random(state.seed, 1000 * (index + 1) + entry.draws++).u32(),
      later: (ns, step, data) => this.schedule(scheduler.now + scheduler.cyclesFromNs(ns), index, step, data),
      linux: (effect) => this.linux(effect),
      ringAgain: () => {
        if (state.last) this.deliver(index, { ...state.last.doorbell, unit: state.last.unit, waits: false, tries: MOST_RETRIES });
      },
      holdLinux: (held) => {
        if (entry.fault.name === 'linux-kill') state.linuxDead = true;
        machine.holdLinux(held || state.linuxDead);
      },
    };
  }

  /** An input for Linux that follows from what is known already, so that only Linux's own history notes it. */
  private linux(effect: LinuxEffect): void {
    const { linux, linuxHistory } = this.machine;
    if (!linux) return;
    linuxHistory?.call(FAULT_IN_LINUX, [effect]);
    applyLinuxEffect(linux, effect);
  }
}

/** A time in a window, in whole us if that is long enough. */
function randomTime(random: Random, from: number, to: number): number {
  const unit = to - from >= 10e3 ? 1e3 : 1;
  return from + random.below(Math.floor((to - from) / unit) + 1) * unit;
}

/** Whether the moment of the fault is only that from which on it waits for a doorbell. */
function arms({ name, when }: Fault): boolean {
  const { occasion } = faultSpec(name);
  if (occasion === 'doorbell') return when.kind !== 'doorbell';
  return occasion === 'ring' && when.kind !== 'doorbell';
}

/** Whether the event is that the core, or its remote processor, comes to `state`; `bare`: a core without Linux runs once it is started. */
function reaches(event: MachineEvent, state: string, bare: boolean): boolean {
  if (event.type === 'core') return event.state === state || (bare && state === 'running' && event.state === 'started');
  if (event.type !== 'dmesg') return false;
  if (state === 'running') return /^remoteproc remoteproc\d+: remote processor \S+ is now up$/.test(event.text);
  if (state === 'attached') return /^remoteproc remoteproc\d+: remote processor \S+ is now attached$/.test(event.text);
  return state === 'offline' && /^remoteproc remoteproc\d+: stopped remote processor /.test(event.text);
}
