/**
 * The tests that bench/forks.mjs and bench/repeat.mjs run, and test/e2e/same-everywhere.test.ts a few of: twenty kinds of small firmware tests over
 * images/imx8mp_echo.elf, each in ten variants, and some over images/imx8mp_rpmsg.elf. With FORKS_RESULTS, every test appends what came of it there.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { firmwareTest } from 'imx-sim/vitest';
import { expect } from 'vitest';

const VARIANTS = 10;
const CHANNEL = 'rpmsg-virtual-tty-channel-1';
const TTY = 'ttyRPMSG30';
const STATE = '/sys/class/remoteproc/remoteproc0/state';
/** Unused memory of the core. */
const SCRATCH = 0x2001_0000;
const { FORKS_RESULTS: results, FORKS_EVERY: every = '1' } = process.env;

/** Name and body of each kind; `n` is the variant. */
const KINDS = {
  'the tty gives back what is sent': async (m, n) => {
    m.uart(TTY).send(`message ${n}\n`);
    await m.until(TTY, `message ${n}`);
    await m.until('uart4', new RegExp(`Side : "message ${n}`));
  },
  'a driver gets an answer': async (m, n) => {
    const channel = m.rpmsg.channel(CHANNEL);
    await channel.send('x'.repeat(40 * n + 1));
    await m.until(() => channel.received.length === 2, { within: '100ms' });
    expect(channel.received[1].text).toBe('x'.repeat(40 * n + 1));
  },
  'bytes of any value come back': async (m, n) => {
    const channel = m.rpmsg.channel(CHANNEL);
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => (i * (2 * n + 1)) & 255);
    await channel.send(bytes);
    await m.until(() => channel.received.length === 2);
    expect(channel).toHaveReceived(bytes);
  },
  'messages keep their order': async (m, n) => {
    const channel = m.rpmsg.channel(CHANNEL);
    for (let i = 0; i <= n; i++) await channel.send(`no. ${i}`);
    await m.until(() => channel.received.length === n + 2);
    expect(channel).toHaveReceived(Array.from({ length: n + 1 }, (_, i) => `no. ${i}`));
  },
  'a shell computes': async (m, n) => {
    const { stdout, status } = await m.linux.exec(`for i in 1 2 3; do echo $((i * ${n})); done; exit ${n}`);
    expect([stdout, status]).toEqual([`${n}\n${2 * n}\n${3 * n}\n`, n]);
  },
  'a shell writes to the tty': async (m, n) => {
    await m.linux.exec(`echo shell ${n} > /dev/${TTY}`);
    await m.until('uart4', `shell ${n}`);
  },
  'files are those of this test': async (m, n) => {
    expect(await m.linux.exists('/tmp/mine')).toBe(false);
    await m.linux.writeFile('/tmp/mine', `test ${n}`);
    expect(await m.linux.readText('/tmp/mine')).toBe(`test ${n}`);
  },
  'Linux stops and starts the core': async (m, n) => {
    await m.advance(`${n}ms`);
    await m.linux.writeFile(STATE, 'stop');
    expect(await m.linux.readText(STATE)).toBe('offline\n');
    await m.linux.writeFile(STATE, 'start');
    expect(m.uart('uart4')).toHaveSent(['Nameservice sent', 'Nameservice sent']);
  },
  'sysfs tells of the core': async (m, n) => {
    await m.advance(`${n * 100}us`);
    expect(await m.linux.readText(STATE)).toBe('running\n');
    expect(await m.linux.readdir('/sys/bus/rpmsg/devices')).toContain('virtio0.rpmsg-virtual-tty-channel-1.-1.30');
  },
  'dmesg has the channel': async (m, n) => {
    await m.advance(`${n}ms`);
    expect(String(m.linux.dmesg)).toMatch(/creating channel rpmsg-virtual-tty-channel-1 addr 0x1e/);
  },
  'variables have types': async (m, n) => {
    await m.advance(`${n * 10}us`);
    expect(m.symbol('echo').value).toMatchObject({ address: 30, next: 0 });
    expect(m.symbol('resource_table.header').value).toEqual([1, 1, 0, 0]);
  },
  'variables can be set': async (m, n) => {
    m.symbol('echo.address').set(100 + n);
    expect(m.symbol('echo').value).toMatchObject({ address: 100 + n });
  },
  'functions can be called': async (m, n) => {
    await m.call('memset', SCRATCH, n, 16);
    expect([...m.read(SCRATCH, 16)]).toEqual(new Array(16).fill(n));
  },
  'memory is that of this test': async (m, n) => {
    expect(m.read(SCRATCH, 4)).toEqual(new Uint8Array(4));
    m.write(SCRATCH, Uint8Array.of(n, 1, 2, 3));
    expect(m.read(SCRATCH, 4)).toEqual(Uint8Array.of(n, 1, 2, 3));
  },
  'time passes when it should': async (m, n) => {
    const { now } = m;
    await m.advance(`${n + 1}ms`);
    expect(m.now - now).toBe((n + 1) * 1e6);
  },
  'a paused core is late': async (m, n) => {
    const channel = m.rpmsg.channel(CHANNEL);
    m.fault(`core-pause:for=${n + 1}ms@+0us`);
    const { now } = m;
    await channel.send('late');
    await m.until(() => channel.received.length === 2);
    expect(m.now - now).toBeGreaterThan(n * 1e6);
  },
  'a fork goes its own way': async (m, n) => {
    const fork = m.fork();
    await fork.ready();
    fork.uart(TTY).send(`fork ${n}\n`);
    await fork.until('uart4', `fork ${n}`);
    expect(m.uart('uart4')).not.toHaveSent(`fork ${n}`);
    fork.dispose();
  },
  'functions are reached': async (m, n) => {
    m.uart(TTY).send(`${n}\n`);
    await expect(m).toReachWithin('rpmsg_send', '10ms');
  },
  'the console has its banner': async (m, n) => {
    await m.advance(`${n}us`);
    expect(m.uart('uart4')).toHaveSent('RPMSG String Echo example');
  },
  'a file of Linux stays open': async (m, n) => {
    const file = await m.linux.open('/proc/uptime');
    await m.advance(`${n}ms`);
    expect(Number.parseFloat(await file.readText())).toBeGreaterThan(0);
    await file.close();
  },
};

