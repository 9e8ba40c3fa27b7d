/**
 * The view of a run: its machine's events into the recorder, its debugger's into notifications, the methods of the protocol onto both.
 */
import type { DebuggerApi, DebuggerEvent, HaltReason } from '../debug/types.ts';
import { UsageError } from '../errors.ts';
import type { InputLog } from '../history/inputs.ts';
import type { Machine } from '../machine.ts';
import type { RunHost } from '../session/run-inputs.ts';
import { runShell, SHELL } from '../session/run-shell.ts';
import { fromBase64 } from './base64.ts';
import { MOST_BYTES } from './checks.ts';
import { consoleViews } from './consoles.ts';
import { addStopper, type Controls, resume, stopperView, until, VIEW } from './control.ts';
import type { EventNames } from './event-views.ts';
import { type HubHost, type SourceMethod, ViewHub, type ViewSource } from './hub.ts';
import { codeOf, placeOf } from './inspect/code.ts';
import type { InspectContext } from './inspect/context.ts';
import { isDataMethod, METHODS } from './inspect/methods.ts';
import { machineState } from './machine-state.ts';
import type { ViewPace } from './pace.ts';
import { findPlace } from './places.ts';
import type { ConsoleView, MachineState, Methods, Notifications, Overview, Place, StopperView } from './protocol.ts';
import { Recorder } from './recorder.ts';
import { RunWatch } from './run-watch.ts';
import { step } from './steps.ts';

/** What a view of a run is made with. */
export interface RunViewOptions {
  readonly machine: Machine;
  /** The door of the run: keys go through it. */
  readonly inputs: InputLog<RunHost>;
  /** Without one the run can be looked at only. */
  readonly debugger?: DebuggerApi;
  readonly pace?: ViewPace;
  /** For the page's title: what runs. */
  readonly title: string;
  /** Of imx-sim. */
  readonly version: string;
  readonly mode?: Notifications['hello']['mode'];
  /** True: the run has a console for semihosting. */
  readonly semihosting?: boolean;
  /** Called before somebody changes something: what a recording still has to come does not come then. */
  readonly beforeChange?: () => void;
  readonly readSource?: InspectContext['readSource'];
  readonly disassemble?: InspectContext['disassemble'];
  readonly host: HubHost;
}

/** The view of a run. To be made before the run begins, or it misses what happens before. */
export function viewOfRun(options: RunViewOptions): ViewHub {
  const source = new RunView(options);
  const hub = new ViewHub(source, options.host);
  source.connect(hub);
  return hub;
}

/** Data for the methods that change something, after which what was shown is stale. */
const CHANGING: ReadonlySet<string> = new Set(['memory.write', 'cpu.setRegister']);

class RunView implements ViewSource {
  readonly info: ViewSource['info'];
  readonly recorder: Recorder;
  readonly names: EventNames;
  private readonly options: RunViewOptions;
  private readonly context: InspectContext;
  private readonly watching: RunWatch;
  private hub: ViewHub | undefined;
  /** Steps that are under way, and the halt that one has led to by a breakpoint of its own. */
  private stepping = 0;
  private stepped: { readonly reason: HaltReason; readonly core: string } | undefined;
  /** Bytes that consoles were given while they were busy. */
  private readonly unread = new Map<string, number>();
  /** The present from which the machine went back, as far as this has heard. */
  private future: number | undefined;
  private readonly placeOf = (address: number): Place => placeOf(this.options.machine, address);

  constructor(options: RunViewOptions) {
    const { machine, debugger: debug, title, version, mode = 'live' } = options;
    this.options = options;
    this.info = { version, mode, title };
    const recorder = new Recorder(machine.soc.baseHz, machine);
    this.recorder = recorder;
    this.watching = new RunWatch(machine, recorder.log);
    this.names = this.watching;
    this.context = {
      machine,
      debugger: debug,
      messages: recorder.messages,
      readSource: options.readSource ?? (async () => undefined),
      ...(options.disassemble ? { disassemble: options.disassemble } : {}),
    };
    machine.events.subscribe(recorder.add);
    if (machine.linux) runShell(machine).onOutput = (bytes) => recorder.consoles.of(SHELL)?.addAll(bytes, machine.scheduler.now);
    const { onFirst } = machine.diagnostics;
    machine.diagnostics.onFirst = (diagnostic) => {
      onFirst?.(diagnostic);
      const { kind, block, register, text, cycle, pc } = diagnostic;
      const place = pc === undefined ? {} : { place: this.placeOf(pc) };
      recorder.finding({ kind, severity: 'warning', text: `${block} ${register} ${text}`, cycle, ...place });
    };
  }

