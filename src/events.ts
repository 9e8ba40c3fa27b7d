/**
 * The observable life of a machine: console bytes, kernel messages, doorbells and ring movements, each with its cycle.
 *
 * This stream, and nothing else, is what `--json` prints, what the trace hash covers, and what views and tests subscribe to.
 */

/** Kernel log levels, `KERN_EMERG` (0) to `KERN_DEBUG` (7). */
export type KernLevel = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** One thing that happened; `cycle` counts base-clock cycles. */
export type MachineEvent =
  | { readonly type: 'console'; readonly cycle: number; readonly device: string; readonly byte: number }
  | {
      readonly type: 'dmesg';
      readonly cycle: number;
      readonly level: KernLevel;
      readonly text: string;
      /** Cycle at which the kernel began, which is where dmesg's times begin; 0 unless given. */
      readonly since?: number;
    }
  | {
      readonly type: 'mu';
      readonly cycle: number;
      readonly mu: string;
      /** Which side acted: `A` is Linux on 8M parts, `B` the M core. */
      readonly side: 'A' | 'B';
      /** `transmit` TRn written, `receive` RRn read, `general` GIRn set, `acknowledge` GIPn cleared, `flags` Fn written, `reset`. */
      readonly action: 'transmit' | 'receive' | 'general' | 'acknowledge' | 'flags' | 'reset';
      readonly channel: number;
      readonly value: number;
    }
  | {
      readonly type: 'vring';
      readonly cycle: number;
      readonly device: string;
      /** Index of the queue in the vdev: 0 carries M to Linux on rpmsg. */
      readonly queue: number;
      /** `avail`: Linux gave buffer `id` to the core; `used`: Linux took it back; `kick`: Linux rang the doorbell. */
      readonly action: 'avail' | 'used' | 'kick';
      readonly id: number;
      /** Bytes: of the buffer for `avail`, written or consumed for `used`, 0 for `kick`. */
      readonly length: number;
    }
  | {
      readonly type: 'message';
      readonly cycle: number;
      readonly device: string;
      /** `rx` is towards Linux. */
      readonly direction: 'tx' | 'rx';
      readonly src: number;
      readonly dst: number;
      /** All that hear of the message share it, and may keep it; nobody writes to it. */
      readonly data: Uint8Array;
    }
  | {
      readonly type: 'core';
      readonly cycle: number;
      readonly core: string;
      readonly state: 'started' | 'stopped' | 'crashed';
      readonly detail: string;
    }
  | {
      /** A fault was injected (src/faults). */
      readonly type: 'fault';
      readonly cycle: number;
      readonly fault: string;
      /** What happened, in words. */
      readonly text: string;
    };

/** A function that hears every event. */
export type EventListener = (event: MachineEvent) => void;

/** Fans events out to listeners in the order in which they subscribed. */
export class EventHub {
  private readonly listeners: EventListener[] = [];
  private readonly insiders: EventListener[] = [];
  private readonly participants = new Set<EventListener>();
  /** Events since power-on; to be put back with the machine. */
  count = 0;
  /** So many of them everybody has heard of: in a machine that was put back they happen again for participants only. */
  heard = 0;
  /** True: Linux lives through its history again, which nobody but its own parts hears. */
  insideOnly = false;

  /** Subscribes; the returned function unsubscribes. */
  subscribe(listener: EventListener): () => void {
    this.listeners.push(listener);
    return () => {
      const index = this.listeners.indexOf(listener);
      if (index >= 0) this.listeners.splice(index, 1);
    };
  }

  /** Subscribes somebody who takes part in the run (input, faults, the trace): a run that is lived through again is heard again. */
  subscribeParticipant(listener: EventListener): () => void {
    this.participants.add(listener);
    const end = this.subscribe(listener);
    return () => {
      this.participants.delete(listener);
      end();
    };
  }

  /** True for an event of a past that is lived through again, while it is told. */
  get again(): boolean {
    return this.count <= this.heard;
  }

  /** Subscribes a part of Linux itself, for the life of that Linux. */
  subscribeInside(listener: EventListener): () => void {
    this.insiders.push(listener);
    return () => {
      const index = this.insiders.indexOf(listener);
      if (index >= 0) this.insiders.splice(index, 1);
    };
  }

  /** Nobody outside listens any more. */
  clear(): void {
    this.listeners.length = 0;
    this.participants.clear();
    this.count = 0;
    this.heard = 0;
  }

  /** The Linux whose parts listened is gone. */
  dropInsiders(): void {
    this.insiders.length = 0;
  }

  /** Number of those who listen. */
  get listening(): number {
    return this.listeners.length + this.insiders.length;
  }

  /** Delivers `event` to all listeners. */
  emit(event: MachineEvent): void {
    if (!this.insideOnly) {
      if (++this.count > this.heard) for (const listener of this.listeners) listener(event);
      else for (const listener of this.listeners) if (this.participants.has(listener)) listener(event);
    }
    if (this.insiders.length > 0) for (const listener of this.insiders) listener(event);
  }
}
