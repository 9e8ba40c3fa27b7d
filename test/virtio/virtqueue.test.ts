/** Rings and Linux's side of them, against the device's side and against memory. */
import { describe, expect, test } from 'vitest';
import { ERRNO } from '../../src/linux/kernel.ts';
import { VirtioDeviceQueue } from '../../src/virtio/virtio-device-queue.ts';
import { VirtioDriverQueue } from '../../src/virtio/virtqueue.ts';
import { VIRTIO_RING_F_EVENT_IDX, Vring, vringNeedEvent, vringSize } from '../../src/virtio/vring.ts';
import { createWorld, random, SHARED } from './ring-fixture.ts';

const BUFFERS = SHARED + 0x1_0000;

function createPair(options: { num?: number; align?: number; notify?: () => boolean; features?: number } = {}) {
  const world = createWorld();
  const { num = 8, align = 4096, notify = () => true, features = 0 } = options;
  const violations: string[] = [];
  let kicks = 0;
  let callbacks = 0;
  const driver = new VirtioDriverQueue({
    kernel: world.kernel,
    device: 'virtio0',
    name: 'input',
    index: 0,
    address: SHARED,
    num,
    align,
    features,
    *notify() {
      kicks++;
      return notify();
    },
    *callback() {
      callbacks++;
    },
    onViolation: (text) => violations.push(text),
  });
  driver.owner = 'virtio_rpmsg_bus';
  const device = new VirtioDeviceQueue({ memory: world.memory, address: SHARED, num, align });
  return { world, driver, device, violations, kicks: () => kicks, callbacks: () => callbacks };
}

describe('vring layout (virtio_ring.h)', () => {
  test.each([
    // MCUXpresso: 256 descriptors, page alignment; Zephyr: 8 descriptors, align 16; sizes by hand from virtio 1.2, 2.7.2.
    { num: 256, align: 4096, used: 0x2000, size: 0x2000 + 6 + 8 * 256 },
    { num: 8, align: 16, used: 0xa0, size: 0xa0 + 6 + 64 },
    { num: 8, align: 4096, used: 0x1000, size: 0x1000 + 6 + 64 },
    { num: 1, align: 4, used: 24, size: 24 + 6 + 8 },
  ])('num $num align $align', ({ num, align, used, size }) => {
    const vring = new Vring(createWorld().memory, SHARED, num, align);
    expect(vringSize(num, align)).toBe(size);
    expect(vring.avail - SHARED).toBe(16 * num);
    expect(vring.used - SHARED).toBe(used);
    expect(vring.size).toBe(size);
  });

  test('an alignment that is no power of two is masked as the kernel masks it', () => {
    // (16*8 + 2*11 + 23) & ~23 = 173 & ~23 = 168
    expect(vringSize(8, 24)).toBe(168 + 6 + 64);
  });

  test('a ring in a hole reads as ones and takes no writes', () => {
    const vring = new Vring(createWorld().memory, 0x1000_0000, 8, 16);
    expect(vring.accessible).toBe(false);
    vring.availIdx = 3;
    expect(vring.availIdx).toBe(0xffff);
    expect(vring.usedElement(0)).toEqual({ id: 0xffff_ffff, length: 0xffff_ffff });
  });

  test('vring_need_event across the wrap', () => {
    expect(vringNeedEvent(0xffff, 1, 0xfffe)).toBe(true);
    expect(vringNeedEvent(5, 5, 3)).toBe(false);
    expect(vringNeedEvent(4, 5, 3)).toBe(true);
  });
});

