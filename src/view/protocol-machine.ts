/** What the view's protocol says of a machine: what it is, how it is, its cores, peripherals, tables and consoles (protocol.ts). Types only. */
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

export interface Finding {
  readonly kind: string;
  readonly severity: 'error' | 'warning' | 'note';
  readonly text: string;
  readonly remedy?: string;
  readonly cycle?: number;
  readonly place?: Place;
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