/** Every n-th of the list, from another place of each kind on. */
const chosen = (list) => list.filter((_, index) => (index + Math.floor(index / VARIANTS)) % Number(every) === 0);

function noted(test) {
  return (name, body) =>
    test(name, async ({ m }) => {
      await body(m);
      if (!results) return;
      const { cycle } = m;
      const seen = { name, cycle, hash: m.traceHash(), console: m.uart('uart4').text.length, messages: m.rpmsg.messages.length };
      appendFileSync(join(results, `${process.pid}.jsonl`), `${JSON.stringify(seen)}\n`);
    });
}

/** Part `part` of `of` of the tests over the echo. */
export function echoTests(part, of) {
  // The tty's driver says hello first.
  const setup = async (m) => {
    await m.linux.waitFor(`/dev/${TTY}`);
    await m.rpmsg.channel(CHANNEL).next();
  };
  const test = noted(firmwareTest({ firmware: 'images/imx8mp_echo.elf', setup }));
  const all = chosen(Object.entries(KINDS).flatMap(([name, body]) => Array.from({ length: VARIANTS }, (_, n) => ({ name, body, n }))));
  for (const { name, body, n } of all.filter((_, index) => index % of === part)) test(`${name} (${n})`, (m) => body(m, n));
}

/** The tests over the demo that says hello. */
export function rpmsgTests() {
  const test = noted(firmwareTest({ firmware: 'images/imx8mp_rpmsg.elf', setup: (m) => m.until('linux', /incoming msg 3 /) }));
  for (const n of chosen(Array.from({ length: 2 * VARIANTS }, (_, index) => index))) {
    test(`the demo has said hello ${n + 4} times`, async (m) => {
      await m.until('linux', new RegExp(`incoming msg ${n + 4} `));
      await m.until('uart4', `incoming msg ${n + 4}: hello world!`);
    });
  }
}