describe('virtqueue', () => {
  test('bytes: what virtqueue_add_inbuf leaves in memory', () => {
    const { world, driver } = createPair({ align: 16 });
    expect(driver.addInbuf(BUFFERS, 512)).toBe(0);
    expect(driver.addInbuf(BUFFERS + 512, 512)).toBe(0);
    const words = (at: number, count: number) => Array.from({ length: count }, (_, i) => world.memory.read(at + 4 * i, 4));
    expect(words(SHARED, 8)).toEqual([BUFFERS, 0, 512, 0x0001_0002, BUFFERS + 512, 0, 512, 0x0002_0002]);
    expect(words(SHARED + 128, 2)).toEqual([0x0002_0000, 0x0001_0000]);
    expect(world.events.filter((e) => e.type === 'vring')).toMatchObject([
      { device: 'virtio0', queue: 0, action: 'avail', id: 0, length: 512 },
      { device: 'virtio0', queue: 0, action: 'avail', id: 1, length: 512 },
    ]);
  });

  test('buffers go round many times more than the ring is long, across the wrap of the indices', () => {
    const { world, driver, device, violations } = createPair({ num: 4 });
    for (let i = 0; i < 4; i++) driver.addInbuf(BUFFERS + 512 * i, 512);
    for (let round = 0; round < 70_000; round++) {
      const buffer = device.take()!;
      const data = new Uint8Array([round & 0xff, round >> 8, 7]);
      device.give(buffer.head, device.write(buffer, data));
      const got = driver.getBuf()!;
      if (got.length !== 3 || world.memory.read(got.address, 1) !== (round & 0xff)) expect.unreachable(`round ${round}`);
      driver.addInbuf(got.address, 512);
      world.events.length = 0;
    }
    expect(driver.getBuf()).toBeUndefined();
    expect(device.available).toBe(4);
    expect(violations).toEqual([]);
  });

  test('virtqueue_add_outbuf: a full ring gives -ENOSPC after a doorbell, virtqueue_add_inbuf without', () => {
    const { world, driver, kicks } = createPair({ num: 2 });
    expect(world.run(driver.addOutbuf(BUFFERS, 16))).toBe(0);
    expect(world.run(driver.addOutbuf(BUFFERS + 512, 16))).toBe(0);
    expect(kicks()).toBe(0);
    expect(driver.addInbuf(BUFFERS, 16)).toBe(ERRNO.ENOSPC);
    expect(kicks()).toBe(0);
    expect(world.run(driver.addOutbuf(BUFFERS, 16))).toBe(ERRNO.ENOSPC);
    expect(kicks()).toBe(1);
  });

  test('virtqueue_kick honours VRING_USED_F_NO_NOTIFY and emits its event', () => {
    const { world, driver, device, kicks } = createPair();
    driver.addInbuf(BUFFERS, 512);
    expect(world.run(driver.kick())).toBe(true);
    expect(kicks()).toBe(1);
    device.wantKicks(false);
    driver.addInbuf(BUFFERS + 512, 512);
    expect(world.run(driver.kick())).toBe(true);
    expect(kicks()).toBe(1);
    device.wantKicks(true);
    expect(world.run(driver.kick())).toBe(true);
    expect(kicks()).toBe(2);
    expect(world.events.filter((e) => e.type === 'vring' && e.action === 'kick')).toHaveLength(2);
  });

  test('virtqueue_notify: a doorbell that fails breaks the queue', () => {
    const { world, driver } = createPair({ notify: () => false });
    driver.addInbuf(BUFFERS, 512);
    expect(world.run(driver.kick())).toBe(false);
    expect(driver.broken).toBe(true);
    expect(driver.addInbuf(BUFFERS, 512)).toBe(ERRNO.EIO);
    expect(world.run(driver.notify())).toBe(false);
  });

  test('virtqueue_disable_cb and enable_cb write VRING_AVAIL_F_NO_INTERRUPT, which the device sees', () => {
    const { driver, device } = createPair();
    driver.addInbuf(BUFFERS, 512);
    driver.addInbuf(BUFFERS + 512, 512);
    driver.disableCb();
    expect(device.give(device.take()!.head, 1)).toBe(false);
    expect(driver.enableCb()).toBe(false);
    driver.getBuf();
    expect(driver.enableCb()).toBe(true);
    expect(device.give(device.take()!.head, 1)).toBe(true);
  });

  test('with VIRTIO_RING_F_EVENT_IDX kicks follow avail_event and used_event follows the driver', () => {
    const { world, driver, device, kicks } = createPair({ features: 1 << VIRTIO_RING_F_EVENT_IDX });
    device.vring.availEvent = 1;
    driver.addInbuf(BUFFERS, 512);
    world.run(driver.kick());
    expect(kicks()).toBe(0);
    driver.addInbuf(BUFFERS + 512, 512);
    world.run(driver.kick());
    expect(kicks()).toBe(1);
    device.give(device.take()!.head, 1);
    driver.getBuf();
    expect(driver.vring.usedEvent).toBe(1);
    expect(driver.vring.availFlags).toBe(0);
  });

  test('vring_interrupt: calls back only when there is work and the queue is sound', () => {
    const { world, driver, device, callbacks } = createPair();
    driver.addInbuf(BUFFERS, 512);
    expect(world.run(driver.vringInterrupt())).toBe(false);
    device.give(device.take()!.head, 1);
    expect(world.run(driver.vringInterrupt())).toBe(true);
    expect(callbacks()).toBe(1);
    driver.break();
    expect(world.run(driver.vringInterrupt())).toBe(true);
    expect(callbacks()).toBe(1);
  });

  test('virtqueue_detach_unused_buf gives every buffer back once', () => {
    const { driver, device } = createPair({ num: 4 });
    for (let i = 0; i < 3; i++) driver.addInbuf(BUFFERS + 512 * i, 512);
    device.give(device.take()!.head, 1);
    driver.getBuf();
    expect([driver.detachUnusedBuf(), driver.detachUnusedBuf(), driver.detachUnusedBuf()]).toEqual([
      BUFFERS + 512,
      BUFFERS + 1024,
      undefined,
    ]);
    expect(driver.numFree).toBe(4);
  });
});

