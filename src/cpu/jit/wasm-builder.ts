/**
 * Writes WebAssembly modules: sections, types, imports, functions and their code. Knows nothing but WebAssembly.
 *
 * Only what the code generator needs: i32, f32 and f64, one imported memory and table, functions that are imported, defined and exported.
 * Source: WebAssembly Core Specification 2.0, chapter 5 (binary format).
 */

/** Value types. */
export const I32 = 0x7f;
export const I64 = 0x7e;
export const F32 = 0x7d;
export const F64 = 0x7c;
/** The type of a block without results. */
export const VOID = 0x40;

/** Opcodes by their names in the text format. */
export const OP = {
  UNREACHABLE: 0x00, RETURN: 0x0f, DROP: 0x1a, SELECT: 0x1b,
  I32_LOAD: 0x28, I64_LOAD: 0x29, F32_LOAD: 0x2a, F64_LOAD: 0x2b, I32_LOAD8_S: 0x2c, I32_LOAD8_U: 0x2d, I32_LOAD16_S: 0x2e, I32_LOAD16_U: 0x2f,
  I32_STORE: 0x36, I64_STORE: 0x37, F32_STORE: 0x38, F64_STORE: 0x39, I32_STORE8: 0x3a, I32_STORE16: 0x3b,
  I32_EQZ: 0x45, I32_EQ: 0x46, I32_NE: 0x47, I32_LT_S: 0x48, I32_LT_U: 0x49, I32_GT_S: 0x4a, I32_GT_U: 0x4b,
  I32_LE_S: 0x4c, I32_LE_U: 0x4d, I32_GE_S: 0x4e, I32_GE_U: 0x4f,
  I64_EQZ: 0x50, I64_EQ: 0x51, I64_NE: 0x52, I64_LT_S: 0x53, I64_LT_U: 0x54, I64_GT_S: 0x55, I64_GT_U: 0x56,
  F32_EQ: 0x5b, F32_NE: 0x5c, F32_LT: 0x5d, F32_GT: 0x5e, F32_LE: 0x5f, F32_GE: 0x60,
  F64_EQ: 0x61, F64_NE: 0x62, F64_LT: 0x63, F64_GT: 0x64, F64_LE: 0x65, F64_GE: 0x66,
  I32_CLZ: 0x67, I32_CTZ: 0x68, I32_POPCNT: 0x69, I32_ADD: 0x6a, I32_SUB: 0x6b, I32_MUL: 0x6c, I32_DIV_S: 0x6d, I32_DIV_U: 0x6e,
  I32_REM_S: 0x6f, I32_REM_U: 0x70, I32_AND: 0x71, I32_OR: 0x72, I32_XOR: 0x73, I32_SHL: 0x74, I32_SHR_S: 0x75, I32_SHR_U: 0x76,
  I32_ROTL: 0x77, I32_ROTR: 0x78,
  I64_ADD: 0x7c, I64_SUB: 0x7d, I64_MUL: 0x7e, I64_AND: 0x83, I64_OR: 0x84, I64_XOR: 0x85, I64_SHL: 0x86, I64_SHR_S: 0x87, I64_SHR_U: 0x88,
  F32_ABS: 0x8b, F32_NEG: 0x8c, F32_CEIL: 0x8d, F32_FLOOR: 0x8e, F32_TRUNC: 0x8f, F32_NEAREST: 0x90, F32_SQRT: 0x91, F32_ADD: 0x92, F32_SUB: 0x93, F32_MUL: 0x94, F32_DIV: 0x95, F32_MIN: 0x96, F32_MAX: 0x97,
  F64_ABS: 0x99, F64_NEG: 0x9a, F64_CEIL: 0x9b, F64_FLOOR: 0x9c, F64_TRUNC: 0x9d, F64_NEAREST: 0x9e, F64_SQRT: 0x9f, F64_ADD: 0xa0, F64_SUB: 0xa1, F64_MUL: 0xa2, F64_DIV: 0xa3, F64_MIN: 0xa4, F64_MAX: 0xa5,
  I32_WRAP_I64: 0xa7, I32_TRUNC_F32_S: 0xa8, I32_TRUNC_F32_U: 0xa9, I32_TRUNC_F64_S: 0xaa, I32_TRUNC_F64_U: 0xab, I64_EXTEND_I32_S: 0xac, I64_EXTEND_I32_U: 0xad,
  F32_CONVERT_I32_S: 0xb2, F32_CONVERT_I32_U: 0xb3, F32_DEMOTE_F64: 0xb6,
  F64_CONVERT_I32_S: 0xb7, F64_CONVERT_I32_U: 0xb8, F64_PROMOTE_F32: 0xbb,
  I32_REINTERPRET_F32: 0xbc, I64_REINTERPRET_F64: 0xbd, F32_REINTERPRET_I32: 0xbe, F64_REINTERPRET_I64: 0xbf,
  I32_EXTEND8_S: 0xc0, I32_EXTEND16_S: 0xc1,
} as const; // biome-ignore format: a table

