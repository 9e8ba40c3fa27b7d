/**
 * NOR flash of the W25Q family on SPI: identification, status, write enable, page program, erase by 4, 32 and 64 KiB and as a whole, with their times.
 *
 * Described in Winbond's data sheets (W25Q80 to W25Q128). Programming only clears bits and wraps within a page of 256 bytes. Not modelled: dual and
 * quad instructions, block protection (its bits are stored), suspend, security registers, SFDP (reads as ones).
 */
import { defineSpiDevice, type SpiContext, type SpiDevice } from './attached-device.ts';

const KiB = 1024;
const SECTOR = 4 * KiB;
const PAGE = 256;
const BUSY = 1;
const WRITE_ENABLED = 2;

/** Bytes and the last byte of the JEDEC id by part. */
const PARTS = {
  W25Q80: [1024 * KiB, 0x14],
  W25Q16: [2048 * KiB, 0x15],
  W25Q32: [4096 * KiB, 0x16],
  W25Q64: [8192 * KiB, 0x17],
  W25Q128: [16_384 * KiB, 0x18],
} as const;

/** Typical durations in ns, and of a whole chip per MiB. */
const PROGRAM_NS = 0.4e6;
const STATUS_NS = 10e6;
const ERASE_NS: Readonly<Record<number, readonly [size: number, ns: number]>> = {
  32: [SECTOR, 45e6],
  82: [32 * KiB, 120e6],
  216: [64 * KiB, 150e6],
};
const CHIP_ERASE_NS_PER_MIB = 2.5e9;

/** A part of the family. */
export type SpiFlashPart = keyof typeof PARTS;

/** State of a flash. */
export interface SpiFlashState {
  /** Contents of the sectors that are not erased, by number. */
  sectors: Record<string, Uint8Array>;
  size: number;
  capacity: number;
  /** Status register 1 without BUSY, and 2. */
  status: number;
  status2: number;
  /** Virtual time until which it is busy, in ns. */
  busyUntil: number;
  /** Instruction, and bytes since chip select with it. */
  command: number;
  count: number;
  address: number;
  /** Bytes of a page to be programmed. */
  page: number[];
  poweredDown: boolean;
}

/** Instructions. */
const [WRSR, PROGRAM, READ, WRDI, RDSR, WREN, FAST_READ] = [0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0b];
const [RDSR2, UNIQUE_ID, CHIP_ERASE_60, DEVICE_ID, JEDEC_ID, RELEASE, POWER_DOWN, CHIP_ERASE] = [
  0x35, 0x4b, 0x60, 0x90, 0x9f, 0xab, 0xb9, 0xc7,
];
const ONES = 0xff;

function byteAt(state: SpiFlashState, address: number): number {
  const wrapped = address % state.size;
  return state.sectors[Math.floor(wrapped / SECTOR)]?.[wrapped % SECTOR] ?? ONES;
}

function program(state: SpiFlashState): void {
  const start = state.address - (state.address % PAGE);
  for (const [index, byte] of state.page.entries()) {
    const address = start + ((state.address + index) % PAGE);
    const number = Math.floor(address / SECTOR);
    let sector = state.sectors[number];
    if (!sector) {
      sector = new Uint8Array(SECTOR).fill(ONES);
      state.sectors[number] = sector;
    }
    sector[address % SECTOR]! &= byte;
  }
}

function erase(state: SpiFlashState, size: number): void {
  const first = Math.floor(state.address / size) * (size / SECTOR);
  for (let number = first; number < first + size / SECTOR; number++) delete state.sectors[number];
}

/** What the chip sends while byte `count` of an instruction comes. */
function answer(state: SpiFlashState, busy: boolean): number {
  const { command, count } = state;
  if (command === RDSR) return state.status | (busy ? BUSY : 0);
  if (command === RDSR2) return state.status2;
  if (busy) return ONES;
  switch (command) {
    case JEDEC_ID:
      return [0xef, 0x40, state.capacity][(count - 1) % 3]!;
    case RELEASE:
      return count > 3 ? state.capacity - 1 : ONES;
    case DEVICE_ID:
      return count > 3 ? [0xef, state.capacity - 1][(count - 4 + (state.address & 1)) % 2]! : ONES;
    case UNIQUE_ID:
      return count > 4 ? 0xd0 + ((count - 5) % 8) : ONES;
    case READ:
      return count > 3 ? byteAt(state, state.address + count - 4) : ONES;
    case FAST_READ:
      return count > 4 ? byteAt(state, state.address + count - 5) : ONES;
    default:
      return ONES;
  }
}

