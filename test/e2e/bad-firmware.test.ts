/**
 * Firmware that runs and breaks the rules of virtio and RPMsg: each case gets one line that names the place, what Linux prints, and a
 * remedy; Linux survives, and every engine tells the same story.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/session/exit.ts';
import { ENGINES } from '../support/engines.ts';
import { message, RING, rogueFirmware, type Store, usedElement, usedIndex } from './rogue-firmware.ts';
import { runFirmware, type Session } from './session.ts';

const directory = mkdtempSync(join(tmpdir(), 'imx-sim-bad-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** A name-service announcement of `name` (at most 31 characters) for address 30, as a payload of words. */
function announcement(name: string): number[] {
  const bytes = new Uint8Array(32);
  bytes.set(new TextEncoder().encode(name));
  return [...new Uint32Array(bytes.buffer), 30, 0];
}

const ns = { src: 30, dst: 0x35, length: 40 } as const;
const flags = RING.descriptors + 12;
const next = RING.descriptors + 14;

interface Case {
  readonly what: string;
  readonly stores: readonly Store[];
  readonly doorbell?: number;
  /** Message of Linux, when there is one. */
  readonly linux?: string;
  /** imx-sim's own line, which names the place. */
  readonly says?: RegExp;
  /** What to do about it. */
  readonly remedy?: RegExp;
}

const CASES: readonly Case[] = [
  {
    what: 'a descriptor out of range',
    stores: [...usedElement(0, 48, 16), usedIndex(1)],
    linux: 'virtio_rpmsg_bus virtio0: input:id 48 out of range',
    says: /guest-error: .*virtio0 input: used element 0 names descriptor 48; the ring has 8/,
    remedy: /write the index of the descriptor taken from the available ring/,
  },
  {
    what: 'a used index far ahead',
    stores: [usedIndex(0x7fff)],
    linux: 'virtio_rpmsg_bus virtio0: msg received with no recipient',
    says: /guest-error: .*virtio0 input: used\.idx moved from 0 to 32767: 32767 buffers returned, but the core held only 8/,
  },
  {
    what: 'a used index that goes back',
    stores: [usedIndex(0xfff0)],
    says: /guest-error: .*virtio0 input: used\.idx went back from 0 to 65520/,
  },
  {
    what: 'a used length longer than the buffer',
    stores: [...message(0, ns, announcement('x'), { length: 0x1_0000 }), usedIndex(1)],
    linux: 'virtio_rpmsg_bus virtio0: inbound msg too big: (65536, 40)',
    says: /guest-error: .*virtio0 input: used element 0 says 65536 bytes were written to descriptor 0, whose buffer has 512/,
    remedy: /send at most 496 bytes/,
  },
  {
    what: 'a message longer than the buffer',
    stores: [...message(0, { ...ns, length: 600 }, announcement('x'), { length: 512 }), usedIndex(1)],
    linux: 'virtio_rpmsg_bus virtio0: inbound msg too big: (512, 600)',
    says: /warning: dmesg: a message is longer than its buffer/,
    remedy: /send at most 496 bytes/,
  },
  {
    what: 'a descriptor chain that loops',
    stores: [
      { address: flags, value: 3, size: 2 },
      { address: next, value: 0, size: 2 },
      ...message(0, ns, announcement('x')),
      usedIndex(1),
    ],
    linux: 'virtio_rpmsg_bus virtio0: creating channel x addr 0x1e',
    says: /guest-error: .*virtio0 input: descriptor 0 was 0x55400000\+512 flags 2 and is now 0x55400000\+512 flags 3: the descriptor table belongs to Linux/,
  },
  {
    what: 'a descriptor chain that leaves the table',
    stores: [
      { address: flags, value: 3, size: 2 },
      { address: next, value: 4000, size: 2 },
      ...message(0, ns, announcement('x')),
      usedIndex(1),
    ],
    linux: 'virtio_rpmsg_bus virtio0: creating channel x addr 0x1e',
    says: /guest-error: .*virtio0 input: descriptor 0 .* flags 3: the descriptor table belongs to Linux/,
  },
  {
    what: 'a buffer address outside of memory',
    stores: [{ address: RING.descriptors, value: 0xffff_fff0 }, ...message(0, ns, announcement('x')), usedIndex(1)],
    linux: 'virtio_rpmsg_bus virtio0: creating channel x addr 0x1e',
    says: /guest-error: .*virtio0 input: descriptor 0 was 0x55400000\+512 flags 2 and is now 0xfffffff0\+512 flags 2/,
  },
  {
    what: 'a write to the ring that belongs to Linux',
    stores: [{ address: RING.available + 2, value: 77, size: 2 }, ...message(0, ns, announcement('x')), usedIndex(1)],
    says: /guest-error: .*virtio0 input: avail\.idx is 77 where Linux wrote 8: the core wrote to the available ring/,
  },
  {
    what: 'flags of the used ring that mean nothing',
    stores: [{ address: RING.used, value: 0x80, size: 2 }, ...message(0, ns, announcement('x')), usedIndex(1)],
    says: /guest-error: .*virtio0 input: used\.flags is 0x80; only bit 0 \(NO_NOTIFY\) has a meaning/,
  },
  {
    what: 'a name-service message of the wrong length',
    stores: [...message(0, { ...ns, length: 4 }, [1]), usedIndex(1)],
    linux: 'virtio_rpmsg_bus virtio0: malformed ns msg (4)',
    says: /warning: dmesg: a name-service message has the wrong length/,
    remedy: /send 40 bytes to address 0x35/,
  },
  {
    what: 'a name without an end',
    stores: [...message(0, ns, [...Array.from({ length: 8 }, () => 0x4141_4141), 30, 0]), usedIndex(1)],
    linux: `virtio_rpmsg_bus virtio0: creating channel ${'A'.repeat(31)} addr 0x1e`,
    says: /linux: channel "A{31}" \(remote 0x1e\) has no driver: no module knows this service name/,
  },
  {
    what: 'a name that is nearly right',
    stores: [...message(0, ns, announcement('rpmsg-client-simple')), usedIndex(1)],
    linux: 'virtio_rpmsg_bus virtio0: creating channel rpmsg-client-simple addr 0x1e',
    says: /has no driver: no module knows this name; known and similar: "rpmsg-client-sample" \(rpmsg_client_sample\)/,
  },
  {
    what: 'the same channel announced twice',
    stores: [...message(0, ns, announcement('twin')), ...message(1, ns, announcement('twin')), usedIndex(2)],
    linux: 'virtio_rpmsg_bus virtio0: channel twin:ffffffff:1e already exist',
    says: /warning: dmesg: the firmware announced a channel twice/,
    remedy: /announce each endpoint once/,
  },
  {
    what: 'a message to nobody',
    stores: [...message(0, { src: 30, dst: 0x999, length: 4 }, [1]), usedIndex(1)],
    linux: 'virtio_rpmsg_bus virtio0: msg received with no recipient',
    says: /warning: dmesg: a message went to an address at which nobody listens/,
    remedy: /send to the address the peer's messages come from/,
  },
  {
    what: 'a doorbell for a vring that the device does not have (imx_rproc looks at all of them, whatever the word says)',
    stores: [...message(0, ns, announcement('x')), usedIndex(1)],
    doorbell: 7 << 16,
    linux: 'virtio_rpmsg_bus virtio0: creating channel x addr 0x1e',
  },
  {
    what: 'a firmware that never answers',
    stores: [],
    says: /linux: the virtio device is ready, but the firmware has sent no message, not even a name-service announcement \(to address 0x35\)/,
  },
];

