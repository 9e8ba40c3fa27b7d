/**
 * What the view's server and its clients say to each other: JSON-RPC 2.0 objects in WebSocket text frames, version 1. docs/view-protocol.md has it in prose.
 *
 * Types only, so that a client needs nothing else of imx-sim. Addresses and register values are numbers (u32), bytes are base64, times are seconds of
 * virtual time, cycles those of the base clock. Unknown fields are to be ignored; within a version fields are only added.
 */

export const PROTOCOL_VERSION = 1;

/** Standard base64. */
export type Base64 = string;

/** An address with what lies there, where that is known. */
export interface Place {
  readonly address: number;
  /** `main+0x12`. */
  readonly symbol?: string;
  readonly file?: string;
  readonly line?: number;
}

// ---- what the machine is (system.describe) ----

export interface CoreDescription {
  readonly name: string;
  /** `Cortex-M7`. */
  readonly architecture: string;
  readonly hz: number;
  /** It runs the firmware. */
  readonly main: boolean;
}

export interface MemoryRegion {
  readonly name: string;
  readonly base: number;
  readonly size: number;
  readonly kind: 'ram' | 'device';
  /** Of RAM: where in the memory of this name the window begins (0 unless given). Windows of one name show the same bytes, in all views. */
  readonly offset?: number;
}

export interface CarveOut {
  readonly name: string;
  readonly base: number;
  readonly size: number;
  /** Where it comes from: the device tree's node, or the resource table's entry. */
  readonly from: string;
}

export interface Description {
  readonly soc: string;
  readonly board?: string;
  readonly hz: number;
  readonly engine: string;
  readonly cores: readonly CoreDescription[];
  readonly mus: readonly {
    readonly name: string;
    readonly channels: number;
    readonly linux?: 'A' | 'B';
    readonly cores: readonly string[];
  }[];
  readonly peripherals: readonly {
    readonly name: string;
    readonly kind: string;
    readonly base: number;
    readonly size: number;
    readonly modelled: boolean;
  }[];
  /** By view: `linux`, and each core. */
  readonly memory: Readonly<Record<string, readonly MemoryRegion[]>>;
  readonly linux: boolean;
  readonly uboot: boolean;
  readonly firmware?: { readonly name: string; readonly bytes: number; readonly debugInfo: boolean };
}

// ---- how it is (notification `state`, `system.overview`) ----

export interface MachineState {
  readonly cycle: number;
  readonly seconds: number;
  /** Virtual seconds per second of the host; 0 while halted. */
  readonly speed: number;
  readonly running: boolean;
  /** Why it stands still. `text` is for people, `lines` a report. */
  readonly halt?: {
    readonly kind: string;
    readonly text: string;
    readonly core?: string;
    readonly ids?: readonly number[];
    readonly lines?: readonly string[];
    readonly place?: Place;
  };
  /** In its past: where the present is. */
  readonly present?: { readonly cycle: number; readonly seconds: number };
  readonly noWayBack?: string;
  readonly linuxWhileHalted: 'held' | 'runs';
  /** Virtual time keeps to the host's (1), to a multiple of it, or runs as fast as it can (0). */
  readonly pace: number;
  readonly clients: number;
}

