/**
 * The mailbox framework of Linux 6.1, drivers/mailbox/mailbox.c: controllers, channels, clients, the transmit queue of 20.
 *
 * Controllers report the end of a transmission by interrupt (`txdone_irq`), as imx_mu does. Not modelled: polling for it, and clients
 * that know it themselves. A message is one 32-bit word.
 */
import { ERRNO, type Kernel, type KernelCode, WaitQueue, waitEventTimeout } from './kernel.ts';

/** `MBOX_TX_QUEUE_LEN`. */
export const MBOX_TX_QUEUE_LEN = 20;
/** What a client without `txTout` waits: an hour. */
const FOREVER_MS = 3_600_000;

/** `struct mbox_client`. */
export interface MboxClient {
  /** Driver and name of its device, for messages. */
  readonly device: string;
  /** `mbox_send_message` returns when the remote took the word, or after `txTout` milliseconds. */
  readonly txBlock: boolean;
  readonly txTout: number;
  readonly rxCallback?: (message: number) => void;
  /** `tx_done`: a transmission ended with `status`. */
  readonly txDone?: (message: number, status: number) => void;
}

/** `struct mbox_chan_ops`: what a controller does for a channel; errors are negative errnos. */
export interface MboxChanOps {
  sendData(message: number): number;
  startup(): number;
  shutdown(): void;
}

/** `struct completion`. */
class Completion {
  private done = 0;
  private readonly queue: WaitQueue;
  private readonly kernel: Kernel;

  constructor(kernel: Kernel, name: string) {
    this.kernel = kernel;
    this.queue = new WaitQueue(name);
  }

  init(): void {
    this.done = 0;
  }

  complete(): void {
    this.done++;
    this.queue.wakeAll();
  }

  /** False when the time ran out. */
  *waitTimeout(ns: number): KernelCode<boolean> {
    const came = yield* waitEventTimeout(this.kernel, this.queue, () => this.done > 0, ns);
    if (came) this.done--;
    return came;
  }
}

/** `struct mbox_chan`. */
export class MboxChan {
  client: MboxClient | undefined;
  private readonly kernel: Kernel;
  /** Driver and name of the controller, for messages. */
  private readonly controller: string;
  private readonly ops: MboxChanOps;
  private readonly queue: number[] = [];
  private active: { readonly message: number } | undefined;
  private txStatus = 0;
  private readonly txComplete: Completion;

  constructor(kernel: Kernel, controller: string, name: string, ops: MboxChanOps) {
    this.kernel = kernel;
    this.controller = controller;
    this.ops = ops;
    this.txComplete = new Completion(kernel, `mailbox ${name} to take the word`);
  }

  /** Words that wait behind the one in transmission. */
  get queued(): number {
    return this.queue.length;
  }

  /** `mbox_bind_client`: 0, -EBUSY when the channel is taken, or what starting it gave. */
  bind(client: MboxClient): number {
    if (this.client) return ERRNO.EBUSY;
    this.queue.length = 0;
    this.active = undefined;
    this.client = client;
    this.txComplete.init();
    const ret = this.ops.startup();
    if (ret) {
      this.kernel.dev(3, client.device, `Unable to startup the chan (${ret})`);
      this.free();
    }
    return ret;
  }

  /** `mbox_free_channel`: queued words are dropped without a callback. */
  free(): void {
    if (!this.client) return;
    this.ops.shutdown();
    this.client = undefined;
    this.active = undefined;
  }

  /** `mbox_send_message`: not negative when queued or, for a blocking client, taken by the remote; -ENOBUFS, -ETIME, or its status. */
  *send(message: number): KernelCode<number> {
    const { client } = this;
    if (!client) return ERRNO.EINVAL;
    if (this.queue.length === MBOX_TX_QUEUE_LEN) {
      this.kernel.dev(3, this.controller, 'Try increasing MBOX_TX_QUEUE_LEN');
      return ERRNO.ENOBUFS;
    }
    const token = this.queue.push(message) - 1;
    this.msgSubmit();
    if (!client.txBlock) return token;
    const inTime = yield* this.txComplete.waitTimeout((client.txTout || FOREVER_MS) * 1e6);
    if (!inTime) {
      this.txTick(ERRNO.ETIME);
      return ERRNO.ETIME;
    }
    return this.txStatus < 0 ? this.txStatus : token;
  }

