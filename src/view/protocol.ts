/**
 * What the view's server and its clients say to each other: JSON-RPC 2.0 objects in WebSocket text frames, version 1. docs/view-protocol.md has it in prose.
 * Shapes of what is sent are in protocol-machine.ts and protocol-vrings.ts; everything is to be had from here.
 *
 * Types only, so that a client needs nothing else of imx-sim. Addresses and register values are numbers (u32), bytes are base64, times are seconds of
 * virtual time, cycles those of the base clock. Unknown fields are to be ignored; within a version fields are only added.
 */

import type {
  Base64,
  ConsoleView,
  Description,
  ExceptionRow,
  FaultView,
  Finding,
  InstructionLine,
  MachineState,
  Overview,
  Place,
  RegisterValue,
  RegisterView,
  ResourceEntryView,
  StackFrame,
  StopperView,
  ThreadRow,
  TreeNodeView,
  VringSummary,
} from './protocol-machine.ts';
import type { Culprit, Vring } from './protocol-vrings.ts';

export type * from './protocol-machine.ts';
export type * from './protocol-vrings.ts';

export const PROTOCOL_VERSION = 1;

// ---- events ----

/** One thing that happened. `seq` counts events of the run from 0, without gaps unless `dropped` says so. */
export type ViewEvent = {
  readonly seq: number;
  readonly cycle: number;
} /** A line, or as much of it as had come when the console fell silent. `cycle` is that of its last byte, `since` that of its first. */ & (
  | { readonly type: 'console'; readonly device: string; readonly text: string; readonly since: number }
  | { readonly type: 'dmesg'; readonly level: number; readonly text: string; readonly seconds: number }
  | {
      readonly type: 'mu';
      readonly mu: string;
      readonly side: 'A' | 'B';
      readonly action: string;
      readonly channel: number;
      readonly value: number;
    }
  | {
      readonly type: 'vring';
      readonly device: string;
      readonly queue: number;
      readonly action: string;
      readonly id: number;
      readonly length: number;
    }
  | {
      readonly type: 'message';
      readonly device: string;
      readonly direction: 'tx' | 'rx';
      readonly src: number;
      readonly dst: number;
      readonly length: number;
      /** Its first 256 bytes. */
      readonly data: Base64;
      /** When it is printable. */
      readonly text?: string;
      /** Of the name service. */
      readonly nameService?: { readonly name: string; readonly address: number; readonly flags: 'create' | 'destroy' };
    }
  | { readonly type: 'core'; readonly core: string; readonly state: string; readonly detail: string }
  | { readonly type: 'interrupt'; readonly core: string; readonly phase: 'enter' | 'exit'; readonly number: number; readonly name: string }
  | { readonly type: 'thread'; readonly core: string; readonly id: number; readonly name: string }
  | { readonly type: 'fault'; readonly fault: string; readonly text: string }
  | { readonly type: 'finding'; readonly finding: Finding }
);

export type ViewEventType = ViewEvent['type'];

// ---- calls: client to server, each with a result ----

interface CoreParam {
  /** The core that runs the firmware unless given. */
  readonly core?: string;
}

/** Parameters and result of each method. */
export interface Methods {
  'system.describe': { params: Record<string, never>; result: Description };
  'system.state': { params: Record<string, never>; result: MachineState };
  'system.overview': { params: Record<string, never>; result: Overview };
  /** Which notifications come from now on. `events`: undefined for all types, [] for none. `rate` limits events per second. */
  subscribe: {
    params: {
      readonly events?: readonly ViewEventType[];
      readonly overview?: boolean;
      readonly consoles?: boolean;
      readonly rate?: number;
    };
    result: { readonly seq: number };
  };
  /** Events that the server still has, oldest first. */
  'events.history': {
    params: { readonly after?: number; readonly limit?: number; readonly types?: readonly ViewEventType[] };
    result: { readonly events: readonly ViewEvent[]; readonly oldest: number; readonly newest: number; readonly more: boolean };
  };

  'control.pause': { params: Record<string, never>; result: MachineState };
  'control.resume': { params: Record<string, never>; result: MachineState };
  /** `line`, `over` and `out` need debug information; without it they are `instruction`. Answers when the machine stands again. */
  'control.step': {
    params: CoreParam & { readonly what: 'instruction' | 'line' | 'over' | 'out' | 'back' | 'back-line' };
    result: MachineState;
  };
  'control.reverse': { params: Record<string, never>; result: MachineState };
  'control.goTo': { params: { readonly cycle: number }; result: MachineState };
  'control.restart': { params: Record<string, never>; result: MachineState };
  'control.pace': { params: { readonly pace: number }; result: MachineState };
  'control.linuxWhileHalted': { params: { readonly mode: 'held' | 'runs' }; result: MachineState };

  'stoppers.list': { params: Record<string, never>; result: readonly StopperView[] };
  /** `at`: an address, a symbol, or `file.c:12`. @throws E_NO_PLACE */
  'stoppers.add': {
    params: CoreParam & {
      readonly at: string | number;
      readonly size?: number;
      readonly access?: 'read' | 'write' | 'access';
      readonly temporary?: boolean;
    };
    result: StopperView;
  };
  'stoppers.remove': { params: { readonly id: number }; result: boolean };

