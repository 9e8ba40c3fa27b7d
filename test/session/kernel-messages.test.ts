import { describe, expect, it } from 'vitest';
import { kernelHint } from '../../src/session/kernel-messages.ts';

describe('kernelHint', () => {
  it.each([
    ['OF: reserved mem: OVERLAP DETECTED!', /overlap, as the next line says/, /imx-sim dts/],
    ['imx-rproc imx8mp-cm7: error -EBUSY: failed to request rx mailbox channel', /another driver/, /<&mu 1 1>/],
    ['imx-rproc imx8mp-cm7: unable to acquire memory-region', /no available child/, /define all regions/],
    ['imx-rproc imx8mp-cm7: Failed to get clock', /mainline's driver wants one/, /--kernel nxp/],
    ['imx-rpmsg rpmsg: No vring buffer.', /has no reg/, /vdev-nums/],
    ['virtio_rpmsg_bus virtio0: inbound msg too big: (512, 600)', /longer than its buffer/, /496 bytes/],
    ['virtio_rpmsg_bus virtio0: malformed ns msg (4)', /wrong length/, /40 bytes to address 0x35/],
    ['virtio_rpmsg_bus virtio0: msg received with no recipient', /nobody listens/, /bound a driver/],
    ['virtio_rpmsg_bus virtio0: input:id 48 out of range', /does not have/, /used element/],
    ['virtio_rpmsg_bus virtio0: output:id 3 is not a head!', /did not hold/, /once/],
    ['imx-rproc imx8mp-cm7: imx_rproc_kick: failed (0, err:-62)', /within 100 ms/, /RR1/],
    ['rpmsg_client_sample virtio0.x.-1.1024: timeout waiting for a tx buffer', /15 s/, /used ring/],
    ['remoteproc remoteproc0: Elf class is not set', /no core dump/, /--recover/],
    ["remoteproc remoteproc0: can't detach from rproc: -95", /SCU owns/, /stop the core/],
    ['virtio_rpmsg_bus virtio0: channel twin:ffffffff:1e already exist', /announced a channel twice/, /once/],
  ])('%s', (line, text, remedy) => {
    const hint = kernelHint(line);
    expect(hint?.text).toMatch(text);
    expect(hint?.remedy).toMatch(remedy);
  });

  it.each(['virtio_rpmsg_bus virtio0: rpmsg host is online', 'remoteproc remoteproc0: Boot failed: -22', ''])(
    'knows nothing of %j',
    (line) => {
      expect(kernelHint(line)).toBeUndefined();
    },
  );
});
