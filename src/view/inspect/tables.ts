/** The resource table as Linux parses it, from the memory of the core or else the ELF, and the device tree with its values as text. */
import type { DeviceTreeNode } from '../../devicetree/tree.ts';
import { propertyValueText } from '../../devicetree/write-dts.ts';
import { hex, hex32 } from '../../memory/bits.ts';
import {
  CachedTable,
  FW_RSC_ADDR_ANY,
  LoadedTable,
  RSC_CARVEOUT,
  RSC_DEVMEM,
  RSC_HEADER_SIZE,
  RSC_TRACE,
  RSC_VDEV,
  RSC_VENDOR_END,
  RSC_VENDOR_START,
  TABLE_HEADER_SIZE,
  tableEntry,
  tableName,
  VDEV,
  VDEV_SIZE,
  VRING,
  VRING_SIZE,
} from '../../remoteproc/resource-table.ts';
import { decodeResourceTable, type TableProblem } from '../../remoteproc/resource-table-report.ts';
import type { Methods, ResourceEntryView, TreeNodeView } from '../protocol.ts';
import { codeOf } from './code.ts';
import { coreOf, type InspectContext } from './context.ts';
import { addressIn } from './ring-state.ts';

/** Entries, nodes and depth that are shown; more than any that Linux could use. */
const MOST_ENTRIES = 64;
const MOST_NODES = 20_000;
const DEEPEST = 64;
/** Longest text of a property. */
const LONGEST = 4096;

type Result = Methods['linux.resourceTable']['result'];
type Field = ResourceEntryView['fields'][number];

/** `linux.resourceTable`; the address is the core's. */
export function resourceTable(context: InspectContext, { core: name }: Methods['linux.resourceTable']['params']): Result {
  const { machine } = context;
  const core = coreOf(context, name);
  const table = machine.linux?.remoteproc(core.name)?.table.inEffect;
  const inFile = core === machine.core ? codeOf(machine)?.firmware?.resourceTable : undefined;
  if (table instanceof LoadedTable) {
    const [at] = table.addresses;
    const linux = machine.view('linux');
    const bytes = at === undefined ? undefined : linux.readBytes(at, table.size);
    if (at !== undefined && bytes) {
      // What the file says is what Linux has judged; status and addresses in memory are its own.
      const { problems } = decodeResourceTable(inFile?.bytes ?? withoutStatus(bytes));
      return { address: addressIn(machine.view(core.name), linux, at) ?? at, ...decoded(bytes, problems) };
    }
  }
  if (!inFile) return { entries: [], why: 'the firmware has no section .resource_table: Linux starts it without virtio devices' };
  return { address: inFile.da, ...decoded(inFile.bytes, decodeResourceTable(inFile.bytes).problems) };
}

/** A copy with the status of each vdev as the firmware has it to begin with. */
function withoutStatus(bytes: Uint8Array): Uint8Array {
  const table = new CachedTable(bytes.slice());
  for (let index = 0; index < Math.min(table.get32(4), MOST_ENTRIES); index++) {
    const entry = tableEntry(table, index);
    if (entry?.type === RSC_VDEV) table.set8(entry.offset + VDEV.status, 0);
  }
  return table.bytes;
}

function decoded(bytes: Uint8Array, problems: readonly TableProblem[]): Pick<Result, 'entries' | 'why'> {
  const header = problems.find(({ place }) => place === 'header');
  if (header) return { entries: [], why: `${problemText(header)}` };
  const table = new CachedTable(bytes);
  const count = Math.min(table.get32(4), MOST_ENTRIES);
  const entries: ResourceEntryView[] = [];
  for (let index = 0; index < count; index++) {
    const own = problems.filter(({ place }) => place === `entry ${index}` || place.startsWith(`entry ${index} `)).map(problemText);
    const entry = tableEntry(table, index);
    const offset = entry ? entry.offset - RSC_HEADER_SIZE : table.get32(TABLE_HEADER_SIZE + 4 * index);
    entries.push({
      index,
      type: entry ? typeName(entry.type) : 'outside of the table',
      offset,
      fields: entry ? fieldsOf(table, entry) : [],
      problems: own,
    });
    if (!entry) break;
  }
  return { entries };
}

function problemText({ text, remedy, linux }: TableProblem): string {
  return `${text}; ${linux ? `Linux says "${linux}"; ` : ''}${remedy}`;
}

