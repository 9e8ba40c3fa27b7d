/**
 * The two hooks that Unicorn's translated code calls, as x86-64 machine code, and the memory they share with the engine.
 *
 * A JavaScript callback costs a microsecond, too much for every block; these cost a nanosecond. They use the System V convention;
 * Unicorn calls `block` straight from translated code, where QEMU keeps the CPU state in rbp and that state begins with R0..R15.
 * `probe` in instance.ts checks the latter before anything depends on it. Leaving goes through QEMU's own way out of translated code
 * (`helper_exception_internal`), which works between any two instructions, inside IT blocks too; `uc_emu_stop` does not.
 *
 *   block  at the start of a block: finds its instruction count in the block table (or asks `SCAN`) and takes it off `REMAINING`;
 *          leaves before the block when that would become negative (BUDGET) or `SCAN` answers 0 (REFUSED).
 *   code   before each instruction: leaves (SITE) when the site map marks its address and the mark's condition holds.
 *
 * Now and then `block` also marks all of QEMU's TLB entries for writable RAM as dirty. Unicorn 2 never does that itself, so that every
 * store takes a slow path of 75 ns; here it is safe, because pages that hold code are mapped read-only.
 */

/** Byte offsets in the shared state. */
export const STATE = {
  /** i64: instructions that may still begin. */
  REMAINING: 0x00,
  /** u64: generation in the upper half, 0 in the lower; part of every block table entry's key. */
  KEY: 0x08,
  BLOCK_TABLE: 0x10,
  SITE_MAP: 0x18,
  SITE_TABLE: 0x20,
  /** u32: start and bytes of the block that began last. */
  BLOCK_PC: 0x28,
  BLOCK_SIZE: 0x2c,
  /** u32: address of the instruction before which `block` or `code` left. */
  EXIT_PC: 0x30,
  /** u32: one of REASON. */
  REASON: 0x34,
  /** Address of QEMU's CPUARMState, noted by `block`. */
  ENV: 0x38,
  /** helper_exception_internal_arm. */
  LEAVE: 0x40,
  /** JavaScript: (uc, pc, size, data) -> instructions in the block, or 0. */
  SCAN: 0x48,
  /** Address of the QEMU TLB in use: {u64 offset of its last entry, u64 address of its entries}. */
  TLB: 0x50,
  /** i32: blocks until the TLB is swept again, and the number after that; it doubles from sweep to sweep. */
  SWEEP: 0x58,
  PERIOD: 0x5c,
  /** u64: bytes of a TLB entry. */
  STEP: 0x60,
  /** u32: limit of the stack pointer, 0 when there is none. */
  LIMIT: 0x68,
} as const;

/** Why translated code was left; 0 when Unicorn itself stopped. */
export const REASON = { BUDGET: 1, REFUSED: 2, SITE: 3 } as const;

/** Entries of the block table: 16 bytes each, {u32 pc, u32 generation, u32 instructions, u32 bytes}, indexed by pc >>> 1. */
export const BLOCK_ENTRIES = 1 << 15;
/** Slots of a site map (a byte each) and of the site table (16 bytes each, {u32 pc, u32 offset in the state, u32 mask}), by pc >>> 1. */
export const SITE_SLOTS = 1 << 19;

/**
 * A mark of the site map: stop when the address matches and, where it says so, the register's value fulfils the condition. IF_NO_STACK adds
 * the mask to it and stops when the sum is below LIMIT or is not a multiple of four; IF_EQUAL compares it with the mask.
 */
export const MARK = { NONE: 0, ALWAYS: 1, IF_MASKED_BITS: 2, IF_ZERO: 3, IF_NO_STACK: 4, IF_EQUAL: 5, ANY_ADDRESS: 6 } as const;

/** An entry of QEMU's TLB: its size (2.0, 2.1), where it holds the page it lets stores to, and the flag that sends them to the slow path. */
export const TLB_ENTRY = { SIZES: [32, 64], READ: 0, WRITE: 4, NOT_DIRTY: 0x100 } as const;

