/**
 * RPMsg as a test sees it: channels that the firmware announced, messages in both directions, sending as a driver does.
 *
 * A channel is known by name and remote address; messages belong to it by that address, whichever local endpoint they use.
 */
import { UsageError } from '../errors.ts';
import type { MachineEvent } from '../events.ts';
import type { Linux } from '../linux/linux.ts';
import { linuxError } from '../linux/linux-file.ts';
import { hex } from '../memory/bits.ts';
import type { Duration } from '../time/duration.ts';
import { RPMSG_NS_ADDR, RPMSG_NS_DESTROY, RPMSG_NS_MSG_SIZE } from '../virtio/rpmsg-ns.ts';
import type { SimulationLog } from './log.ts';

/** Bytes of a service name in an announcement. */
const NAME_BYTES = 32;

/** A message on its way. */
export class RpmsgMessage {
  /** `rx` came from the firmware, `tx` went to it. */
  readonly direction: 'tx' | 'rx';
  readonly cycle: number;
  /** In ns of virtual time. */
  readonly time: number;
  readonly src: number;
  readonly dst: number;
  /** `virtio0`. */
  readonly device: string;
  readonly bytes: Uint8Array;

  constructor({ direction, cycle, src, dst, device, data }: Extract<MachineEvent, { type: 'message' }>, hz: number) {
    this.direction = direction;
    this.cycle = cycle;
    this.time = Math.round((cycle / hz) * 1e9);
    this.src = src;
    this.dst = dst;
    this.device = device;
    this.bytes = data;
  }

  /** Its bytes as UTF-8, without NULs at the end. */
  get text(): string {
    return new TextDecoder().decode(this.bytes).replace(/\0+$/, '');
  }
}

/** What channels need of their simulation. */
export interface RpmsgHost {
  readonly linux: Linux | undefined;
  readonly log: SimulationLog;
  readonly hz: number;
  call<T>(awaited: string, kind: string, ...args: readonly (string | number | Uint8Array)[]): Promise<T>;
  condition<T>(name: string, condition: () => T | undefined, within: Duration | undefined): Promise<T>;
}

/** A name, or name and remote address where several channels have it. */
export type ChannelName = string | { readonly name: string; readonly dst?: number };

/** One channel. */
export class RpmsgChannel {
  readonly name: string;
  /** Address on the firmware's side. */
  readonly dst: number;
  /** `virtio0`. */
  readonly device: string;
  readonly #host: RpmsgHost;

  /** @internal Channels come from `RpmsgView`. */
  constructor(host: RpmsgHost, { name, dst, device }: { readonly name: string; readonly dst: number; readonly device: string }) {
    this.#host = host;
    this.name = name;
    this.dst = dst;
    this.device = device;
  }

  /** Address on Linux's side; undefined while no driver has an endpoint there. */
  get src(): number | undefined {
    return this.find()?.ept?.addr;
  }

  /** The driver that is bound to it, if one is. */
  get driver(): string | undefined {
    return this.find()?.driver?.name;
  }

  /** False once it was withdrawn or its core stopped. */
  get open(): boolean {
    return this.find() !== undefined;
  }

  /** In ns of virtual time; undefined for a channel that Linux has made by itself. */
  get announcedAt(): number | undefined {
    const { log, hz } = this.#host;
    return announcements(log, hz).find(({ name, dst }) => name === this.name && dst === this.dst)?.time;
  }

  /** Messages in both directions, oldest first. */
  get messages(): readonly RpmsgMessage[] {
    return messagesOf(this.#host.log, this.#host.hz).filter((message) => this.owns(message));
  }

  /** Those that Linux sent. */
  get sent(): readonly RpmsgMessage[] {
    return this.messages.filter(({ direction }) => direction === 'tx');
  }

  /** Those that the firmware sent. */
  get received(): readonly RpmsgMessage[] {
    return this.messages.filter(({ direction }) => direction === 'rx');
  }

  /** `rpmsg_send`, from the driver's endpoint if there is one: done when the message is in the ring and the doorbell was rung. */
  async send(data: string | Uint8Array): Promise<void> {
    const { name, dst, device } = this;
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
    const err = await this.#host.call<number>(`rpmsg_send to ${name}`, 'rpmsg.send', name, dst, device, bytes);
    if (err < 0) throw linuxError(`rpmsg_send to ${name}`, err);
  }

  /** The next message of the firmware that no `next` has given yet. */
  async next({ within }: { readonly within?: Duration } = {}): Promise<RpmsgMessage> {
    const { log, hz } = this.#host;
    const key = `${this.device} ${this.name} ${this.dst}`;
    const look = (): { readonly message: RpmsgMessage; readonly at: number } | undefined => {
      for (let at = log.received.get(key) ?? 0; at < log.events.length; at++) {
        const event = log.events.at(at)!;
        log.received.set(key, at);
        if (event.type !== 'message' || event.direction !== 'rx') continue;
        const message = new RpmsgMessage(event, hz);
        if (this.owns(message)) return { message, at };
      }
      return undefined;
    };
    const { message, at } = await this.#host.condition(`a message of ${this.name} (${hex(this.dst)})`, look, within);
    log.received.set(key, at + 1);
    return message;
  }

  private owns({ direction, src, dst, device }: RpmsgMessage): boolean {
    if (device !== this.device) return false;
    return direction === 'rx' ? src === this.dst && dst !== RPMSG_NS_ADDR : dst === this.dst;
  }

  private find() {
    return this.#host.linux?.modules.rpmsgBus.devices.find(
      (each) => each.id === this.name && each.dst === this.dst && each.parent.name === this.device,
    );
  }
}

