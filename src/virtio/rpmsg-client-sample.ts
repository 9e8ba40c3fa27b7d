/**
 * samples/rpmsg/rpmsg_client_sample.c (6.1): sends "hello world!" and answers each message with the same, 100 times.
 */
import type { KernelCode } from '../linux/kernel.ts';
import type { RpmsgDevice, RpmsgDriver } from './rpmsg-core.ts';

const MSG = new TextEncoder().encode('hello world!');

/** The module's parameter: how many messages it answers. */
export interface SampleParameters {
  count: number;
}

/** The `rpmsg_client_sample` driver; its parameter is looked at with every message. */
export function createRpmsgClientSample(parameters: Readonly<SampleParameters> = { count: 100 }): RpmsgDriver {
  const received = new WeakMap<RpmsgDevice, number>();

  function* send(rpdev: RpmsgDevice): KernelCode<number> {
    const err = yield* rpdev.ept!.send(MSG);
    if (err) rpdev.dev(3, `rpmsg_send failed: ${err}`);
    return err;
  }

  return {
    name: 'rpmsg_client_sample',
    idTable: ['rpmsg-client-sample'],
    *callback(rpdev, _data, src) {
      const rxCount = (received.get(rpdev) ?? 0) + 1;
      received.set(rpdev, rxCount);
      rpdev.dev(6, `incoming msg ${rxCount} (src: 0x${src.toString(16)})`);
      if (rxCount >= parameters.count) rpdev.dev(6, 'goodbye!');
      else yield* send(rpdev);
      return 0;
    },
    *probe(rpdev) {
      rpdev.dev(6, `new channel: 0x${rpdev.src.toString(16)} -> 0x${rpdev.dst.toString(16)}!`);
      received.set(rpdev, 0);
      return yield* send(rpdev);
    },
    *remove(rpdev) {
      rpdev.dev(6, 'rpmsg sample client driver is removed');
    },
  };
}
