/**
 * A machine that runs images/imx8mp_echo8.elf, with a driver in its Linux for the channels that the firmware announces: what echo.mjs and start-stop.mjs
 * have in common.
 *
 * For each channel a task sends with rpmsg_send and sleeps until the echo has come, as a program with a /dev/rpmsgN would. Whatever comes
 * must be what was sent last, byte for byte, and once.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { firmwareOf } from './in-process.mjs';
import { dist, image } from './measure.mjs';

const load = (file) => import(pathToFileURL(join(dist, file)).href);
const { findSoc, Machine } = await load('node.js');
const { WaitQueue, waitEvent } = await load('linux/kernel.js');

/** Its name in /lib/firmware. */
export const FIRMWARE = 'imx8mp_echo8.elf';
/** What Linux loads beside what the board has. */
export const MODULES = ['virtio_rpmsg_bus'];
/** Channels that the firmware announces. */
export const CHANNELS = 8;
/** Virtual time of one call of `run`, and without an echo after which there will be none. */
const CHUNK_NS = 1e6;
const PATIENCE_NS = 1e9;

const same = (a, b) => Buffer.compare(a, b) === 0;

/** One channel, as a program sees it. */
class Channel {
  constructor(rpdev) {
    this.rpdev = rpdev;
    this.queue = new WaitQueue(`an echo of ${rpdev.name}`);
    /** What is under way. */
    this.sent = undefined;
    this.gone = false;
  }

  /** Sends `count` messages, each when the echo of the one before has come; `message` gives their bytes. */
  *pingPong(count, message) {
    for (let i = 0; i < count && !this.gone; i++) {
      this.sent = message(i);
      const err = yield* this.rpdev.ept.send(this.sent);
      if (err && !this.gone) throw new Error(`${this.rpdev.name}: rpmsg_send gave ${err}`);
      yield* waitEvent(this.queue, () => this.sent === undefined || this.gone);
    }
  }
}

/** The machine, its channels, and what went wrong. */
export class EchoMachine {
  channels = [];
  echoes = 0;
  failures = [];

  /** `autostart`: the core is started at boot; else the file is in /lib/firmware only. `machine`: one that was made for that firmware and these modules. */
  constructor(engine, { autostart = true, machine } = {}) {
    const firmware = firmwareOf(image(FIRMWARE.replace('.elf', '')));
    this.machine =
      machine ??
      new Machine({
        soc: findSoc('imx8mp'),
        engine,
        modules: MODULES,
        ...(autostart ? { firmware } : {}),
      });
    if (!autostart) this.machine.linux.firmwareFiles.set(FIRMWARE, firmware.bytes);
    this.kernel = this.machine.kernel;
    this.kernel.spawn('modprobe echo', this.machine.linux.modules.rpmsgBus.registerDriver(this.driver()), 0);
  }

  /** `struct rpmsg_driver`. */
  driver() {
    const find = (rpdev) => this.channels.find((channel) => channel.rpdev === rpdev);
    const machine = this;
    return {
      name: 'echo',
      idTable: ['imx-sim-echo'],
      *callback(rpdev, data) {
        const channel = find(rpdev);
        if (!channel?.sent) machine.failures.push(`${rpdev.name}: an echo of nothing`);
        else if (!same(data, channel.sent)) machine.failures.push(`${rpdev.name}: an echo of something else`);
        else machine.echoes++;
        if (!channel) return 0;
        channel.sent = undefined;
        channel.queue.wakeAll();
        return 0;
      },
      *probe(rpdev) {
        machine.channels.push(new Channel(rpdev));
        return 0;
      },
      *remove(rpdev) {
        const channel = find(rpdev);
        channel.gone = true;
        channel.queue.wakeAll();
        machine.channels = machine.channels.filter((other) => other !== channel);
      },
    };
  }

  /** Runs until `done()`; throws when for a second of virtual time no echo came. */
  runUntil(done) {
    const { scheduler } = this.machine;
    const chunk = scheduler.cyclesFromNs(CHUNK_NS);
    let echoes = this.echoes;
    let deadline = scheduler.now + scheduler.cyclesFromNs(PATIENCE_NS);
    while (!done()) {
      const stop = this.machine.run(scheduler.now + chunk);
      // When all is done, nothing is left to do.
      if (stop.kind !== 'limit' && !done()) throw new Error(`the run ended: ${JSON.stringify(stop)}`);
      if (this.echoes !== echoes) deadline = scheduler.now + scheduler.cyclesFromNs(PATIENCE_NS);
      echoes = this.echoes;
      if (scheduler.now > deadline) throw new Error(`no echo for a second of virtual time; ${this.failures.slice(0, 3).join(', ')}`);
    }
  }

  /** Runs until the firmware has announced its channels and the driver has them. */
  online() {
    this.runUntil(() => this.channels.length === CHANNELS);
  }

  /** Starts a task for each of the first `count` channels; `pending` tells how many have not ended. */
  talk(count, messages, message) {
    const state = { pending: count };
    for (const channel of this.channels.slice(0, count)) {
      const code = function* () {
        yield* channel.pingPong(messages, message);
        state.pending--;
      };
      this.kernel.spawn(`echo ${channel.rpdev.name}`, code(), 0);
    }
    return state;
  }

  /** Sends `messages` on each of `count` channels and waits for all echoes. */
  exchange(count, messages, message) {
    const state = this.talk(count, messages, message);
    this.runUntil(() => state.pending === 0);
  }
}
