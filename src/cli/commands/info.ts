/**
 * `imx-sim info <elf>`: what a firmware is and what is wrong with it, without running it.
 */
import { interpreterFactory } from '../../cpu/interpreter/index.ts';
import { chooseTree } from '../../devicetree/load.ts';
import { type LintFinding, lintFirmware } from '../../linux/firmware-lint.ts';
import { lintOnTree } from '../../linux/tree-lint.ts';
import { hex, hex32 } from '../../memory/bits.ts';
import type { Firmware } from '../../remoteproc/elf-loader.ts';
import { type DecodedResource, decodeResourceTable } from '../../remoteproc/resource-table-report.ts';
import { EXIT } from '../../session/exit.ts';
import { bootChoice } from '../../session/machine-options.ts';
import { findingLines } from '../../session/renderer.ts';
import { chooseTarget } from '../../session/target.ts';
import type { BoardDescription, SocDescription } from '../../soc/soc.ts';
import { findBoard } from '../../soc/soc.ts';
import { readFirmware } from '../firmware-file.ts';
import { readTrees } from '../tree-file.ts';

/** What the user chose. */
export interface InfoOptions {
  readonly soc?: string;
  readonly board?: string;
  readonly json?: boolean;
  readonly dtb?: string;
  readonly overlay?: readonly string[];
}

interface SegmentFacts {
  readonly index: number;
  readonly da: number;
  readonly vaddr: number;
  readonly filesz: number;
  readonly memsz: number;
  /** Memory that holds it on this SoC; absent when none holds all of it. */
  readonly memory?: string;
}

/** Prints the report; the status is 2 when Linux would refuse the firmware. @throws {UsageError | FirmwareError} */
export function info(path: string, options: InfoOptions): number {
  const firmware = readFirmware(path);
  const target = chooseTarget(firmware, options);
  const { soc, core, reasons, board: named } = target;
  const board = findBoard(soc, named);
  const segments = firmware.segments.map((segment) => segmentFacts(segment, soc, core));
  const table = firmware.resourceTable && decodeResourceTable(firmware.resourceTable.bytes);
  const own = options.dtb !== undefined || (options.overlay ?? []).length > 0;
  // A board that starts such firmware by bootaux does not mind what remoteproc would refuse.
  const note = own ? undefined : bootChoice({ firmware, target, engine: interpreterFactory }).note;
  const found = board ? allFindings(firmware, soc, board, core, options) : [];
  const findings = note === undefined ? found : found.map(ofRemoteproc);
  const { name, entry } = firmware;
  if (options.json) {
    const facts = {
      name,
      soc: soc.name,
      core,
      reasons,
      board: board?.name,
      ...(note === undefined ? {} : { boot: note }),
      entry,
      segments,
      resourceTable: table,
      findings,
    };
    process.stdout.write(`${JSON.stringify(facts)}\n`);
  } else {
    const lines = [
      `${name}: ${soc.name} ${core} (${reasons.join('; ')})${board ? `, board ${board.name}` : ''}`,
      `entry ${hex32(entry)}, ${firmware.symbols.length} symbols`,
      'segments (device address, as Linux loads them):',
      ...segments.map(segmentLine),
      ...tableLines(firmware, table),
      ...(note === undefined ? [] : [note]),
      ...findings.flatMap(findingLines),
      ...(findings.length === 0 ? ['no problems found'] : []),
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
  }
  return findings.some(({ severity }) => severity === 'error') ? EXIT.USAGE : EXIT.OK;
}

/** Of the firmware on the board, or on what the user's tree makes of it, and of that tree. */
function allFindings(firmware: Firmware, soc: SocDescription, board: BoardDescription, core: string, options: InfoOptions): LintFinding[] {
  const trees = readTrees(options);
  if (!trees.dtb && !trees.overlays) return lintFirmware(firmware, soc, board, core);
  return lintOnTree(firmware, chooseTree(soc, board, trees), soc, board, core);
}

/** What is in the way of remoteproc alone, when that is not who starts it. */
function ofRemoteproc(finding: LintFinding): LintFinding {
  return finding.severity === 'error' ? { ...finding, severity: 'note', text: `with remoteproc: ${finding.text}` } : finding;
}

function segmentFacts({ index, da, vaddr, filesz, memsz }: Firmware['segments'][number], soc: SocDescription, core: string): SegmentFacts {
  const memory = soc.memories.find(({ size, views }) =>
    (views[core] ?? []).some((window) => da >= window.base && da + memsz <= window.base + (window.size ?? size - (window.offset ?? 0))),
  );
  return { index, da, vaddr, filesz, memsz, ...(memory ? { memory: memory.name } : {}) };
}

function segmentLine({ index, da, vaddr, filesz, memsz, memory }: SegmentFacts): string {
  const runs = vaddr === da ? '' : `, runs at ${hex32(vaddr)}`;
  const zeros = memsz > filesz ? ` (${hex(filesz)} from the file)` : '';
  return `  ${index}  ${hex32(da)}..${hex32(da + memsz - 1)}  ${hex(memsz).padStart(8)} bytes${zeros}  ${memory ?? 'NO MEMORY HERE'}${runs}`;
}

function tableLines(firmware: Firmware, table: ReturnType<typeof decodeResourceTable> | undefined): string[] {
  const section = firmware.resourceTable;
  if (!section || !table) return ['no resource table'];
  return [
    `resource table at ${hex32(section.da)}, ${section.size} bytes:`,
    ...table.resources.flatMap(entryLines),
    ...(table.resources.length === 0 ? ['  no entries'] : []),
  ];
}

function entryLines(entry: DecodedResource): string[] {
  const address = (da: number) => (da === 0xffff_ffff ? 'any address' : hex32(da));
  switch (entry.kind) {
    case 'vdev':
      return [
        `  vdev id ${entry.id}${entry.id === 7 ? ' (rpmsg)' : ''}, features ${hex(entry.features)}, notifyid ${entry.notifyid}`,
        ...entry.vrings.map(
          ({ da, num, align, bytes }, index) => `    vring${index} ${address(da)}, ${num} descriptors, align ${align}, ${hex(bytes)} bytes`,
        ),
      ];
    case 'trace':
      return [`  trace "${entry.name}" ${address(entry.da)}, ${hex(entry.len)} bytes`];
    case 'carveout':
    case 'devmem':
      return [`  ${entry.kind} "${entry.name}" da ${address(entry.da)}, pa ${address(entry.pa)}, ${hex(entry.len)} bytes`];
    default:
      return [`  ${entry.kind}`];
  }
}