  connect(hub: ViewHub): void {
    this.hub = hub;
    const { debugger: debug } = this.options;
    debug?.subscribe((event) => this.heard(event, hub));
  }

  state(): Omit<MachineState, 'speed' | 'clients'> {
    const { machine, debugger: debug, pace } = this.options;
    const state = machineState(machine, debug, pace?.pace ?? 0, this.placeOf);
    const { stepped } = this;
    if (stepped && debug?.halted === stepped.reason && state.halt) {
      const { place } = state.halt;
      return { ...state, halt: { kind: 'step', text: 'stepped', core: stepped.core, ...(place ? { place } : {}) } };
    }
    return state;
  }

  overview(): Overview | Promise<Overview> {
    return METHODS['system.overview'](this.context, {});
  }

  consoles(): readonly ConsoleView[] {
    return consoleViews(this.options.machine, this.recorder.consoles, this.options.semihosting ?? false);
  }

  stoppers(): readonly StopperView[] {
    return (this.options.debugger?.stoppers ?? []).map((each) => stopperView(each, this.placeOf));
  }

  watch(types: number): void {
    this.watching.watch(types);
  }

  attended(there: boolean): void {
    const { debugger: debug } = this.options;
    if (there) debug?.attach(VIEW);
    else debug?.detach(VIEW);
  }

  answer<M extends SourceMethod>(method: M, params: Methods[M]['params']): Methods[M]['result'] | Promise<Methods[M]['result']> {
    if (CHANGING.has(method)) this.options.beforeChange?.();
    const answer = isDataMethod(method)
      ? METHODS[method](this.context, params as never)
      : this.act(method as Exclude<SourceMethod, keyof typeof METHODS>, params as never);
    if (CHANGING.has(method)) void Promise.resolve(answer).then(() => this.changed());
    return answer as Methods[M]['result'];
  }

  private get controls(): Controls {
    const { debugger: debug, machine } = this.options;
    if (!debug) throw new UsageError('this run has no debugger', 'look at it only', 'debugger');
    const { hub, placeOf } = this;
    return {
      debugger: debug,
      core: machine.core.name,
      state: () => ({ ...this.state(), speed: 0, clients: hub?.connected ?? 0 }),
      placeOf,
      find: (place) => findPlace(machine, place),
    };
  }

  private act(method: Exclude<SourceMethod, keyof typeof METHODS>, params: never): unknown {
    const { debugger: debug, pace, inputs, machine } = this.options;
    switch (method) {
      case 'control.pause':
        return until(this.controls, this.controls.debugger.halt());
      case 'control.resume':
        return resume(this.controls);
      case 'control.step':
        return this.step(params);
      case 'control.reverse':
        return until(this.controls, this.controls.debugger.resume({ kind: 'reverse-continue' }));
      case 'control.goTo':
        return until(this.controls, this.controls.debugger.goTo(params as Methods['control.goTo']['params']));
      case 'control.restart':
        return until(this.controls, this.controls.debugger.restart());
      case 'control.pace':
        if (!pace) throw new UsageError('the pace of this run is not the view\u2019s to choose', 'clients of its bridges give it');
        pace.pace = (params as Methods['control.pace']['params']).pace;
        this.changed();
        return this.whole();
      case 'control.linuxWhileHalted':
        this.controls.debugger.linuxWhileHalted = (params as Methods['control.linuxWhileHalted']['params']).mode;
        this.changed();
        return this.whole();
      case 'stoppers.list':
        return this.stoppers();
      case 'stoppers.add':
        return addStopper(this.controls, params);
      case 'stoppers.remove':
        return debug?.remove((params as Methods['stoppers.remove']['params']).id) ?? false;
      case 'consoles.input': {
        const { device, data } = params as Methods['consoles.input']['params'];
        const bytes = fromBase64(data);
        return this.input(device, bytes);
      }
      case 'consoles.resize': {
        const { device, columns, rows } = params as Methods['consoles.resize']['params'];
        // Only a terminal has a size; for others it makes no difference, and is no input.
        if (device !== SHELL || !machine.linux) return false;
        if (runShell(machine).resized(columns, rows)) inputs.perform('shell.resize', columns, rows);
        return true;
      }
    }
  }

