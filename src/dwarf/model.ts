/**
 * What the DWARF reader says about a program: lines, functions, variables, types, places of values. Types only, no code.
 *
 * Addresses are unsigned and without the Thumb bit; paths are absolute where the compiler said its directory, with forward slashes.
 */

/** Addresses from `low` to before `high`. */
export interface AddressRange {
  readonly low: number;
  readonly high: number;
}

/** A row of the line table. */
export interface LineRow {
  readonly address: number;
  readonly file: string;
  /** From 1; 0 is code that belongs to no line. */
  readonly line: number;
  /** From 1; 0 is the whole line. */
  readonly column: number;
  /** A recommended place for a breakpoint: the first instruction of a statement. */
  readonly isStatement: boolean;
  /** One past the last byte of a sequence: no code of its own. */
  readonly endSequence: boolean;
  readonly prologueEnd: boolean;
  /** Tells blocks on one line apart. */
  readonly discriminator: number;
}

/** Code without gaps whose rows rise in address: `rows` has its rows, the last of which ends it. */
export interface LineSequence extends AddressRange {
  readonly rows: readonly LineRow[];
}

/** A place in a source. */
export interface SourcePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One level of the calls that stand at an address: `function` runs at this place, because the next one called it inline. */
export interface InlineFrame extends SourcePlace {
  readonly function: string;
}

/** What `Dwarf.lineAt` says. */
export interface AddressPlace extends SourcePlace {
  /** Qualified name of the innermost function, inlined or not; undefined when no function covers the address. */
  readonly function: string | undefined;
  /** Where that was inlined: callers from the inside out, each with the place of its call; empty when nothing was inlined. */
  readonly inlinedFrom: readonly InlineFrame[];
}

/** A function with code. */
export interface DebugFunction {
  /** As written in the source. */
  readonly name: string;
  /** With namespaces and classes (`ui::Panel::draw`); that of `name` in C. */
  readonly qualifiedName: string;
  /** The symbol, when the language mangles names. */
  readonly linkageName: string | undefined;
  /** Seen outside of its file. */
  readonly external: boolean;
  /** Where it is declared; the file is empty when the compiler did not say. */
  readonly declaration: SourcePlace;
  /** Its unit's source. */
  readonly unit: string;
  /** Sorted by address; more than one when the compiler split it (`.cold`), the first holds the entry unless `entry` differs. */
  readonly ranges: readonly AddressRange[];
  readonly entry: number;
  readonly returnType: Type;
  readonly parameters: readonly LocalVariable[];
  readonly variadic: boolean;
  /** What was inlined into it, outermost first; each has what was inlined into that. */
  readonly inlined: readonly InlinedCall[];
  /** Where its frame is, as DW_AT_frame_base says. */
  readonly frameBase: Expression | undefined;
}

/** A function that the compiler put into its caller. */
export interface InlinedCall {
  /** With namespaces and classes. */
  readonly name: string;
  readonly declaration: SourcePlace;
  /** Where it was called. */
  readonly call: SourcePlace;
  readonly ranges: readonly AddressRange[];
  readonly inlined: readonly InlinedCall[];
}

/** A parameter or variable of a function. */
export interface LocalVariable {
  readonly name: string;
  readonly type: Type;
  readonly kind: 'parameter' | 'variable';
  readonly declaration: SourcePlace;
  /** Where it is while `pc` is in its scope; `optimised-out` when the compiler keeps it nowhere. Never throws. */
  locate(frame: FrameContext): Location;
}

/** A variable that lives as long as the program: global, static of a file, of a function or of a class. */
export interface DebugVariable {
  readonly name: string;
  /** `name`, `ns::name`, `function::name`: what tells it from others of its unit. */
  readonly qualifiedName: string;
  readonly linkageName: string | undefined;
  readonly type: Type;
  readonly external: boolean;
  readonly declaration: SourcePlace;
  readonly unit: string;
  /** The function whose static it is. */
  readonly function: string | undefined;
  /** Where it is; memory as a rule, a constant value when the compiler folded it. Never throws. */
  readonly location: Location;
}

/** DWARF opcodes as they stand in the file. */
export interface Expression {
  readonly bytes: Uint8Array;
}

/** Where a value is. */
export type Location =
  | { readonly kind: 'memory'; readonly address: number }
  | { readonly kind: 'register'; readonly register: number }
  | { readonly kind: 'value'; readonly bytes: Uint8Array }
  | { readonly kind: 'pieces'; readonly pieces: readonly LocationPiece[] }
  | { readonly kind: 'optimised-out'; readonly reason: string };

/** A part of a value that the compiler keeps in several places; bits count from the least significant of `location`. */
export interface LocationPiece {
  readonly location: Location;
  readonly bitSize: number;
  readonly bitOffset: number;
}