export interface Overview {
  readonly cycle: number;
  readonly cores: readonly {
    readonly name: string;
    readonly state: 'running' | 'asleep' | 'reset' | 'crashed';
    readonly pc: Place;
    readonly exception?: string;
    readonly thread?: string;
    readonly instructions: number;
  }[];
  readonly mus: readonly {
    readonly name: string;
    readonly sides: readonly {
      readonly side: 'A' | 'B';
      readonly owner: string;
      /** Registers by the manual's names: TR0.., RR0.., SR, CR. */
      readonly registers: Readonly<Record<string, number>>;
      /** By channel: TEn, RFn, GIPn, and the interrupt enables; SR.Fn are the flags of the peer, CR.Fn one's own (FSR.Fn and FCR.Fn in MUs of v2). */
      readonly flags: Readonly<Record<string, readonly boolean[]>>;
      /** Its interrupt line is up. */
      readonly interrupt?: boolean;
    }[];
  }[];
  readonly linux?: {
    readonly state: string;
    readonly remoteprocs: readonly { readonly name: string; readonly device: string; readonly state: string; readonly firmware?: string }[];
    readonly vdevs: readonly { readonly name: string; readonly status: number; readonly features: number }[];
    readonly channels: readonly { readonly name: string; readonly src: number; readonly dst: number; readonly driver?: string }[];
    readonly ttys: readonly string[];
    readonly waitingFor: readonly string[];
  };
  readonly carveOuts: readonly CarveOut[];
  readonly vrings: readonly VringSummary[];
  /** Peripherals that the firmware has accessed since it started, or that have a line up. */
  readonly peripherals: readonly { readonly name: string; readonly used: boolean; readonly interrupt: boolean }[];
  /** Messages since the start, both ways. */
  readonly messages: { readonly tx: number; readonly rx: number };
  readonly findings: readonly Finding[];
}

export interface Finding {
  readonly kind: string;
  readonly severity: 'error' | 'warning' | 'note';
  readonly text: string;
  readonly remedy?: string;
  readonly cycle?: number;
  readonly place?: Place;
}

// ---- vrings (vrings.list, vrings.inspect, vrings.culprit) ----

export interface VringSummary {
  /** `virtio0`. */
  readonly device: string;
  readonly queue: number;
  /** Who fills the buffers of this ring: `core` for vring0 of rpmsg. */
  readonly direction: 'to-linux' | 'to-core';
  readonly size: number;
  readonly availIndex: number;
  readonly usedIndex: number;
  /** Buffers by who has them now. */
  readonly owned: { readonly linux: number; readonly core: number; readonly inFlight: number };
  readonly violations: number;
}

export type BufferOwner =
  /** In the available ring, not taken yet (or being worked on) by the core. */
  | 'core'
  /** In the used ring, not taken back by Linux yet. */
  | 'returned'
  /** Free in Linux's hands. */
  | 'linux'
  /** Both or neither: see `violations`. */
  | 'unknown';

export interface VringDescriptor {
  readonly index: number;
  readonly address: number;
  readonly length: number;
  readonly flags: number;
  readonly next: number;
  readonly owner: BufferOwner;
  /** Its start, if it has a message: rpmsg header decoded. */
  readonly message?: {
    readonly src: number;
    readonly dst: number;
    readonly length: number;
    readonly flags: number;
    readonly data: Base64;
    readonly text?: string;
    /** Of the name service. */
    readonly nameService?: { readonly name: string; readonly address: number; readonly flags: 'create' | 'destroy' };
    /** It was delivered before: the buffer is to be filled anew. */
    readonly old?: true;
  };
  readonly violations: readonly number[];
}

export interface VringViolation {
  readonly id: number;
  /** `used-id-out-of-range`, `used-ahead-of-avail`, `descriptor-outside-carve-out` ... */
  readonly rule: string;
  readonly text: string;
  /** What it leads to in Linux and in the firmware: the message that it shows up as. */
  readonly consequence: string;
  readonly remedy: string;
  /** The bytes that are wrong, in the view of Linux: for `vrings.culprit`. */
  readonly address: number;
  readonly size: number;
  readonly descriptor?: number;
}

export interface Vring extends VringSummary {
  readonly cycle: number;
  /** Addresses of the three parts, as Linux sees them. */
  readonly descAddress: number;
  readonly availAddress: number;
  readonly usedAddress: number;
  readonly align: number;
  readonly descriptors: readonly VringDescriptor[];
  readonly avail: { readonly flags: number; readonly index: number; readonly ring: readonly number[] };
  readonly used: {
    readonly flags: number;
    readonly index: number;
    readonly ring: readonly { readonly id: number; readonly length: number }[];
  };
  /** What Linux's virtqueue remembers by itself. */
  readonly linux?: {
    readonly lastUsedIndex: number;
    readonly free: number;
    /** It has given the queue up: nothing is sent or received any more. */
    readonly broken?: true;
  };
  readonly problems: readonly VringViolation[];
}