/** What takes effect when chip select goes up. */
function finish(state: SpiFlashState, now: number): void {
  const { command, count } = state;
  const enabled = (state.status & WRITE_ENABLED) !== 0;
  if (command === WREN) state.status |= WRITE_ENABLED;
  else if (command === WRDI) state.status &= ~WRITE_ENABLED;
  else if (command === POWER_DOWN) state.poweredDown = true;
  else if (enabled) {
    const erasure = ERASE_NS[command];
    let ns = 0;
    if (command === PROGRAM && state.page.length > 0) {
      program(state);
      ns = PROGRAM_NS;
    } else if (erasure && count >= 4) {
      erase(state, erasure[0]);
      ns = erasure[1];
    } else if (command === CHIP_ERASE || command === CHIP_ERASE_60) {
      state.sectors = {};
      ns = (CHIP_ERASE_NS_PER_MIB * state.size) / (KiB * KiB);
    } else if (command === WRSR && state.page.length > 0) {
      state.status = (state.page[0]! & 0xfc) | (state.status & WRITE_ENABLED);
      if (state.page.length > 1) state.status2 = state.page[1]!;
      ns = STATUS_NS;
    }
    if (ns === 0) return;
    state.status &= ~WRITE_ENABLED;
    state.busyUntil = now + ns;
  }
}

/** The definition. */
export const SPI_FLASH: SpiDevice<SpiFlashState> = defineSpiDevice<SpiFlashState>({
  name: 'spi-flash',
  wordBits: 8,
  state: {
    sectors: {},
    size: PARTS.W25Q128[0],
    capacity: PARTS.W25Q128[1],
    status: 0,
    status2: 0,
    busyUntil: 0,
    command: 0,
    count: 0,
    address: 0,
    page: [],
    poweredDown: false,
  },
  select(state) {
    state.count = 0;
    state.page = [];
    state.address = 0;
  },
  transfer(state, byte, bits, { now }: SpiContext) {
    if (bits !== 8) return ONES;
    if (state.count === 0) {
      state.command = byte;
      if (byte === RELEASE) state.poweredDown = false;
      state.count = 1;
      return ONES;
    }
    const sent = state.poweredDown ? ONES : answer(state, now < state.busyUntil);
    if (state.command === WRSR) state.page.push(byte);
    else if (state.count <= 3) state.address = ((state.address * 256 + byte) & 0xff_ffff) % state.size;
    else if (state.command === PROGRAM) {
      state.page.push(byte);
      // What comes beyond a page takes the place of its beginning.
      if (state.page.length > PAGE) {
        state.page.shift();
        state.address = state.address - (state.address % PAGE) + ((state.address + 1) % PAGE);
      }
    }
    state.count++;
    return sent;
  },
  deselect(state, { now }) {
    if (state.count > 0 && !state.poweredDown && now >= state.busyUntil) finish(state, now);
    state.count = 0;
  },
});

/** A flash (W25Q128 unless given), erased but for `contents` from address 0 on. */
export function spiFlash(part: SpiFlashPart = 'W25Q128', options: { readonly contents?: Uint8Array } = {}): SpiDevice<SpiFlashState> {
  const [size, capacity] = PARTS[part];
  const sectors: Record<string, Uint8Array> = {};
  const { contents = new Uint8Array() } = options;
  for (let start = 0; start < Math.min(contents.length, size); start += SECTOR) {
    const sector = new Uint8Array(SECTOR).fill(ONES);
    sector.set(contents.subarray(start, start + SECTOR));
    sectors[start / SECTOR] = sector;
  }
  return { ...SPI_FLASH, state: { ...SPI_FLASH.state, sectors, size, capacity } };
}
