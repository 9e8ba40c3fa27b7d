/**
 * Threads of Zephyr: `_kernel.cpus[0].current`, and the objects of type `struct k_thread` that the program has (kernel/thread.h,
 * kernel_structs.h). Names with CONFIG_THREAD_NAME, else those of the objects; stacks with CONFIG_THREAD_STACK_INFO.
 */
import { type FirmwareView, GuestReader, type ThreadFacts, type ThreadSource } from './thread-reader.ts';

/** `struct _cpu`: nested, irq_stack, current. */
const CURRENT_OFFSET = 8;
const THREAD = 'struct k_thread';
/** Objects that are looked at. */
const MOST_THREADS = 256;

export class ZephyrThreads implements ThreadSource {
  readonly system = 'Zephyr';
  private readonly view: FirmwareView;
  private readonly reader: GuestReader;
  private readonly currentAt: number | undefined;
  private known: readonly number[] | undefined;

  constructor(view: FirmwareView) {
    this.view = view;
    this.reader = new GuestReader(view);
    const kernel = this.reader.symbol('_kernel');
    const offset = this.reader.member('struct z_kernel', 'cpus', 'current')?.offset ?? CURRENT_OFFSET;
    this.currentAt = kernel && kernel.address + offset;
  }

  current(): number | undefined {
    const thread = this.currentAt === undefined ? undefined : this.reader.word(this.currentAt);
    return thread === 0 ? undefined : thread;
  }

  list(seen: Iterable<number>): ThreadFacts[] {
    const all = new Set([...this.objects(), ...seen]);
    const threads: ThreadFacts[] = [];
    for (const id of all) {
      const stack = this.stackOf(id);
      // An object that no thread was made of yet is all zero.
      if (stack || [...seen].includes(id)) threads.push({ id, name: this.name(id), stack });
    }
    return threads;
  }

  name(id: number): string {
    const member = this.reader.member(THREAD, 'name');
    if (member?.type.kind === 'array') {
      const text = this.reader.text(id + member.offset, member.type.size);
      if (text) return text;
    }
    const object = this.reader.symbolAt(id);
    if (!object) return `thread 0x${id.toString(16)}`;
    return object.name.replace(/^(?:_k_thread_obj_|z_)/, '').replace(/_threads?(?:_data)?$/, '') || object.name;
  }

  private stackOf(id: number): ThreadFacts['stack'] {
    const start = this.reader.member(THREAD, 'stack_info', 'start');
    const size = this.reader.member(THREAD, 'stack_info', 'size');
    if (!start || !size) return undefined;
    const at = this.reader.word(id + start.offset);
    const bytes = this.reader.word(id + size.offset);
    return at && bytes ? { start: at, size: bytes } : undefined;
  }

  /** Where the program has threads, one by one or as arrays. */
  private objects(): readonly number[] {
    if (this.known) return this.known;
    const found: number[] = [];
    for (const { type, location } of this.view.dwarf.variables()) {
      if (location.kind !== 'memory') continue;
      let count = 1;
      let element = type;
      for (let depth = 0; depth < 8 && element.kind !== 'struct'; depth++) {
        if (element.kind === 'array') {
          count *= element.count ?? 0;
          element = element.element;
        } else if (element.kind === 'typedef' || element.kind === 'qualified') element = element.target;
        else break;
      }
      if (element.kind !== 'struct' || element.name !== THREAD || element.size === 0) continue;
      for (let index = 0; index < Math.min(count, MOST_THREADS); index++) found.push(location.address + index * element.size);
    }
    this.known = [...new Set(found)].slice(0, MOST_THREADS);
    return this.known;
  }
}
