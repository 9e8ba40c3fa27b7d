/**
 * The one block of host memory that holds all RAM of a machine and the CPU state of its cores.
 *
 * It is a WebAssembly memory so that translated code (wasm) can reach guest RAM directly; it never grows, so every typed-array
 * view stays valid and native engines may map it by address. The host commits its pages only when they are touched.
 */
import { HostMemoryExhausted, HostMemoryRefused } from '../errors.ts';
import { KiB, MiB } from './bits.ts';

/** Granularity of wasm memory, and of the arena's size, in bytes. */
export const WASM_PAGE = 64 * KiB;
/** Arena size when nothing else is asked for, in bytes: real firmware touches less than 20 MiB. */
export const DEFAULT_ARENA_SIZE = 256 * MiB;

/**
 * Memories of arenas that are gone, with the bytes from their start that are dirty. V8 counts the whole size of a new one, touched or not, and collects
 * all garbage at once, which takes several times as long as to make the rest of a machine.
 */
const SPARE: { readonly memory: WebAssembly.Memory; readonly dirty: number }[] = [];
/** Memories that are kept, and how dirty they may be: in bytes. */
const MOST_SPARE = 4;
const DIRTIEST = 32 * MiB;

/** A zeroed memory of exactly `pages` pages. */
function memoryOf(pages: number): WebAssembly.Memory {
  const at = SPARE.findIndex(({ memory }) => memory.buffer.byteLength === pages * WASM_PAGE);
  if (at < 0) return new WebAssembly.Memory({ initial: pages, maximum: pages });
  const [{ memory, dirty }] = SPARE.splice(at, 1) as [(typeof SPARE)[number]];
  new Uint8Array(memory.buffer, 0, dirty).fill(0);
  return memory;
}

/** Allocator over one WebAssembly memory; offsets are bytes from its start and never 0. */
export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly size: number;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
  readonly view: DataView;
  /** First page is never handed out, so that offset 0 can mean "nothing here". */
  private next = WASM_PAGE;
  private disposed = false;
  /** How often memory was handed out. */
  allocations = 0;
  /** What was given back, by its size. */
  private readonly spare = new Map<number, number[]>();

  /** @throws {HostMemoryRefused} when the host has no such memory to give. */
  constructor(size: number = DEFAULT_ARENA_SIZE) {
    const pages = Math.ceil(size / WASM_PAGE);
    try {
      this.memory = memoryOf(pages);
    } catch (error) {
      throw new HostMemoryRefused(pages * WASM_PAGE, error instanceof Error ? error.message : String(error));
    }
    this.size = pages * WASM_PAGE;
    const { buffer } = this.memory;
    this.u8 = new Uint8Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.view = new DataView(buffer);
  }

  /** Nobody uses it any more, nor what was allocated from it: another arena may get the memory. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    if (this.next > DIRTIEST) return;
    // The last ones are the likeliest to be asked for again.
    if (SPARE.length >= MOST_SPARE) SPARE.shift();
    SPARE.push({ memory: this.memory, dirty: this.next });
  }

  /** Bytes handed out so far, those that were given back included. */
  get used(): number {
    return this.next;
  }

  /**
   * Reserves `bytes` zeroed bytes aligned to 4 KiB and returns their offset.
   * @throws {HostMemoryExhausted} when the arena is full.
   */
  allocate(bytes: number, owner: string): number {
    const rounded = Math.ceil(bytes / 4096) * 4096;
    this.allocations++;
    const again = this.spare.get(rounded)?.pop();
    if (again !== undefined) {
      this.u8.fill(0, again, again + rounded);
      return again;
    }
    if (this.next + rounded > this.size) throw new HostMemoryExhausted(owner, bytes, this.size);
    const offset = this.next;
    this.next += rounded;
    return offset;
  }

  /** Takes `bytes` at `offset` back, which `allocate` gave; nobody may use them any more. */
  release(offset: number, bytes: number): void {
    const rounded = Math.ceil(bytes / 4096) * 4096;
    const spare = this.spare.get(rounded);
    if (spare) spare.push(offset);
    else this.spare.set(rounded, [offset]);
  }
}