  /** A step, of which clients hear when it is done: what it is made of is nobody's business. */
  private async step({ what, core = this.options.machine.core.name }: Methods['control.step']['params']): Promise<MachineState> {
    const { debugger: debug } = this.controls;
    const { machine } = this.options;
    this.stepping++;
    try {
      const reason = await step(
        { debugger: debug, machine, dwarf: codeOf(machine)?.dwarf, caller: (name) => this.caller(name) },
        core,
        what,
      );
      this.stepped =
        reason.kind === 'breakpoint' && !debug.stoppers.some(({ id }) => reason.ids.includes(id)) ? { reason, core } : undefined;
    } finally {
      this.stepping--;
      this.hub?.stoppersChanged();
      this.changed();
    }
    return this.whole();
  }

  private async caller(core: string): Promise<{ readonly address: number; readonly sp: number | undefined } | undefined> {
    const frames = await METHODS['cpu.stack'](this.context, { core });
    // Those that the compiler put into the innermost come before it.
    const own = frames.findIndex(({ inlined }) => !inlined);
    const caller = frames[own + 1];
    return caller && { address: caller.place.address, sp: frames[own]!.cfa };
  }

  /** Keys for a console; false when it does not take them. */
  private input(device: string, bytes: Uint8Array): boolean {
    const { machine, inputs } = this.options;
    const state = device === SHELL ? runShell(machine).state : machine.hasConsole(device) ? machine.inputState(device) : 'absent';
    if (state === 'absent') return false;
    // A device that does not read what it was given gets no more than this.
    const unread = state === 'busy' ? (this.unread.get(device) ?? 0) + bytes.length : bytes.length;
    if (unread > MOST_BYTES) return false;
    this.unread.set(device, unread);
    this.options.beforeChange?.();
    if (device === SHELL) inputs.perform('shell.keys', bytes);
    else inputs.perform('console.send', device, bytes);
    this.present();
    return true;
  }

  private whole(): MachineState {
    return { ...this.state(), speed: 0, clients: this.hub?.connected ?? 0 };
  }

  private changed(): void {
    this.present();
    this.hub?.changed();
  }

  private heard(event: DebuggerEvent, hub: ViewHub): void {
    this.present();
    switch (event.type) {
      case 'halted':
      case 'resumed':
        if (event.type === 'halted') this.recorder.flushLines();
        if (this.stepping === 0) hub.changed();
        return;
      case 'moved':
        hub.broadcast('moved', { cycle: event.position.cycle });
        hub.changed();
        return;
      case 'stoppers':
        // Those of a step come and go.
        if (this.stepping === 0) hub.stoppersChanged();
        return;
      case 'notice':
        hub.broadcast('notice', { severity: 'note', text: event.text });
        return;
      case 'progress':
        hub.broadcast('progress', { what: 'going back', fraction: event.fraction });
    }
  }

  /** Notices that the machine stands in what was its past, and that there is no other future any more. */
  private present(): void {
    const { debugger: debug, machine } = this.options;
    const { present } = debug ?? {};
    this.watching.muted = present !== undefined;
    const { future } = this;
    this.future = present?.cycle;
    if (future === undefined || present) return;
    const { now } = machine.scheduler;
    if (now >= future) return;
    const seq = this.recorder.forget(now);
    this.hub?.forgotten(seq, now);
  }
}
