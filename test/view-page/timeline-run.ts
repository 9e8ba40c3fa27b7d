/**
 * A run made up for tests of the timeline: Linux and a core play ping-pong over RPMsg, with the events in the order in which a real run has them, nested
 * interrupts, threads and console lines. Deterministic.
 */
import type { ViewEvent, ViewEventType } from '../../src/view/protocol.ts';

export const HZ = 800_000_000;

type Body = ViewEvent extends infer E ? (E extends ViewEvent ? Omit<E, 'seq' | 'cycle'> : never) : never;

/** Collects events; `at` is the cycle of the next one. */
export class Script {
  readonly events: ViewEvent[] = [];
  at = 0;
  private seq = 0;

  put(body: Body, later = 0): this {
    this.at += later;
    this.events.push({ seq: this.seq++, cycle: this.at, ...body } as ViewEvent);
    return this;
  }

  /** So many events that the listener does not get. */
  drop(count: number): this {
    this.seq += count;
    return this;
  }

  /** Linux sends: buffer, message, doorbell, interrupt at the core, which reads the word. */
  toCore(src: number, dst: number, text: string, buffer = 0): this {
    const length = text.length;
    this.put({ type: 'vring', device: 'virtio0', queue: 1, action: 'avail', id: buffer % 256, length: length + 16 });
    this.put({ type: 'message', device: 'virtio0', direction: 'tx', src, dst, length, data: btoa(text), text });
    this.put({ type: 'vring', device: 'virtio0', queue: 1, action: 'kick', id: 0, length: 0 });
    this.put({ type: 'mu', mu: 'MU1', side: 'A', action: 'transmit', channel: 1, value: 0x10000 });
    this.put({ type: 'interrupt', core: 'm7', phase: 'enter', number: 113, name: 'MU1_M7' }, 12);
    this.put({ type: 'mu', mu: 'MU1', side: 'B', action: 'receive', channel: 1, value: 0x10000 }, 24);
    return this.put({ type: 'interrupt', core: 'm7', phase: 'exit', number: 113, name: 'MU1_M7' }, 310);
  }

  /** The core sends: doorbell, Linux reads the word, takes the buffer, hears the message. */
  toLinux(src: number, dst: number, text: string, buffer = 0): this {
    const length = text.length;
    this.put({ type: 'mu', mu: 'MU1', side: 'B', action: 'transmit', channel: 1, value: 0 });
    this.put({ type: 'mu', mu: 'MU1', side: 'A', action: 'receive', channel: 1, value: 0 }, 1600);
    this.put({ type: 'vring', device: 'virtio0', queue: 0, action: 'used', id: buffer % 256, length: 512 }, 4000);
    this.put({ type: 'message', device: 'virtio0', direction: 'rx', src, dst, length, data: btoa(text), text });
    return this.put({ type: 'vring', device: 'virtio0', queue: 0, action: 'avail', id: buffer % 256, length: 512 }, 5600);
  }

  thread(name: string, id: number, later = 40): this {
    return this.put({ type: 'thread', core: 'm7', id, name }, later);
  }

  interrupt(name: string, number: number, length: number, inside?: () => void): this {
    this.put({ type: 'interrupt', core: 'm7', phase: 'enter', number, name }, 10);
    inside?.();
    return this.put({ type: 'interrupt', core: 'm7', phase: 'exit', number, name }, length);
  }

  dmesg(text: string, level = 6, later = 800): this {
    return this.put({ type: 'dmesg', level, text, seconds: this.at / HZ }, later);
  }

  line(text: string, device = 'uart4'): this {
    return this.put({ type: 'console', device, text, since: this.at });
  }
}

/** A generator of numbers that is the same everywhere. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** At least so many events; `dropAt`: numbers of rounds before which events are lost. */
export function makeRun(count: number, dropAt: readonly number[] = []): ViewEvent[] {
  const script = new Script();
  const next = random(1);
  script.dmesg('remoteproc remoteproc0: powering up imx-rproc', 6, 1_016_000);
  script.dmesg('remoteproc remoteproc0: Booting fw image pingpong.elf, size 488436', 6, 804_000);
  script.put({ type: 'core', core: 'm7', state: 'started', detail: '' }, 20_000);
  script.at += 3_000_000;
  script.line('RPMSG Ping-Pong FreeRTOS RTOS API Demo...');
  for (let buffer = 0; buffer < 16; buffer++)
    script.put({ type: 'vring', device: 'virtio0', queue: 0, action: 'avail', id: buffer, length: 512 });
  script.thread('app_task', 0x2000_0400).thread('IDLE', 0x2000_0600, 40_000);
  const announce = 'rpmsg-openamp-demo-channel';
  script.toLinux(0x1e, 0x35, announce);
  const round = script.events.findLastIndex(({ type }) => type === 'message');
  Object.assign(script.events[round]!, { text: undefined, nameService: { name: announce, address: 0x1e, flags: 'create' } });
  script.dmesg('virtio_rpmsg_bus virtio0: creating channel rpmsg-openamp-demo-channel addr 0x1e');
  for (let index = 0; script.events.length < count; index++) {
    if (dropAt.includes(index)) {
      script.drop(1000 + index);
      script.at += 30_000_000;
    }
    script.at += 20_000 + Math.floor(next() * next() * 3_000_000);
    script.toCore(0x400, 0x1e, `ping ${index}`, index);
    script.thread('app_task', 0x2000_0400);
    if (index % 3 === 0) script.interrupt('SysTick', 15, 200, () => script.interrupt('UART4', 45, 90 + Math.floor(next() * 900)));
    if (index % 4 === 0) script.line(`Waiting for ping ${index}...`);
    if (index % 50 === 7) script.dmesg(`imx_rpmsg_pingpong: late answer ${index}`, 4);
    if (index % 400 === 77) script.dmesg('virtio_rpmsg_bus virtio0: msg received with no recipient', 3);
    script.at += 2_000 + Math.floor(next() ** 3 * 900_000);
    script.toLinux(0x1e, 0x400, `pong ${index}`, index);
    script.dmesg(`get ${index} (src: 0x1e)`);
    script.thread('IDLE', 0x2000_0600);
    if (index % 10 === 3) {
      script.thread('Tmr Svc', 0x2000_0800, 9000);
      script.put({
        type: 'message',
        device: 'virtio0',
        direction: 'rx',
        src: 0x1f,
        dst: 0x401,
        length: 12,
        data: btoa('status: ok\r\n'),
        text: 'status: ok\r\n',
      });
      script.thread('IDLE', 0x2000_0600, 5000);
    }
  }
  if (count > 5000) {
    const finding = {
      kind: 'guest-error',
      severity: 'error' as const,
      text: 'MU1.B: TR1 written while TE1 is clear: the word is lost',
      remedy: 'Wait for TE1 first.',
    };
    script.put({ type: 'finding', finding }, 10_000);
  }
  return script.events;
}

/** How many of each type. */
export function countTypes(events: readonly ViewEvent[]): Partial<Record<ViewEventType, number>> {
  const counts: Partial<Record<ViewEventType, number>> = {};
  for (const { type } of events) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}