describe('a core that breaks the rules', () => {
  test('virtqueue_get_buf_ctx_split: "id %u out of range"', () => {
    const { world, driver, device, violations } = createPair();
    driver.addInbuf(BUFFERS, 512);
    device.give(4_000_000_000, 1);
    expect(driver.getBuf()).toBeUndefined();
    expect(world.dmesg()).toEqual(['virtio_rpmsg_bus virtio0: input:id 4000000000 out of range']);
    expect(driver.broken).toBe(true);
    expect(violations).toEqual(['virtio0 input: used element 0 names descriptor 4000000000; the ring has 8']);
  });

  test('virtqueue_get_buf_ctx_split: "id %u is not a head!", with the reason a board does not give', () => {
    const { world, driver, device, violations } = createPair();
    for (let i = 0; i < 4; i++) driver.addInbuf(BUFFERS + 512 * i, 512);
    const { head } = device.take()!;
    device.give(head, 1);
    expect(driver.getBuf()).toMatchObject({ address: BUFFERS });
    device.give(head, 1);
    expect(driver.getBuf()).toBeUndefined();
    expect(world.dmesg()).toEqual(['virtio_rpmsg_bus virtio0: input:id 0 is not a head!']);
    expect(violations[0]).toContain('returns descriptor 0, which the core does not hold: it came back as used element 0');
    // Once broken it stays silent.
    expect(driver.getBuf()).toBeUndefined();
    expect(world.dmesg()).toHaveLength(1);
  });

  test('the checker names jumps, steps back, foreign writes, lengths and changed descriptors', () => {
    const { world, driver, device, violations } = createPair();
    driver.addInbuf(BUFFERS, 512);
    driver.addInbuf(BUFFERS + 512, 512);
    device.vring.usedIdx = 5;
    world.run(driver.vringInterrupt());
    device.vring.usedIdx = 0xfff0;
    world.run(driver.vringInterrupt());
    device.vring.usedIdx = 0;
    device.vring.availIdx = 9;
    device.vring.usedFlags = 0x8000;
    device.vring.availFlags = 1;
    world.run(driver.vringInterrupt());
    device.vring.setDescriptor(0, { address: 0x1234, addressHigh: 0, length: 1, flags: 0, next: 0 });
    device.give(0, 0x10_0000);
    driver.getBuf();
    expect(violations.map((text) => text.replace('virtio0 input: ', '').slice(0, 40))).toEqual([
      'used.idx moved from 0 to 5: 5 buffers re',
      'used.idx went back from 0 to 65520; it o',
      'avail.idx is 9 where Linux wrote 2: the ',
      'avail.flags is 0x1 where Linux wrote 0x0',
      'used.flags is 0x8000; only bit 0 (NO_NOT',
      'used element 0 says 1048576 bytes were w',
      'descriptor 0 was 0x55010000+512 flags 2 ',
    ]);
  });

  test('a table in which every descriptor says NEXT cannot hang detach_buf_split', () => {
    const { driver, device, violations } = createPair();
    driver.addInbuf(BUFFERS, 512);
    for (let i = 0; i < 8; i++) device.vring.setDescriptor(i, { address: 0, addressHigh: 0, length: 0, flags: 1, next: i });
    device.give(0, 1);
    expect(driver.getBuf()).toMatchObject({ address: BUFFERS });
    expect(driver.broken).toBe(true);
    expect(violations.at(-1)).toContain('does not end');
    expect(device.take()!.segments).toHaveLength(8);
  });

  test('1,000 mutated rings crash nothing and loop never', () => {
    const seed = 0x5eed_0001;
    for (let round = 0; round < 1000; round++) {
      const next = random(seed + round);
      const num = [1, 2, 3, 8, 16, 256][Math.floor(next(6))]!;
      const align = [1, 4, 16, 24, 4096][Math.floor(next(5))]!;
      const { world, driver, device } = createPair({ num, align });
      const { size } = device.vring;
      let taken = 0;
      const note = () => `seed ${seed + round} num ${num} align ${align}`;
      for (let step = 0; step < 20; step++) {
        for (let i = Math.floor(next(8)); i > 0; i--) world.memory.write(SHARED + Math.floor(next(size)), Math.floor(next(256)), 1);
        if (next(2) < 1) driver.addInbuf(BUFFERS, 512);
        if (next(2) < 1) device.give(Math.floor(next(num + 1)), Math.floor(next(0x1_0000_0000)));
        const buffer = device.take();
        if (buffer) device.read(buffer);
        world.run(driver.vringInterrupt());
        // Linux only takes what it lent: never more than it added, whatever the indices say.
        while (driver.getBuf()) if (++taken > 20) expect.unreachable(note());
        if (next(4) < 1) driver.detachUnusedBuf();
        if (next(4) < 1 && driver.enableCb()) driver.disableCb();
      }
    }
  });
});
