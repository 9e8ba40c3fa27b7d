/** Headers and announcements of rpmsg, from bytes. */
import { describe, expect, test } from 'vitest';
import { RPMSG_HEADER_SIZE, readAnnouncement, readHeader } from '../../src/view/rpmsg-bytes.ts';
import { encodeNsMsg, RPMSG_NS_DESTROY } from '../../src/virtio/rpmsg-ns.ts';
import { RPMSG_HDR_SIZE } from '../../src/virtio/virtproc-info.ts';

describe('bytes of rpmsg', () => {
  test('announcements of the name service', () => {
    const data = new Uint8Array(40);
    data.set(new TextEncoder().encode('rpmsg-tty'));
    new DataView(data.buffer).setUint32(32, 30, true);
    expect(readAnnouncement(data)).toEqual({ name: 'rpmsg-tty', address: 30, flags: 'create' });
    data[36] = 1;
    expect(readAnnouncement(data)?.flags).toBe('destroy');
    expect(readAnnouncement(data.subarray(0, 39))).toBeUndefined();
    expect(readAnnouncement(new Uint8Array())).toBeUndefined();
  });

  test('what the driver writes is read back, a name of 32 characters whole', () => {
    const name = 'n'.repeat(32);
    expect(readAnnouncement(encodeNsMsg(name, 0xffff_fffe, RPMSG_NS_DESTROY))).toEqual({ name, address: 0xffff_fffe, flags: 'destroy' });
  });

  test('headers, little-endian, wherever the bytes begin', () => {
    const bytes = Uint8Array.of(9, 0, 4, 0, 0, 0x1e, 0, 0, 0x80, 7, 0, 0, 0, 0x0c, 0x01, 2, 0, 9);
    expect(readHeader(bytes.subarray(1))).toEqual({ src: 0x400, dst: 0x8000_001e, reserved: 7, length: 0x10c, flags: 2 });
    expect(readHeader(bytes.subarray(0, 15))).toBeUndefined();
    expect(RPMSG_HEADER_SIZE).toBe(RPMSG_HDR_SIZE);
  });
});