/** The state of a frame that expressions are evaluated in; `undefined` is a value that is not known. */
export interface FrameContext {
  readonly pc: number;
  /** Core register 0 to 15, in this frame; numbers of the ARM DWARF ABI beyond that (64: S0, 256: D0) where known. */
  register(index: number): number | undefined;
  read(address: number, length: number): Uint8Array | undefined;
}

/** A type; `size` is in bytes, 0 when it has none (void, a function, an incomplete struct). */
export type Type = VoidType | BaseType | EnumType | PointerType | StructType | ArrayType | TypedefType | QualifiedType | FunctionType;

interface TypeCommon {
  /** As C prints it: `struct state *`, `char [16]`, `void (*)(int)`. */
  readonly name: string;
  readonly size: number;
}

/** No value: `void`, `decltype(nullptr)`, or a type that the compiler did not describe. */
export interface VoidType extends TypeCommon {
  readonly kind: 'void';
}

export interface BaseType extends TypeCommon {
  readonly kind: 'base';
  readonly encoding: 'signed' | 'unsigned' | 'boolean' | 'char' | 'unsigned-char' | 'utf' | 'float' | 'complex' | 'unknown';
}

export interface EnumType extends TypeCommon {
  readonly kind: 'enum';
  readonly signed: boolean;
  /** `enum class`: names are written with the type's. */
  readonly scoped: boolean;
  readonly enumerators: readonly Enumerator[];
}

export interface Enumerator {
  readonly name: string;
  readonly value: bigint;
}

export interface PointerType extends TypeCommon {
  readonly kind: 'pointer';
  /** `&` or, with `rvalue`, `&&`. */
  readonly reference: boolean;
  readonly rvalue: boolean;
  readonly target: Type;
}

export interface StructType extends TypeCommon {
  readonly kind: 'struct';
  readonly keyword: 'struct' | 'class' | 'union';
  /** Declared, its members are not known. */
  readonly incomplete: boolean;
  /** In order of declaration; base classes come first, `base` set; anonymous members have an empty name. */
  readonly members: readonly Member[];
}

export interface Member {
  readonly name: string;
  readonly type: Type;
  /** From the start of the struct, in bytes; for a bit field that of the first byte which holds some of it. */
  readonly offset: number;
  /** Bits of a bit field, else undefined. */
  readonly bitSize: number | undefined;
  /** Bits between the least significant one of the byte at `offset` and the field. */
  readonly bitOffset: number;
  /** It is a base class. */
  readonly base: boolean;
}

export interface ArrayType extends TypeCommon {
  readonly kind: 'array';
  readonly element: Type;
  /** Elements; undefined for `[]`. An array of arrays has an array as its element. */
  readonly count: number | undefined;
  /** SIMD vector of the compiler. */
  readonly vector: boolean;
}

export interface TypedefType extends TypeCommon {
  readonly kind: 'typedef';
  readonly target: Type;
}

export interface QualifiedType extends TypeCommon {
  readonly kind: 'qualified';
  readonly qualifier: 'const' | 'volatile' | 'restrict' | '_Atomic';
  readonly target: Type;
}

export interface FunctionType extends TypeCommon {
  readonly kind: 'function';
  readonly returnType: Type;
  readonly parameters: readonly Type[];
  readonly variadic: boolean;
  /** Its parameters are known: `(void)` and not `()`. */
  readonly prototyped: boolean;
}

/** What an unwinder starts from. */
export interface UnwindStart {
  readonly pc: number;
  /** r0 to r15 as the core has them; [13] is the current stack pointer. */
  readonly registers: readonly (number | undefined)[];
  /** Needed to walk out of exceptions: where thread mode's stack is. */
  readonly psp?: number | undefined;
  readonly msp?: number | undefined;
  read(address: number, length: number): Uint8Array | undefined;
}

/** One call on the stack, the innermost first. */
export interface UnwindFrame {
  /** Of the instruction that runs, or in callers of the one after the call. */
  readonly pc: number;
  /** `pc`, or in callers an address within the call, to look up lines with. */
  readonly lookup: number;
  /** Stack pointer in this frame, before anything it called. */
  readonly sp: number;
  /** Canonical frame address: the stack pointer before the call to this function. */
  readonly cfa: number | undefined;
  /** r0 to r15 in this frame; what a callee may have destroyed is undefined. */
  readonly registers: readonly (number | undefined)[];
  /** This frame was interrupted by the exception of the frame before it; the EXC_RETURN value. */
  readonly interrupted: number | undefined;
  readonly function: string | undefined;
  /** How this frame's caller was found. */
  readonly by: 'debug-frame' | 'prologue' | 'exception-frame' | 'link-register' | 'end';
}

/** What `Dwarf.unwind` returns; `end` says in plain words why it stops. */
export interface Backtrace {
  readonly frames: readonly UnwindFrame[];
  readonly end: string;
}