/** Most blocks from one sweep of the TLB to the next; a sweep takes less than a microsecond. */
const LONGEST_PERIOD = 4096;

/** EXCP_HLT: ends `uc_emu_start` without an error. */
const EXCP_HLT = 0x10001;

const u32 = (value: number) => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];

/** Where each hook begins in `CODE`. */
export const ENTRY = { block: 0x00, code: 0xc0 } as const;

/** The machine code; each line is one or two instructions. */
export const CODE = Uint8Array.from([
  // block: rdi uc, rsi pc, edx bytes, rcx state
  ...[0xff, 0x49, STATE.SWEEP, 0x78, 0x6a], // dec dword [rcx + SWEEP]; js sweep
  // swept:
  ...[0x89, 0xf0, 0xd1, 0xe8], // mov eax, esi; shr eax, 1
  ...[0x25, ...u32(BLOCK_ENTRIES - 1)], // and eax, BLOCK_ENTRIES - 1
  ...[0xc1, 0xe0, 0x04, 0x48, 0x03, 0x41, STATE.BLOCK_TABLE], // shl eax, 4; add rax, [rcx + BLOCK_TABLE]
  ...[0x48, 0x89, 0x69, STATE.ENV], // mov [rcx + ENV], rbp
  ...[0x89, 0x71, STATE.BLOCK_PC, 0x89, 0x51, STATE.BLOCK_SIZE], // mov [rcx + BLOCK_PC], esi; mov [rcx + BLOCK_SIZE], edx
  ...[0x4c, 0x8b, 0x41, STATE.KEY, 0x49, 0x09, 0xf0], // mov r8, [rcx + KEY]; or r8, rsi
  ...[0x4c, 0x39, 0x00, 0x75, 0x1e], // cmp [rax], r8; jne miss
  ...[0x39, 0x50, 0x0c, 0x75, 0x19], // cmp [rax + 12], edx; jne miss
  ...[0x44, 0x8b, 0x40, 0x08], // mov r8d, [rax + 8]
  // charge: r8 instructions
  ...[0x4c, 0x8b, 0x09, 0x4d, 0x29, 0xc1], // mov r9, [rcx + REMAINING]; sub r9, r8
  ...[0x78, 0x04, 0x4c, 0x89, 0x09, 0xc3], // js budget; mov [rcx + REMAINING], r9; ret
  // budget:
  ...[0xc7, 0x41, STATE.REASON, ...u32(REASON.BUDGET), 0xeb, 0x17], // mov dword [rcx + REASON], BUDGET; jmp leave
  // miss:
  ...[0x51, 0x56, 0x57, 0xff, 0x51, STATE.SCAN, 0x5f, 0x5e, 0x59], // push rcx, rsi, rdi; call [rcx + SCAN]; pop rdi, rsi, rcx
  ...[0x41, 0x89, 0xc0, 0x85, 0xc0, 0x75, 0xdb], // mov r8d, eax; test eax, eax; jne charge
  ...[0xc7, 0x41, STATE.REASON, ...u32(REASON.REFUSED)], // mov dword [rcx + REASON], REFUSED
  // leave:
  ...[0x89, 0x71, STATE.EXIT_PC, 0x48, 0x8b, 0x79, STATE.ENV], // mov [rcx + EXIT_PC], esi; mov rdi, [rcx + ENV]
  ...[0xbe, ...u32(EXCP_HLT)], // mov esi, EXCP_HLT
  ...[0xff, 0x61, STATE.LEAVE], // jmp [rcx + LEAVE]
  // sweep:
  ...[0x8b, 0x41, STATE.PERIOD, 0x89, 0x41, STATE.SWEEP], // mov eax, [rcx + PERIOD]; mov [rcx + SWEEP], eax
  ...[0x01, 0xc0, 0x3d, ...u32(LONGEST_PERIOD)], // add eax, eax; cmp eax, LONGEST_PERIOD
  ...[0x77, 0x03, 0x89, 0x41, STATE.PERIOD], // ja keep; mov [rcx + PERIOD], eax
  ...[0x4c, 0x8b, 0x41, STATE.TLB, 0x4d, 0x8b, 0x08], // keep: mov r8, [rcx + TLB]; mov r9, [r8]
  ...[0x4d, 0x8b, 0x40, 0x08], // mov r8, [r8 + 8]
  ...[0x43, 0x8b, 0x44, 0x08, TLB_ENTRY.WRITE, 0x25, ...u32(0xfff)], // entry: mov eax, [r8 + r9 + WRITE]; and eax, 0xfff
  ...[0x3d, ...u32(TLB_ENTRY.NOT_DIRTY), 0x75, 0x09], // cmp eax, NOT_DIRTY; jne next
  ...[0x43, 0x81, 0x64, 0x08, TLB_ENTRY.WRITE, ...u32(0xffff_f000)], // and dword [r8 + r9 + WRITE], 0xfffff000
  ...[0x4c, 0x2b, 0x49, STATE.STEP, 0x79, 0xe0], // next: sub r9, [rcx + STEP]; jns entry
  ...[0xe9, ...u32(-0xac)], // jmp swept
  ...[0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0, 0x0f, 0x1f, 0x40, 0], // nop
  // code: rdi uc, rsi pc, edx bytes, rcx state
  ...[0x89, 0xf0, 0xd1, 0xe8], // mov eax, esi; shr eax, 1
  ...[0x25, ...u32(SITE_SLOTS - 1)], // and eax, SITE_SLOTS - 1
  ...[0x4c, 0x8b, 0x41, STATE.SITE_MAP, 0x45, 0x0f, 0xb6, 0x0c, 0x00], // mov r8, [rcx + SITE_MAP]; movzx r9d, byte [r8 + rax]
  ...[0x45, 0x85, 0xc9, 0x75, 0x01, 0xc3], // test r9d, r9d; jne site; ret
  // site:
  ...[0x41, 0x83, 0xf9, MARK.ANY_ADDRESS, 0x73, 0x30], // cmp r9d, ANY_ADDRESS; jae stop
  ...[0xc1, 0xe0, 0x04, 0x48, 0x03, 0x41, STATE.SITE_TABLE], // shl eax, 4; add rax, [rcx + SITE_TABLE]
  ...[0x39, 0x30, 0x75, 0x1f], // cmp [rax], esi; jne pass
  ...[0x41, 0x83, 0xf9, MARK.ALWAYS, 0x74, 0x1f], // cmp r9d, ALWAYS; je stop
  ...[0x44, 0x8b, 0x40, 0x04, 0x4c, 0x03, 0x41, STATE.ENV], // mov r8d, [rax + 4]; add r8, [rcx + ENV]
  ...[0x45, 0x8b, 0x00], // mov r8d, [r8]
  ...[0x41, 0x83, 0xf9, MARK.IF_ZERO, 0x74, 0x09, 0x77, 0x18], // cmp r9d, IF_ZERO; je zero; ja others
  ...[0x44, 0x85, 0x40, 0x08, 0x75, 0x06], // test [rax + 8], r8d; jne stop
  0xc3, // pass: ret
  ...[0x45, 0x85, 0xc0, 0x75, 0xfa], // zero: test r8d, r8d; jne pass
  ...[0xc7, 0x41, STATE.REASON, ...u32(REASON.SITE), 0xe9, ...u32(-0xba)], // stop: mov dword [rcx + REASON], SITE; jmp leave
  ...[0x41, 0x83, 0xf9, MARK.IF_EQUAL, 0x74, 0x11], // others: cmp r9d, IF_EQUAL; je equal
  ...[0x44, 0x03, 0x40, 0x08, 0x44, 0x3b, 0x41, STATE.LIMIT, 0x72, 0xe4], // add r8d, [rax + 8]; cmp r8d, [rcx + LIMIT]; jb stop
  ...[0x41, 0xf6, 0xc0, 0x03, 0x75, 0xde, 0xc3], // test r8b, 3; jne stop; ret
  ...[0x44, 0x39, 0x40, 0x08, 0x74, 0xd7, 0xc3], // equal: cmp [rax + 8], r8d; je stop; ret
]);