/** All channels and messages. */
export class RpmsgView {
  readonly #host: RpmsgHost;

  /** @internal It comes from `Simulation.rpmsg`. */
  constructor(host: RpmsgHost) {
    this.#host = host;
  }

  /** Channels that there are now, in the order of their creation; without Linux' own for name service and control. */
  get channels(): readonly RpmsgChannel[] {
    const devices = this.#host.linux?.modules.rpmsgBus.devices ?? [];
    return devices
      .filter(({ dst, id }) => dst !== RPMSG_NS_ADDR && id !== 'rpmsg_ctrl' && id !== 'rpmsg_ns')
      .map(({ id, dst, parent }) => new RpmsgChannel(this.#host, { name: id, dst, device: parent.name }));
  }

  /** The channel of that name. @throws {UsageError} when there is none, or more than one, which lists them */
  channel(name: ChannelName): RpmsgChannel {
    const found = this.find(name);
    if (found.length === 1) return found[0]!;
    const text = nameText(name);
    const known = this.channels.map((each) => `${each.name} (dst ${hex(each.dst)})`).join(', ');
    if (found.length > 1)
      throw new UsageError(
        `there are ${found.length} channels ${text}`,
        `give the address, too: channel({ name, dst }); there are ${known}`,
        text,
      );
    throw new UsageError(
      `there is no channel ${text}`,
      known ? `there are ${known}` : 'the firmware has announced none so far: await rpmsg.waitFor(name)',
      text,
    );
  }

  /** The channel of that name, as soon as there is one. */
  waitFor(name: ChannelName, { within }: { readonly within?: Duration } = {}): Promise<RpmsgChannel> {
    return this.#host.condition(`rpmsg channel ${nameText(name)}`, () => this.find(name)[0], within);
  }

  /** All messages in both directions, oldest first; announcements, to address 0x35, are among them. */
  get messages(): readonly RpmsgMessage[] {
    return messagesOf(this.#host.log, this.#host.hz);
  }

  /** Those that Linux sent. */
  get sent(): readonly RpmsgMessage[] {
    return this.messages.filter(({ direction }) => direction === 'tx');
  }

  /** Those that the firmware sent. */
  get received(): readonly RpmsgMessage[] {
    return this.messages.filter(({ direction }) => direction === 'rx');
  }

  private find(name: ChannelName): RpmsgChannel[] {
    const { name: wanted, dst } = typeof name === 'string' ? { name, dst: undefined } : name;
    return this.channels.filter((each) => each.name === wanted && (dst === undefined || each.dst === dst));
  }
}

function nameText(name: ChannelName): string {
  if (typeof name === 'string') return name;
  return name.dst === undefined ? name.name : `${name.name} (dst ${hex(name.dst)})`;
}

function messagesOf(log: SimulationLog, hz: number): RpmsgMessage[] {
  const messages: RpmsgMessage[] = [];
  for (const event of log.events) if (event.type === 'message') messages.push(new RpmsgMessage(event, hz));
  return messages;
}

/** What the firmware announced, in order. */
function announcements(log: SimulationLog, hz: number): { readonly name: string; readonly dst: number; readonly time: number }[] {
  const found: { name: string; dst: number; time: number }[] = [];
  for (const { direction, dst, bytes, time } of messagesOf(log, hz)) {
    if (direction !== 'rx' || dst !== RPMSG_NS_ADDR || bytes.length !== RPMSG_NS_MSG_SIZE) continue;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (view.getUint32(NAME_BYTES + 4, true) & RPMSG_NS_DESTROY) continue;
    const name = new TextDecoder().decode(bytes.subarray(0, NAME_BYTES)).replace(/\0.*$/s, '');
    found.push({ name, dst: view.getUint32(NAME_BYTES, true), time });
  }
  return found;
}