  'cpu.registers': { params: CoreParam; result: readonly RegisterValue[] };
  'cpu.setRegister': { params: CoreParam & { readonly register: string; readonly value: number }; result: readonly RegisterValue[] };
  /** `count` instructions around `address` (the PC unless given), `before` of them before it where the code allows. */
  'cpu.disassemble': {
    params: CoreParam & { readonly address?: number; readonly count: number; readonly before?: number };
    result: readonly InstructionLine[];
  };
  'cpu.stack': { params: CoreParam & { readonly locals?: boolean; readonly thread?: number }; result: readonly StackFrame[] };
  'cpu.exceptions': { params: CoreParam; result: readonly ExceptionRow[] };
  'cpu.faults': { params: CoreParam; result: readonly FaultView[] };
  'cpu.threads': { params: CoreParam; result: { readonly system?: string; readonly threads: readonly ThreadRow[] } };
  'symbols.search': { params: { readonly text: string; readonly limit?: number }; result: readonly (Place & { readonly size: number })[] };
  /** Value of a variable, by DWARF. */
  'symbols.value': {
    params: { readonly name: string };
    result: { readonly type: string; readonly address: number; readonly text: string };
  };
  /** Lines of a source file, if the host has it. */
  'source.read': {
    params: { readonly file: string };
    result: { readonly file: string; readonly lines?: readonly string[]; readonly why?: string };
  };

  'memory.read': {
    params: { readonly view: string; readonly address: number; readonly length: number };
    result: { readonly address: number; readonly bytes: Base64 };
  };
  'memory.write': { params: { readonly view: string; readonly address: number; readonly bytes: Base64 }; result: boolean };
  /** `pattern`: bytes; from `from` on, in RAM; the addresses of at most `limit` places. `next`: where to go on. */
  'memory.search': {
    params: { readonly view: string; readonly pattern: Base64; readonly from?: number; readonly limit?: number };
    result: { readonly found: readonly number[]; readonly more: boolean; readonly next?: number };
  };
  'peripherals.registers': { params: { readonly name: string }; result: readonly RegisterView[] };
  'vrings.list': { params: Record<string, never>; result: readonly VringSummary[] };
  'vrings.inspect': { params: { readonly device: string; readonly queue: number }; result: Vring };
  /** Who did the store behind a violation; goes through the past in another machine, which takes its time. */
  'vrings.culprit': { params: { readonly device: string; readonly queue: number; readonly violation: number }; result: Culprit | null };
  /** The last store to a stretch of memory, likewise. */
  'memory.culprit': { params: { readonly view: string; readonly address: number; readonly size: number }; result: Culprit | null };
  'linux.resourceTable': {
    params: CoreParam;
    result: { readonly address?: number; readonly entries: readonly ResourceEntryView[]; readonly why?: string };
  };
  'linux.deviceTree': { params: Record<string, never>; result: TreeNodeView | null };

  'consoles.list': { params: Record<string, never>; result: readonly ConsoleView[] };
  /** What a console has shown so far (its last 256 KiB), raw: all that came before the next `console` notification of that device. */
  'consoles.history': { params: { readonly device: string }; result: { readonly data: Base64; readonly dropped: number } };
  /** Keys, as a terminal sends them. False: the device takes no input now. The first keys for `shell` open it. */
  'consoles.input': { params: { readonly device: string; readonly data: Base64 }; result: boolean };
  'consoles.resize': { params: { readonly device: string; readonly columns: number; readonly rows: number }; result: boolean };
}

export type Method = keyof Methods;

// ---- notifications: server to client ----

export interface Notifications {
  /** The first thing that a server says. A `trace` has no machine: only events and consoles are there. */
  hello: { readonly protocol: number; readonly version: string; readonly mode: 'live' | 'recording' | 'trace'; readonly title: string };
  /** At every halt and resume, and ten times a second while it runs. */
  state: MachineState;
  /** At most ten times a second, when subscribed. */
  overview: Overview;
  /** At most sixty times a second. `dropped`: so many before these were left out, because this client reads too slowly or asked for a rate. */
  events: { readonly events: readonly ViewEvent[]; readonly dropped: number };
  /**
   * Raw output of consoles (with escape sequences), when subscribed; the shell's too. `dropped`: so many bytes before these were left out.
   * `reset`: what was shown belongs to a future that was forgotten, and this is all that there is.
   */
  console: { readonly device: string; readonly data: Base64; readonly dropped: number; readonly reset?: true };
  /** The list of consoles, or what one of them takes, has changed. */
  consoles: readonly ConsoleView[];
  /** Somebody changed the machine in its past: events from `seq` on, which lay beyond `cycle`, will not happen; other ones get their numbers. */
  forgotten: { readonly seq: number; readonly cycle: number };
  stoppers: readonly StopperView[];
  notice: { readonly severity: 'error' | 'warning' | 'note'; readonly text: string };
  /** A long way through the past: 0 to 1; 1 ends it. */
  progress: { readonly what: string; readonly fraction: number };
  /** The machine was put into another moment: what was shown of memory and registers is stale. */
  moved: { readonly cycle: number };
  /** The run is over and the server goes. */
  bye: { readonly text: string };
}

export type Notification = keyof Notifications;

/** Error of a call: JSON-RPC's codes, or -32000 with imx-sim's own code and remedy. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: { readonly code: string; readonly remedy?: string };
}

export type ServerMessage =
  | { readonly jsonrpc: '2.0'; readonly id: number; readonly result: unknown }
  | { readonly jsonrpc: '2.0'; readonly id: number | null; readonly error: RpcError }
  | { [N in Notification]: { readonly jsonrpc: '2.0'; readonly method: N; readonly params: Notifications[N] } }[Notification];

export type ClientMessage = {
  [M in Method]: { readonly jsonrpc: '2.0'; readonly id: number; readonly method: M; readonly params: Methods[M]['params'] };
}[Method];
