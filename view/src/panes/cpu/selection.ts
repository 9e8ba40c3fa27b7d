/** What the parts of the CPU pane share: the core that is looked at, the address the disassembly is to show, and the ways between them. */
import { signal } from '@preact/signals';
import type { Place } from '../../../../src/view/protocol.ts';
import { load, save } from '../../settings.ts';
import { description, request, tell } from '../../store.ts';
import { toast } from '../../toast-store.ts';
import { parseAddress } from './numbers.ts';

const chosen = signal<string | undefined>(undefined);

/** The core that is looked at: the one that runs the firmware unless another was chosen. */
export function core(): string | undefined {
  const cores = description.value?.cores ?? [];
  const wanted = cores.find(({ name }) => name === chosen.value);
  return (wanted ?? cores.find(({ main }) => main) ?? cores[0])?.name;
}

export function chooseCore(name: string): void {
  chosen.value = name;
}

/** Where the disassembly is asked to go; `serial` tells two wishes for one address apart. The disassembly takes it away. */
export const wish = signal<{ readonly address: number; readonly serial: number } | undefined>(undefined);

/** Goes to the PC at halts. */
export const follow = signal(load('cpu.follow') !== 'off');

export function setFollow(on: boolean): void {
  follow.value = on;
  save('cpu.follow', on ? undefined : 'off');
}

let wishes = 0;

/** Shows an address in the disassembly. */
export function show(address: number): void {
  wishes += 1;
  wish.value = { address: (address & ~1) >>> 0, serial: wishes };
}

/** The address of what was typed: an address, or `symbol+offset`. Says why when there is none. */
export async function resolve(text: string): Promise<number | undefined> {
  const parsed = parseAddress(text);
  if (parsed.kind === 'address') return parsed.address;
  if (parsed.kind === 'error') {
    toast('warning', `'${text}': ${parsed.why}`);
    return undefined;
  }
  try {
    const name = parsed.kind === 'symbol' ? parsed.name : parsed.text;
    const found = await request('symbols.search', { text: name, limit: 50 });
    const match: Place | undefined =
      found.find(({ symbol }) => symbol === name) ?? (parsed.kind === 'line' || found.length === 1 ? found[0] : undefined);
    if (match !== undefined) return (match.address + (parsed.kind === 'symbol' ? parsed.offset : 0)) >>> 0;
    if (parsed.kind === 'line') {
      toast('warning', `There is no way to ${name} from here.`, 'Set a breakpoint at it: its place in the list leads there.');
      return undefined;
    }
    const others = found.slice(0, 3).map(({ symbol }) => symbol);
    const remedy = others.length > 0 ? `There is ${others.join(', ')}.` : 'Symbols are those of the ELF: a stripped one has none.';
    toast('warning', `No symbol is called '${name}'.`, remedy);
  } catch (error) {
    tell(error);
  }
  return undefined;
}
