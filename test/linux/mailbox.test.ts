import { describe, expect, it } from 'vitest';
import { EventHub } from '../../src/events.ts';
import { Kernel, type KernelCode } from '../../src/linux/kernel.ts';
import { Mailboxes, MBOX_TX_QUEUE_LEN, MboxChan, type MboxClient } from '../../src/linux/mailbox.ts';
import { AddressSpace } from '../../src/memory/bus.ts';
import { Scheduler } from '../../src/time/scheduler.ts';

interface Fixture {
  readonly kernel: Kernel;
  readonly chan: MboxChan;
  readonly sent: number[];
  /** What the controller gives for the next words. */
  readonly controller: { result: number; startup: number; shutdowns: number };
  run<T>(code: KernelCode<T>): { result: T | undefined };
  settle(seconds: number): void;
}

function fixture(client: Partial<MboxClient> = {}): Fixture & { bound: number } {
  const scheduler = new Scheduler(1_000_000_000);
  const kernel = new Kernel({ scheduler, memory: new AddressSpace('linux'), events: new EventHub() });
  const sent: number[] = [];
  const controller = { result: 0, startup: 0, shutdowns: 0 };
  const chan = new MboxChan(kernel, 'imx_mu 30aa0000.mailbox', 'MU1 channel 0-1', {
    sendData(message) {
      if (controller.result === 0) sent.push(message);
      return controller.result;
    },
    startup: () => controller.startup,
    shutdown: () => void controller.shutdowns++,
  });
  const bound = chan.bind({ device: 'imx-rproc remoteproc-cm7', txBlock: true, txTout: 100, ...client });
  const settle = (seconds: number): void => {
    const end = scheduler.now + seconds * scheduler.hz;
    while (scheduler.nextDeadline <= end) {
      scheduler.advanceTo(scheduler.nextDeadline);
      scheduler.fireDue();
    }
    scheduler.advanceTo(end);
  };
  const run = <T>(code: KernelCode<T>): { result: T | undefined } => {
    const box: { result: T | undefined } = { result: undefined };
    kernel.spawn(
      'client',
      (function* () {
        box.result = yield* code;
      })(),
    );
    settle(0.001);
    return box;
  };
  return { kernel, chan, sent, controller, run, settle, bound };
}

describe('mbox_send_message', () => {
  it('blocks until the remote took the word', () => {
    const { chan, sent, run, settle } = fixture();
    const send = run(chan.send(0x1_0000));
    expect(sent).toEqual([0x1_0000]);
    settle(0.05);
    expect(send.result).toBeUndefined();
    chan.txDone(0);
    settle(0.001);
    expect(send.result).toBe(0);
  });

  it('gives up after tx_tout with -ETIME, and the next word goes out', () => {
    const { chan, sent, run, settle } = fixture();
    const send = run(chan.send(1));
    settle(0.098);
    expect(send.result).toBeUndefined();
    settle(0.002);
    expect(send.result).toBe(-62);
    const next = run(chan.send(2));
    expect(sent).toEqual([1, 2]);
    chan.txDone(0);
    settle(0.001);
    expect(next.result).toBe(0);
  });

  it('waits an hour without tx_tout', () => {
    const { chan, run, settle } = fixture({ txTout: 0 });
    const send = run(chan.send(1));
    settle(3599);
    expect(send.result).toBeUndefined();
    settle(2);
    expect(send.result).toBe(-62);
  });

  it('gives the status of a transmission that failed', () => {
    const { chan, run, settle } = fixture();
    const send = run(chan.send(1));
    chan.txDone(-5);
    settle(0.001);
    expect(send.result).toBe(-5);
  });

  it('returns a token at once to a client that does not block, and tells it later', () => {
    const done: [number, number][] = [];
    const { chan, sent, run } = fixture({ txBlock: false, txDone: (message, status) => done.push([message, status]) });
    expect(run(chan.send(1)).result).toBe(0);
    expect(run(chan.send(2)).result).toBe(0);
    expect(sent).toEqual([1]);
    chan.txDone(0);
    expect(sent).toEqual([1, 2]);
    expect(done).toEqual([[1, 0]]);
  });

  it('queues 20 words behind the one in transmission, then -ENOBUFS', () => {
    const { kernel, chan, run } = fixture({ txBlock: false });
    for (let i = 0; i <= MBOX_TX_QUEUE_LEN; i++) expect(run(chan.send(i)).result).toBeGreaterThanOrEqual(0);
    expect(chan.queued).toBe(20);
    expect(run(chan.send(99)).result).toBe(-105);
    expect(kernel.log.at(-1)).toMatchObject({ level: 3, text: 'imx_mu 30aa0000.mailbox: Try increasing MBOX_TX_QUEUE_LEN' });
  });

  it('keeps a word that the controller cannot take yet', () => {
    const { chan, sent, controller, run } = fixture({ txBlock: false });
    controller.result = -16;
    run(chan.send(1));
    expect(sent).toEqual([]);
    controller.result = 0;
    run(chan.send(2));
    expect(sent).toEqual([1]);
  });

  it('is -EINVAL without a client', () => {
    const { chan, run } = fixture();
    chan.free();
    expect(run(chan.send(1)).result).toBe(-22);
  });
});

describe('channels', () => {
  it('has one client; freeing it shuts the channel down', () => {
    const { chan, controller, bound } = fixture();
    expect(bound).toBe(0);
    expect(chan.bind({ device: 'other', txBlock: false, txTout: 0 })).toBe(-16);
    chan.free();
    chan.free();
    expect(controller.shutdowns).toBe(1);
    expect(chan.bind({ device: 'other', txBlock: false, txTout: 0 })).toBe(0);
  });

  it('says when a channel does not start', () => {
    const { kernel, chan, controller } = fixture();
    chan.free();
    controller.startup = -19;
    expect(chan.bind({ device: 'imx-rproc remoteproc-cm7', txBlock: false, txTout: 0 })).toBe(-19);
    expect(kernel.log.at(-1)!.text).toBe('imx-rproc remoteproc-cm7: Unable to startup the chan (-19)'); // __mbox_bind_client
    expect(chan.client).toBeUndefined();
  });

  it('hands received words to the client, and drops them without one', () => {
    const received: number[] = [];
    const { chan } = fixture({ rxCallback: (message) => received.push(message) });
    chan.receivedData(7);
    chan.free();
    chan.receivedData(8);
    expect(received).toEqual([7]);
  });

  it('defers a client whose controller is not there', () => {
    const { chan } = fixture();
    const mailboxes = new Mailboxes();
    const client = { device: 'x', txBlock: false, txTout: 0 };
    expect(mailboxes.request(client, 'MU1', 0, 1)).toBe(-517);
    mailboxes.register({ node: 'MU1', device: 'imx_mu mu', xlate: (type) => (type === 0 ? chan : -22), freeChannels: () => chan.free() });
    expect(mailboxes.has('MU1')).toBe(true);
    expect(mailboxes.request(client, 'MU1', 0, 1)).toBe(-16);
    chan.free();
    expect(mailboxes.request(client, 'MU1', 0, 1)).toBe(chan);
    expect(mailboxes.request(client, 'MU1', 9, 1)).toBe(-22);
  });
});
