/** Writes of Linux to RAM that is closed to it, lived again: they fail as they did, whatever is closed by then. */
import { beforeEach, describe, expect, it } from 'vitest';
import { type HistoryTarget, LinuxHistory, type RecordedHistory } from '../../src/history/linux-history.ts';
import { LinuxMemory } from '../../src/history/linux-memory.ts';
import { Arena } from '../../src/memory/arena.ts';
import { type AccessGuard, AddressSpace, MAY_READ, MAY_WRITE } from '../../src/memory/bus.ts';
import { Ram } from '../../src/memory/ram.ts';

const BASE = 0x1000;

/** Refuses writes to the second 256 bytes of everything. */
const GUARD: AccessGuard = {
  closes: () => true,
  rights: (_region, offset, size) => (offset < 0x200 && offset + size > 0x100 ? MAY_READ : MAY_READ | MAY_WRITE),
  fails: () => true,
  note: () => {},
};

/** The clock alone is moved. */
const TARGET = { moveTo: () => {} } as unknown as HistoryTarget;

let behind: AddressSpace;
let memory: LinuxMemory;

/** Two memories next to each other. */
beforeEach(() => {
  const arena = new Arena();
  behind = new AddressSpace('linux');
  behind.mapRam(BASE, new Ram('first', 0x1000, arena));
  behind.mapRam(BASE + 0x1000, new Ram('second', 0x1000, arena));
  memory = new LinuxMemory(behind);
  memory.history = new LinuxHistory(() => 0);
});

/** What a Linux does that writes; true for each write that was taken. */
function live(guards: boolean): boolean[] {
  const guard = (on: boolean): void => {
    if (guards) behind.setGuard(on ? GUARD : undefined);
  };
  const write = (offset: number): boolean => memory.write(BASE + offset, 7, 4);
  guard(false);
  const results = [write(0x100), memory.read(BASE + 0x100, 4) === 7];
  guard(true);
  results.push(write(0), write(0x100), write(0x1fc), write(0x200), memory.writeBytes(BASE + 0x100, Uint8Array.of(1)));
  results.push(memory.fill(BASE + 0xfe, 0, 4), write(0xffe), write(0x10fe));
  guard(false);
  results.push(write(0x100));
  return results;
}

const LIVED = [true, true, true, false, false, true, true, true, true, false, true];

/** A Linux that lives through `recorded`. */
function again(recorded: RecordedHistory, doing: () => void): LinuxHistory {
  const history = new LinuxHistory(() => 0);
  history.open(recorded);
  memory.history = history;
  doing();
  history.replay(recorded, TARGET);
  return history;
}

describe('refused writes to RAM', () => {
  it('are refused again where nothing is closed now, and only those', () => {
    expect(live(true)).toEqual(LIVED);
    const { recorded } = memory.history!;
    expect(recorded.refused).toBeDefined();
    again(recorded, () => expect(live(false)).toEqual(LIVED));
    expect(memory.read(BASE, 4)).toBe(7);
  });

  it('are not refused where something is closed only now', () => {
    const taken = live(false);
    expect(taken).toEqual(LIVED.map(() => true));
    const { recorded } = memory.history!;
    expect(recorded.refused).toBeUndefined();
    behind.setGuard(GUARD);
    again(recorded, () => expect(live(false)).toEqual(taken));
  });

  it('count on behind a history that was lived again', () => {
    live(true);
    again(memory.history!.recorded, () => live(false));
    expect(live(true)).toEqual(LIVED);
    const { recorded } = memory.history!;
    again(recorded, () => expect([live(false), live(false)]).toEqual([LIVED, LIVED]));
  });

  it('that are missing end a history as one that diverges', () => {
    live(true);
    const { recorded } = memory.history!;
    expect(() => again({ ...recorded, data: [] }, () => {})).toThrow('Linux wrote less than it had');
  });
});