function typeName(type: number): string {
  const names: Readonly<Record<number, string>> = {
    [RSC_CARVEOUT]: 'carveout',
    [RSC_DEVMEM]: 'devmem',
    [RSC_TRACE]: 'trace',
    [RSC_VDEV]: 'vdev',
  };
  return names[type] ?? (type >= RSC_VENDOR_START && type <= RSC_VENDOR_END ? `vendor ${type}` : `type ${type}`);
}

function addressText(da: number): string {
  return da === FW_RSC_ADDR_ANY ? 'any (0xffffffff)' : hex32(da);
}

function fieldsOf(table: CachedTable, { type, offset }: { readonly type: number; readonly offset: number }): Field[] {
  const word = (at: number): number => table.get32(offset + at);
  const plain = (name: string, value: string | number): Field => ({ name, value: String(value) });
  switch (type) {
    case RSC_CARVEOUT:
    case RSC_DEVMEM:
      return [
        plain('name', tableName(table, offset + 20)),
        plain('da', addressText(word(0))),
        plain('pa', addressText(word(4))),
        plain('len', hex(word(8))),
        plain('flags', hex(word(12))),
      ];
    case RSC_TRACE:
      return [plain('name', tableName(table, offset + 12)), plain('da', addressText(word(0))), plain('len', hex(word(4)))];
    case RSC_VDEV:
      return vdevFields(table, offset);
    default:
      return [];
  }
}

const STATUS: readonly (readonly [bit: number, name: string])[] = [
  [1, 'ACKNOWLEDGE'],
  [2, 'DRIVER'],
  [4, 'DRIVER_OK'],
  [8, 'FEATURES_OK'],
  [0x40, 'NEEDS_RESET'],
  [0x80, 'FAILED'],
];

/** `0x7 (ACKNOWLEDGE DRIVER DRIVER_OK)`. */
export function statusText(status: number): string {
  const names = STATUS.filter(([bit]) => (status & bit) !== 0).map(([, name]) => name);
  return `${hex(status)}${names.length > 0 ? ` (${names.join(' ')})` : ''}`;
}

function vdevFields(table: CachedTable, offset: number): Field[] {
  const word = (at: number): number => table.get32(offset + at);
  const id = word(VDEV.id);
  const features = (value: number): string => `${hex(value)}${value & 1 ? ' (NS)' : ''}`;
  const vrings = Math.min(table.get8(offset + VDEV.numOfVrings), 8);
  const fields: Field[] = [
    { name: 'id', value: id === 7 ? '7 (rpmsg)' : String(id) },
    { name: 'notifyid', value: String(word(VDEV.notifyid)) },
    { name: 'dfeatures', value: features(word(VDEV.dfeatures)) },
    { name: 'gfeatures', value: features(word(VDEV.gfeatures)) },
    { name: 'config_len', value: String(word(VDEV.configLen)) },
    { name: 'status', value: statusText(table.get8(offset + VDEV.status)) },
    { name: 'num_of_vrings', value: String(table.get8(offset + VDEV.numOfVrings)) },
  ];
  for (let i = 0; i < vrings; i++) {
    const at = VDEV_SIZE + VRING_SIZE * i;
    fields.push(
      { name: `vring${i}.da`, value: addressText(word(at + VRING.da)) },
      { name: `vring${i}.align`, value: hex(word(at + VRING.align)) },
      { name: `vring${i}.num`, value: String(word(at + VRING.num)) },
      { name: `vring${i}.notifyid`, value: String(word(at + VRING.notifyid) | 0) },
    );
  }
  return fields;
}

/** `linux.deviceTree`: the one that Linux boots with. */
export function deviceTree({ machine }: InspectContext): TreeNodeView | null {
  const tree = machine.linux?.deviceTree;
  if (!tree) return null;
  let left = MOST_NODES;
  const view = (node: DeviceTreeNode, depth: number): TreeNodeView => {
    const children: TreeNodeView[] = [];
    for (const child of node.children.values()) {
      if (left-- <= 0 || depth >= DEEPEST) break;
      children.push(view(child, depth + 1));
    }
    return {
      name: node.name === '' ? '/' : node.name,
      path: node.path || '/',
      properties: [...node.properties].map(([name, value]) => ({ name, value: value.length === 0 ? '' : cutOff(value) })),
      children,
    };
  };
  return view(tree.root, 0);
}

function cutOff(value: Uint8Array): string {
  const text = propertyValueText(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}... (${value.length} bytes)` : text;
}