  /** `msg_submit`: hands the oldest word to the controller unless one is in transmission. */
  private msgSubmit(): void {
    const message = this.queue[0];
    if (message === undefined || this.active) return;
    if (this.ops.sendData(message) !== 0) return;
    this.active = { message };
    this.queue.shift();
  }

  /** `tx_tick`. */
  private txTick(status: number): void {
    const { active, client } = this;
    this.active = undefined;
    this.msgSubmit();
    if (!active || !client) return;
    client.txDone?.(active.message, status);
    if (status !== ERRNO.ETIME && client.txBlock) {
      this.txStatus = status;
      this.txComplete.complete();
    }
  }

  /** `mbox_chan_txdone`: the controller saw the remote take the word. */
  txDone(status: number): void {
    this.txTick(status);
  }

  /** `mbox_chan_received_data`. */
  receivedData(message: number): void {
    this.client?.rxCallback?.(message);
  }
}

/** `struct mbox_controller`: `xlate` maps a specifier of the device tree (`<&mu 0 1>`) to a channel or a negative errno. */
export interface MboxController {
  /** Node that the clients' `mboxes` name. */
  readonly node: string;
  /** Driver and name of its device, for messages. */
  readonly device: string;
  xlate(type: number, index: number): MboxChan | number;
  /** `mbox_free_channel` of all that are taken. */
  freeChannels(): void;
}

/** An entry of `mboxes`: the controller's node and the cells behind it. */
export interface MboxSpecifier {
  readonly node: string;
  readonly args: readonly number[];
}

/** `mboxes` by their `mbox-names`, in order; a function looks the entry up when it is asked for, and may find that it makes no sense. */
export type MboxSpecifiers = Readonly<Record<string, MboxSpecifier | (() => MboxSpecifier | number)>>;

/** An entry as it is now, or the negative errno of looking it up. */
export function mboxSpecifier(mboxes: MboxSpecifiers, name: string): MboxSpecifier | number | undefined {
  const found = mboxes[name];
  return typeof found === 'function' ? found() : found;
}

/** The controllers of one kernel (`mbox_cons`). */
export class Mailboxes {
  private readonly controllers = new Map<string, MboxController>();

  /** `mbox_controller_register`. */
  register(controller: MboxController): void {
    this.controllers.set(controller.node, controller);
  }

  /** True once the controller of that node has registered. */
  has(node: string): boolean {
    return this.controllers.has(node);
  }

  /** `mbox_request_channel`: the channel, started; -EPROBE_DEFER while its controller is not there. */
  request(client: MboxClient, node: string, type: number, index: number): MboxChan | number {
    const chan = this.controllers.get(node)?.xlate(type, index) ?? ERRNO.EPROBE_DEFER;
    if (typeof chan === 'number') return chan;
    return chan.bind(client) || chan;
  }

  /**
   * `mbox_request_channel_byname`: as `request`, or -EINVAL for a name or specifier that makes no sense. The first entry whose name begins so is
   * taken: `rx` finds `rxdb` if that stands before it.
   */
  requestByName(kernel: Kernel, client: MboxClient, mboxes: MboxSpecifiers, name: string): MboxChan | number {
    const found = Object.keys(mboxes).find((candidate) => candidate.startsWith(name));
    const specifier = found === undefined ? undefined : mboxSpecifier(mboxes, found);
    if (typeof specifier === 'number') return specifier;
    if (!specifier) {
      kernel.dev(3, client.device, `mbox_request_channel_byname() could not locate channel named "${name}"`);
      return ERRNO.EINVAL;
    }
    const { node, args } = specifier;
    const controller = this.controllers.get(node);
    if (!controller) return ERRNO.EPROBE_DEFER;
    const [type, index] = args;
    if (type === undefined || index === undefined || args.length !== 2) {
      kernel.dev(3, controller.device, `Invalid argument count ${args.length}`);
      return ERRNO.EINVAL;
    }
    return this.request(client, node, type, index);
  }

  /** `mbox_controller_unregister`: its channels lose their clients. */
  unregister(controller: MboxController): void {
    this.controllers.delete(controller.node);
    controller.freeChannels();
  }
}