function run(index: number, engine: string): Promise<Session> {
  const { stores, doorbell } = CASES[index]!;
  const path = join(directory, `case-${index}.elf`);
  writeFileSync(path, rogueFirmware(stores, doorbell));
  return runFirmware(path, ['--cpu', engine, '--timeout', '30ms', '--trace-hash', '--until', 'a line that never comes']);
}

describe.each(CASES.map(({ what }, index) => ({ what, index })))('$what', ({ index }) => {
  const { linux, says, remedy } = CASES[index]!;
  it.each(ENGINES.map(({ name }) => name))('is named, explained and survived on %s', async (engine) => {
    const { status, dmesg, stderr } = await run(index, engine);
    expect(status, stderr).toBe(EXIT.TIMEOUT);
    expect(dmesg).toContain('virtio_rpmsg_bus virtio0: rpmsg host is online');
    if (linux !== undefined) expect(dmesg).toContain(linux);
    if (says) expect(stderr).toMatch(says);
    if (remedy) expect(stderr).toMatch(new RegExp(`^ {2}remedy: .*${remedy.source}`, 'm'));
    expect(stderr).not.toMatch(/internal error|^ {4}at /m);
  });

  it.runIf(ENGINES.length > 1)('leaves the same trace on every engine', async () => {
    const traces: (string | undefined)[] = [];
    for (const { name } of ENGINES) traces.push((await run(index, name)).lines.at(-1));
    expect(traces[0]).toMatch(/^trace [0-9a-f]{64}$/);
    expect(new Set(traces).size).toBe(1);
  });
});