/** Bytes that grow at their end. */
export class Bytes {
  private data: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(capacity = 256) {
    this.data = new Uint8Array(capacity);
  }

  /** What has been written; valid until more is. */
  get view(): Uint8Array<ArrayBuffer> {
    return this.data.subarray(0, this.length);
  }

  byte(value: number): void {
    if (this.length === this.data.length) this.reserve(1);
    this.data[this.length++] = value;
  }

  append(bytes: Uint8Array): void {
    if (this.length + bytes.length > this.data.length) this.reserve(bytes.length);
    this.data.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Unsigned LEB128. */
  unsigned(value: number): void {
    let rest = value >>> 0;
    while (rest > 127) {
      this.byte((rest & 127) | 128);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** Signed LEB128 of an i32. */
  signed(value: number): void {
    let rest = value | 0;
    for (;;) {
      const low = rest & 127;
      rest >>= 7;
      if ((rest === 0 && (low & 64) === 0) || (rest === -1 && (low & 64) !== 0)) {
        this.byte(low);
        return;
      }
      this.byte(low | 128);
    }
  }

  private reserve(more: number): void {
    const grown = new Uint8Array(Math.max(this.data.length * 2, this.length + more));
    grown.set(this.view);
    this.data = grown;
  }
}

/** A place that a branch can go to: the nesting depth at which its block was opened. */
export type Label = number;

/** The body of one function. */
export class Code {
  /** Instructions so far, without the locals and the final END; before them those of `prologue`. */
  private readonly bytes = new Bytes(4096);
  private before: Code | undefined;
  private readonly params: number;
  private readonly locals: number[] = [];
  private depth = 0;

  constructor(params: number) {
    this.params = params;
  }

  /** A new local of `type`; its index. */
  local(type: number = I32): number {
    this.locals.push(type);
    return this.params + this.locals.length - 1;
  }

  op(first: number, second = -1, third = -1, fourth = -1): this {
    const { bytes } = this;
    bytes.byte(first);
    if (second >= 0) bytes.byte(second);
    if (third >= 0) bytes.byte(third);
    if (fourth >= 0) bytes.byte(fourth);
    return this;
  }

  i32(value: number): this {
    this.bytes.byte(0x41);
    this.bytes.signed(value);
    return this;
  }

  /** A 64-bit constant that fits into 32 bits, sign-extended. */
  i64(value: number): this {
    this.bytes.byte(0x42);
    this.bytes.signed(value);
    return this;
  }

  f64(value: number): this {
    this.bytes.byte(0x44);
    this.bytes.append(new Uint8Array(new Float64Array([value]).buffer));
    return this;
  }

  f32(value: number): this {
    this.bytes.byte(0x43);
    this.bytes.append(new Uint8Array(new Float32Array([value]).buffer));
    return this;
  }

  get(local: number): this {
    this.bytes.byte(0x20);
    this.bytes.unsigned(local);
    return this;
  }

  set(local: number): this {
    this.bytes.byte(0x21);
    this.bytes.unsigned(local);
    return this;
  }

  tee(local: number): this {
    this.bytes.byte(0x22);
    this.bytes.unsigned(local);
    return this;
  }

  /** A load or store instruction with a constant offset, promising no alignment. */
  memory(op: number, offset: number): this {
    this.bytes.byte(op);
    this.bytes.byte(0);
    this.bytes.unsigned(offset);
    return this;
  }

  block(type: number = VOID): Label {
    this.bytes.byte(0x02);
    this.bytes.byte(type);
    return this.depth++;
  }

  loop(type: number = VOID): Label {
    this.bytes.byte(0x03);
    this.bytes.byte(type);
    return this.depth++;
  }

  if(type: number = VOID): Label {
    this.bytes.byte(0x04);
    this.bytes.byte(type);
    return this.depth++;
  }

  /** `if`, where nothing branches to its end. */
  when(type: number = VOID): this {
    this.if(type);
    return this;
  }

  else(): this {
    this.bytes.byte(0x05);
    return this;
  }

  end(): this {
    this.depth--;
    this.bytes.byte(0x0b);
    return this;
  }

  br(label: Label): this {
    this.bytes.byte(0x0c);
    this.bytes.unsigned(this.depth - 1 - label);
    return this;
  }

  brIf(label: Label): this {
    this.bytes.byte(0x0d);
    this.bytes.unsigned(this.depth - 1 - label);
    return this;
  }

  brTable(labels: readonly Label[], otherwise: Label): this {
    this.bytes.byte(0x0e);
    this.bytes.unsigned(labels.length);
    for (const label of labels) this.bytes.unsigned(this.depth - 1 - label);
    this.bytes.unsigned(this.depth - 1 - otherwise);
    return this;
  }

  call(fn: number): this {
    this.bytes.byte(0x10);
    this.bytes.unsigned(fn);
    return this;
  }

  /** Calls the function of table 0 whose index is on the stack. */
  callIndirect(type: number): this {
    this.bytes.byte(0x11);
    this.bytes.unsigned(type);
    this.bytes.byte(0);
    return this;
  }

  /** Calls the function of table 0 whose index is on the stack instead of returning. */
  returnCallIndirect(type: number): this {
    this.bytes.byte(0x13);
    this.bytes.unsigned(type);
    this.bytes.byte(0);
    return this;
  }

  /** Puts `code`, which shares the locals of this function, before everything else. */
  prepend(code: Code): void {
    this.before = code;
  }

  /** The function's entry in the code section. */
  encode(out: Bytes): void {
    const runs: [count: number, type: number][] = [];
    for (const type of this.locals) {
      const last = runs.at(-1);
      if (last?.[1] === type) last[0]++;
      else runs.push([1, type]);
    }
    const head = new Bytes();
    head.unsigned(runs.length);
    for (const [count, type] of runs) {
      head.unsigned(count);
      head.byte(type);
    }
    if (this.before) head.append(this.before.bytes.view);
    out.unsigned(head.length + this.bytes.length + 1);
    out.append(head.view);
    out.append(this.bytes.view);
    out.byte(0x0b);
  }
}

function section(out: Bytes, id: number, count: number, items: Uint8Array): void {
  if (count === 0) return;
  const head = new Bytes();
  head.unsigned(count);
  out.byte(id);
  out.unsigned(head.length + items.length);
  out.append(head.view);
  out.append(items);
}

function name(out: Bytes, text: string): void {
  out.byte(text.length);
  for (let i = 0; i < text.length; i++) out.byte(text.charCodeAt(i));
}

/** One module. Functions are numbered as they are imported, then as they are defined. Names are ASCII. */
export class ModuleBuilder {
  private readonly types = new Map<string, number>();
  private readonly typeBytes = new Bytes();
  private readonly imports = new Bytes();
  private importCount = 0;
  private readonly functions: { type: number; code: Code }[] = [];
  private readonly exports = new Bytes();
  private exportCount = 0;
  private imported = 0;

  /** Index of a function type. */
  type(params: readonly number[], results: readonly number[]): number {
    const key = `${params}:${results}`;
    const known = this.types.get(key);
    if (known !== undefined) return known;
    for (const byte of [0x60, params.length, ...params, results.length, ...results]) this.typeBytes.byte(byte);
    this.types.set(key, this.types.size);
    return this.types.size - 1;
  }

  /** Imports the memory `env.memory`, of exactly `pages` pages of 64 KiB. */
  importMemory(pages: number): void {
    this.import('memory', 0x02);
    this.imports.byte(0x01);
    this.imports.unsigned(pages);
    this.imports.unsigned(pages);
  }

  /** Imports the table `env.table` of functions. */
  importTable(): void {
    this.import('table', 0x01);
    for (const byte of [0x70, 0x00, 0x00]) this.imports.byte(byte);
  }

  /** Imports function `env.<label>`; its number. All imports come before the first definition. */
  importFunction(label: string, type: number): number {
    this.import(label, 0x00);
    this.imports.unsigned(type);
    return this.imported++;
  }

  /** Defines a function; its number. */
  define(type: number, code: Code): number {
    return this.imported + this.functions.push({ type, code }) - 1;
  }

  export(label: string, fn: number): void {
    name(this.exports, label);
    this.exports.byte(0x00);
    this.exports.unsigned(fn);
    this.exportCount++;
  }

  /** The module's bytes. */
  encode(): Uint8Array<ArrayBuffer> {
    const out = new Bytes(4096);
    out.append(new Uint8Array([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]));
    section(out, 1, this.types.size, this.typeBytes.view);
    section(out, 2, this.importCount, this.imports.view);
    const types = new Bytes();
    const bodies = new Bytes(4096);
    for (const { type, code } of this.functions) {
      types.unsigned(type);
      code.encode(bodies);
    }
    section(out, 3, this.functions.length, types.view);
    section(out, 7, this.exportCount, this.exports.view);
    section(out, 10, this.functions.length, bodies.view);
    return out.view.slice();
  }

  private import(label: string, kind: number): void {
    name(this.imports, 'env');
    name(this.imports, label);
    this.imports.byte(kind);
    this.importCount++;
  }
}
