/**
 * A client that sends what no GDB would: packets of every kind with random operands, damaged ones, streams without an end, cut at random places.
 *
 * `fuzz` runs so many packets against a server in memory and gives what a server must hold to; seeded, so that what it finds can be had again.
 */
import type { GdbServer } from '../../../src/debug/gdb/server.ts';
import { Client, frame } from './client.ts';

/** What a fuzzer has seen. */
export interface FuzzResult {
  readonly packets: number;
  readonly answers: number;
  readonly connections: number;
  /** Bytes that the server has sent. */
  readonly bytes: number;
}

/** xorshift32 */
export function randomOf(seed: number): (below: number) => number {
  let state = seed | 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const NUMBERS = [
  '0',
  '1',
  '2',
  '4',
  '7fffffff',
  '80000000',
  'ffffffff',
  'fffffffffffffffff',
  '-1',
  '',
  'zz',
  '20000000',
  '2001fffe',
  'e000ed00',
  '30a60000',
  '55400000',
  '3000',
  'p1.1',
  '100000000',
];
/** Kinds of packets; `#` is a number, `@` bytes in hex, `!` bytes as they are, `~` another kind. */
const KINDS = [
  '?', '!', 'g', 'G@', 'p#', 'P#=@', 'm#,#', 'M#,#:@', 'X#,#:!', 'x#,#', 'Hg#', 'Hc#', 'H', 'T#', 'Z#,#,#', 'Z0,#,2', 'Z2,#,#', 'z#,#,#', 'Z1,#,4;X1,@',
  'vCont?', 'vCont;s', 'vCont;r#,#', 'vCont;t', 'vCont;~;~', 'vCont;s:#', 's', 's#', 'S05', 'bs', 'vMustReplyEmpty', 'vFile:open:@,#,#', 'vFile:pread:#,#,#', 'vFile:close:#',
  'vFile:fstat:#', 'vFile:setfs:#', 'vFile:~', 'vFlashErase:#,#', 'vFlashWrite:#:!', 'vFlashDone', 'qSupported:!', 'qXfer:features:read:target.xml:#,#', 'qXfer:memory-map:read::#,#',
  'qXfer:threads:read::#,#', 'qXfer:exec-file:read:#:#,#', 'qXfer:~:read:~:#,#', 'qXfer:features:write:#:!', 'qCRC:#,#', 'qSearch:memory:#;#;!', 'qRcmd,@', 'qThreadExtraInfo,#', 'qfThreadInfo',
  'qsThreadInfo', 'qC', 'qAttached:#', 'qOffsets', 'qSymbol::', 'q!', 'Q!', 'QNonStop:#', 'QStartNoAckMode', 'v!', 'F#,#', 'F#', 'F!', '!', '~', 'vAttach;#', 'A@', 'i#', 'd', 't#:!',
]; // biome-ignore format: a table
const COMMANDS = ['help', 'help ~', 'time', 'threads', 'info irq', 'info mu', 'info', 'vring', 'vring virtio0 #', 'rpmsg', 'dmesg #', 'peripherals #', 'peripherals UART4', 'console uart4 !', 'linux', 'linux #', 'who #', 'stepping over', 'semihosting run', '!', 'status', 'goto']; // biome-ignore format: a table

/** Kinds and commands that only look. */
const LOOKING = KINDS.filter((kind) => /^([?!gpmxdHT~i]|vCont\?|vMust|vFile:fstat|q)/.test(kind) && !/^(!|qRcmd)/.test(kind));
const QUESTIONS = COMMANDS.filter((command) => /^(help|time|threads|info|vring|rpmsg|dmesg|peripherals|status)/.test(command));

/** A packet's payload, escaped for the wire. */
function payload(random: (below: number) => number, kinds: readonly string[] = KINDS, depth = 0): string {
  const any = <T>(list: readonly T[]): T => list[random(list.length)]!;
  const bytes = (): string =>
    Array.from({ length: random(4) === 0 ? random(600) : random(12) }, () => String.fromCharCode(random(256))).join('');
  const hex = (text: string): string => Buffer.from(text, 'latin1').toString('hex');
  return any(kinds).replace(/[#@!~]/g, (mark) => {
    switch (mark) {
      case '#':
        return random(3) === 0 ? random(2 ** 32).toString(16) : any(NUMBERS);
      case '@':
        return random(3) === 0 ? hex(payload(random, COMMANDS, depth + 1)) : hex(bytes()).slice(random(2));
      case '!':
        return bytes().replace(/[#$}*]/g, (character) => `}${String.fromCharCode(character.charCodeAt(0) ^ 0x20)}`);
      default:
        return depth > 3 ? '' : payload(random, kinds, depth + 1);
    }
  });
}

const framed = (text: string): string => frame(text.replace(/[#$]/g, ''));

/** A packet that only looks, or one that would change something and is damaged. */
function look(random: (below: number) => number): string {
  if (random(2) === 0) return framed(payload(random)).replace(/..$/, (sum) => (sum === '00' ? '01' : '00'));
  if (random(40) === 0) return framed(`qRcmd,${Buffer.from(payload(random, QUESTIONS), 'latin1').toString('hex')}`);
  return framed(payload(random, LOOKING));
}

/** What goes over the wire for it, now and then not as it should. */
function wire(random: (below: number) => number, looking: boolean): string {
  const whole = looking ? look(random) : framed(payload(random));
  switch (random(looking ? 400 : 24)) {
    case 0:
      return whole.slice(0, random(whole.length));
    case 1:
      return `${whole.slice(0, -2)}00`;
    case 2:
      return `$$$${whole}`;
    case 3:
      return `+-+${whole}\x03`;
    case 4:
      return Array.from({ length: random(3000) }, () => String.fromCharCode(random(256))).join('');
    case 5:
      return `$${'a'.repeat(random(40_000))}${random(2) ? '#00' : ''}`;
    default:
      return whole;
  }
}

/** Lets the event loop turn. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Sends `packets` packets to `server`, with clients that come and go. Whatever a client says, the server must not throw, must answer with packets that are
 * well-formed (the client checks them), and must serve the next one. `looking`: nothing that they say changes the machine.
 */
export async function fuzz(server: GdbServer, packets: number, seed: number, looking = false): Promise<FuzzResult> {
  const random = randomOf(seed);
  let client = new Client(server);
  const result = { packets: 0, answers: 0, connections: 1, bytes: 0 };
  const renew = (): void => {
    client.leave();
    result.answers += client.wire.packets.length;
    result.bytes += client.wire.bytes;
    client = new Client(server);
    result.connections++;
  };
  for (; result.packets < packets; result.packets++) {
    const text = wire(random, looking);
    // Cut somewhere.
    const at = random(text.length + 1);
    client.raw(text.slice(0, at));
    client.raw(text.slice(at));
    if (random(8) === 0) await turn();
    if (client.dropped || random(200) === 0) renew();
  }
  // Whatever it has been through, it answers.
  renew();
  const answer = await client.ask('qC');
  if (!/^QC[0-9a-f]+$/.test(answer)) throw new Error(`after ${packets} packets of seed ${seed} qC is answered with ${answer}`);
  client.leave();
  return result;
}
