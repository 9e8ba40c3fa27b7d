/**
 * Call frame information of .debug_frame and .eh_frame (DWARF 5, 6.4): how to get from a function's frame to its caller's.
 */
import { Cursor, damaged } from './cursor.ts';
import { type Alignment, type FrameRules, RuleMachine } from './frame-rules.ts';
import { above } from './lines.ts';
import type { UnitTable } from './units.ts';

/** What all functions of a unit have in common (`CIE`). */
interface Common extends Alignment {
  readonly returnRegister: number;
  readonly addressSize: number;
  readonly addressEncoding: number;
  readonly augmented: boolean;
  readonly instructions: Cursor;
}

/** One function (`FDE`). */
interface Entry {
  readonly low: number;
  readonly high: number;
  readonly common: Common;
  readonly section: string;
  readonly instructionsAt: number;
  readonly end: number;
}

const DW_EH_PE = { absptr: 0, udata2: 2, udata4: 3, udata8: 4, sdata2: 0xa, sdata4: 0xb, sdata8: 0xc, pcrel: 0x10, omit: 0xff } as const;

/** Call frame information of a file. */
export class CallFrames {
  private readonly units: UnitTable;
  private readonly isLive: (low: number) => boolean;
  private found: Entry[] | undefined;

  constructor(units: UnitTable, isLive: (low: number) => boolean) {
    this.units = units;
    this.isLive = isLive;
  }

  private entries(): readonly Entry[] {
    if (this.found === undefined) {
      const found: Entry[] = [];
      this.units.guarded(() => this.read('.debug_frame', found));
      this.units.guarded(() => this.read('.eh_frame', found));
      this.found = found.sort((a, b) => a.low - b.low);
    }
    return this.found;
  }

  private read(section: string, found: Entry[]): void {
    const bytes = this.units.sections.bytes(section);
    const isEh = section === '.eh_frame';
    const commons = new Map<number, Common>();
    const cursor = new Cursor(bytes, section);
    while (!cursor.done) {
      const { length, offsetSize } = cursor.unitLength();
      if (length === 0 && isEh) continue;
      const start = cursor.at;
      const end = start + length;
      if (end > bytes.length) damaged(`an entry of ${section} ends behind it`);
      const id = cursor.unsigned(offsetSize);
      if (!isCommon(id, isEh, offsetSize)) {
        const at = isEh ? start - id : id;
        let common = commons.get(at);
        if (common === undefined) {
          common = this.readCommon(section, at, isEh);
          commons.set(at, common);
        }
        this.readEntry(section, cursor, end, common, found);
      }
      cursor.seek(end);
    }
  }

  private readEntry(section: string, cursor: Cursor, end: number, common: Common, found: Entry[]): void {
    const low = this.address(section, cursor, common);
    const size = this.address(section, cursor, { ...common, addressEncoding: common.addressEncoding & 0x0f });
    if (common.augmented) cursor.skip(cursor.uleb());
    if (size > 0 && this.isLive(low)) found.push({ low, high: low + size, common, section, instructionsAt: cursor.at, end });
  }

  /** An address as the common entry's augmentation says; plain in .debug_frame. */
  private address(
    section: string,
    cursor: Cursor,
    { addressEncoding, addressSize }: Pick<Common, 'addressEncoding' | 'addressSize'>,
  ): number {
    const place = this.units.sections.address(section) + cursor.at;
    const relative = (addressEncoding & 0x70) === DW_EH_PE.pcrel ? place : 0;
    let value: number;
    switch (addressEncoding & 0x0f) {
      case DW_EH_PE.absptr:
        value = cursor.unsigned(addressSize);
        break;
      case DW_EH_PE.udata2:
        value = cursor.u16();
        break;
      case DW_EH_PE.sdata2:
        value = (cursor.u16() << 16) >> 16;
        break;
      case DW_EH_PE.udata4:
        value = cursor.u32();
        break;
      case DW_EH_PE.sdata4:
        value = cursor.u32() | 0;
        break;
      default:
        return damaged(`${section} has addresses in an encoding that is not known`);
    }
    return (value + relative) >>> 0;
  }

  private readCommon(section: string, at: number, isEh: boolean): Common {
    const cursor = new Cursor(this.units.sections.bytes(section), section, at);
    const { length, offsetSize } = cursor.unitLength();
    const end = cursor.at + length;
    if (!isCommon(cursor.unsigned(offsetSize), isEh, offsetSize)) damaged(`${section}: a function refers to what is no common entry`);
    const version = cursor.u8();
    const augmentation = cursor.string();
    this.units.budget.spend(16 + augmentation.length);
    let addressSize = 4;
    if (version >= 4) {
      addressSize = cursor.u8();
      cursor.skip(1);
    }
    const codeAlign = cursor.uleb();
    const dataAlign = cursor.sleb();
    const returnRegister = version === 1 ? cursor.u8() : cursor.uleb();
    let addressEncoding: number = DW_EH_PE.absptr;
    const augmented = augmentation.startsWith('z');
    if (augmented) addressEncoding = this.augmentation(section, cursor, augmentation, addressSize);
    else if (augmentation !== '' && augmentation !== 'armcc+')
      damaged(`${section}: augmentation "${augmentation.slice(0, 16)}" is not known`);
    const instructions = new Cursor(cursor.bytes, section, cursor.at, end);
    return { codeAlign, dataAlign, returnRegister, addressSize, addressEncoding, augmented, instructions };
  }

  private augmentation(section: string, cursor: Cursor, letters: string, addressSize: number): number {
    const end = cursor.uleb() + cursor.at;
    let encoding: number = DW_EH_PE.absptr;
    for (const letter of letters.slice(1)) {
      if (letter === 'R') encoding = cursor.u8();
      else if (letter === 'L') cursor.skip(1);
      else if (letter === 'P') this.address(section, cursor, { addressEncoding: cursor.u8() & 0x0f, addressSize });
      else if (letter !== 'S' && letter !== 'B') break;
    }
    cursor.seek(end);
    return encoding;
  }

  /** The rules at `pc`; undefined where no function has any. */
  rulesAt(pc: number): FrameRules | undefined {
    const entries = this.entries();
    for (let n = above(entries, ({ low }) => low, pc) - 1, tries = 0; n >= 0 && tries < 16; n--, tries++) {
      const entry = entries[n]!;
      if (pc >= entry.high) continue;
      let rules: FrameRules | undefined;
      this.units.guarded(() => {
        rules = this.rules(entry, pc);
      });
      return rules;
    }
    return undefined;
  }

  private rules(entry: Entry, pc: number): FrameRules | undefined {
    const { common, section } = entry;
    const machine = new RuleMachine(common, (cursor) => this.address(section, cursor, common));
    const { instructions } = common;
    machine.run(new Cursor(instructions.bytes, section, instructions.at, instructions.end), Number.POSITIVE_INFINITY);
    machine.settle(entry.low);
    machine.run(new Cursor(instructions.bytes, section, entry.instructionsAt, entry.end), pc);
    return machine.cfa && { cfa: machine.cfa, registers: machine.registers, returnRegister: common.returnRegister };
  }
}

function isCommon(id: number, isEh: boolean, offsetSize: 4 | 8): boolean {
  if (isEh) return id === 0;
  return offsetSize === 4 ? id === 0xffff_ffff : id === 0;
}