/** Who wrote the bytes of a violation. */
export interface Culprit {
  readonly by: string;
  readonly cycle: number;
  readonly seconds: number;
  readonly place?: Place;
  readonly source?: string;
  readonly backtrace?: readonly Place[];
}

// ---- CPU ----

export interface RegisterValue {
  readonly name: string;
  readonly group: string;
  readonly value: number;
  /** The upper word of a register of 64 bits. */
  readonly high?: number;
  readonly bits: number;
  /** What it means: the symbol that it points to, or the floating-point number. */
  readonly text?: string;
  /** Fields of xPSR, CONTROL, FPSCR ... */
  readonly fields?: readonly { readonly name: string; readonly value: number; readonly text?: string }[];
}

export interface InstructionLine {
  readonly place: Place;
  readonly bytes: Base64;
  readonly text: string;
  readonly target?: Place;
  readonly breakpoint?: number;
}

export interface StackFrame {
  readonly place: Place;
  readonly function?: string;
  readonly inlined?: boolean;
  readonly cfa?: number;
  /** What interrupted this frame: the frames before it are its handler's. */
  readonly exception?: string;
  readonly locals?: readonly { readonly name: string; readonly type: string; readonly value: string }[];
}

export interface ExceptionRow {
  readonly number: number;
  readonly name: string;
  /** What is connected: `UART4`, `MU1_B`. */
  readonly source?: string;
  readonly enabled: boolean;
  readonly pending: boolean;
  readonly active: boolean;
  readonly priority: number;
  readonly handler?: Place;
}

export interface ThreadRow {
  readonly id: number;
  readonly name: string;
  readonly state: string;
  readonly priority?: number;
  readonly current: boolean;
  readonly stack?: { readonly base: number; readonly size: number; readonly used?: number };
  readonly place?: Place;
}

/** A fault, decoded. */
export interface FaultView {
  readonly exception: string;
  readonly cycle: number;
  readonly place: Place;
  readonly causes: readonly { readonly name: string; readonly meaning: string }[];
  readonly address?: { readonly register: string; readonly address: number; readonly text: string };
  readonly status: Readonly<Record<string, number>>;
  readonly registers: Readonly<Record<string, number>>;
  readonly backtrace: readonly Place[];
}

export interface StopperView {
  readonly id: number;
  readonly kind: 'breakpoint' | 'watchpoint';
  readonly core: string;
  readonly place: Place;
  readonly size?: number;
  readonly access?: 'read' | 'write' | 'access';
  readonly hits: number;
  readonly owner: string;
}

// ---- peripherals, tables ----

export interface RegisterView {
  readonly name: string;
  readonly address: number;
  readonly width: 1 | 2 | 4;
  readonly access: string;
  readonly value: number;
  readonly reset: number;
  readonly unimplemented?: true;
  readonly fields: readonly {
    readonly name: string;
    readonly lsb: number;
    readonly width: number;
    readonly access: string;
    readonly value: number;
  }[];
}

export interface ResourceEntryView {
  readonly index: number;
  readonly type: string;
  readonly offset: number;
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  readonly problems: readonly string[];
}

/** A node of the device tree. */
export interface TreeNodeView {
  readonly name: string;
  readonly path: string;
  readonly properties: readonly { readonly name: string; readonly value: string }[];
  readonly children: readonly TreeNodeView[];
}

// ---- consoles ----

export interface ConsoleView {
  readonly device: string;
  readonly kind: 'uart' | 'tty' | 'shell' | 'uboot' | 'semihosting' | 'dmesg';
  readonly input: 'absent' | 'busy' | 'idle' | 'listening' | 'never';
  readonly title: string;
}

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
