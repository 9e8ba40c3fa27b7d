/**
 * What will go wrong with a firmware on a board, found in the ELF alone, before anything runs; for `imx-sim info`.
 *
 * The arithmetic is that of Linux 6.1's imx_rproc and remoteproc core, so each finding can say what dmesg would show. Not seen here:
 * sizes compiled into the firmware without a trace (RL_BUFFER_PAYLOAD_SIZE), and whatever depends on running it.
 */
import { translateDa } from '../memory/address-map.ts';
import { hex, hex32 } from '../memory/bits.ts';
import { type Firmware, type FirmwareSegment, symbolAt } from '../remoteproc/elf-loader.ts';
import { isVdevBuffer } from '../remoteproc/imx-rproc.ts';
import { FW_RSC_ADDR_ANY, pageAlign } from '../remoteproc/resource-table.ts';
import { type DecodedResource, decodeResourceTable } from '../remoteproc/resource-table-report.ts';
import { findVectors, firstWords } from '../remoteproc/vectors.ts';
import type { AttEntry, BoardDescription, RemoteprocDescription, ReservedMemory, SocDescription } from '../soc/soc.ts';
import { vringSize } from '../virtio/vring.ts';

/** One finding: `error` will not work, `warning` may not be meant, `note` is worth knowing. */
export interface LintFinding {
  readonly severity: 'error' | 'warning' | 'note';
  /** `segment 2`, `resource table, entry 0`, `vring 1`. */
  readonly place: string;
  readonly text: string;
  readonly remedy: string;
  /** What dmesg would show. */
  readonly linux?: readonly string[];
}

/** Bytes of an rpmsg buffer, and the most of them (MAX_RPMSG_BUF_SIZE, MAX_RPMSG_NUM_BUFS). */
const BUFFER_SIZE = 512;
const MOST_BUFFERS = 512;
const PAGE = 4096;

interface Context {
  readonly firmware: Firmware;
  readonly soc: SocDescription;
  readonly board: BoardDescription;
  readonly remoteproc: RemoteprocDescription;
  readonly regions: readonly ReservedMemory[];
  readonly findings: LintFinding[];
}

/** All findings about `firmware` on `board`, for `core` or the SoC's first remoteproc; empty for a SoC without one. */
export function lintFirmware(firmware: Firmware, soc: SocDescription, board: BoardDescription, core?: string): LintFinding[] {
  const remoteproc = soc.remoteprocs.find((candidate) => core === undefined || candidate.core === core);
  if (!remoteproc) return [];
  const regions = board.remoteprocs[remoteproc.core]?.memoryRegions ?? [];
  const context: Context = { firmware, soc, board, remoteproc, regions, findings: [] };
  for (const segment of firmware.segments) lintSegment(context, segment);
  lintVectors(context);
  lintTable(context);
  return context.findings;
}

/** What to know about `firmware` that is to run without Linux on a SoC that has one. */
export function lintWithoutLinux({ resourceTable }: Firmware): LintFinding[] {
  if (!resourceTable) return [];
  const { resources } = decodeResourceTable(resourceTable.bytes);
  if (!resources.some((resource) => resource.kind === 'vdev' && resource.id === 7)) return [];
  return [
    {
      severity: 'note',
      place: '--no-linux',
      text: 'the firmware has an rpmsg vdev in its resource table; without Linux nobody sets DRIVER_OK or answers, so it may wait for ever',
      remedy: 'leave --no-linux out to have Linux load the firmware and talk to it',
    },
  ];
}

const REMOTEPROC = 'remoteproc remoteproc0: ';

function lintSegment(context: Context, segment: FirmwareSegment): void {
  const { remoteproc, regions, board, findings } = context;
  const { index, da, memsz } = segment;
  const place = `segment ${index}`;
  // What ends past the end of the file with bytes in it is no firmware (parseFirmware); Linux refuses what has none there too.
  const { offset, filesz } = segment;
  const size = context.firmware.bytes.length;
  if (offset + filesz > size) {
    findings.push({
      severity: 'error',
      place,
      text: `it has no bytes in the file, but its offset ${hex(offset)} lies past the end of the file, ${hex(size)}`,
      remedy: 'build or strip the file again, so that p_offset lies in the file; a debugger would load it, Linux does not',
      linux: [`${REMOTEPROC}truncated fw: need ${hex(offset + filesz)} avail ${hex(size)}`],
    });
    return;
  }
  const badPhdr = `${REMOTEPROC}bad phdr da ${hex(da)} mem ${hex(memsz)}`;
  const sa = translateDa(remoteproc.att, da, memsz);
  if (sa === undefined) {
    const linux = [`imx-rproc ${remoteproc.node}: Translation failed: da = ${hex(da)} len = ${hex(memsz)}`, badPhdr];
    const row = remoteproc.att.find((entry) => da >= entry.da && da < entry.da + entry.size);
    findings.push({ severity: 'error', place, linux, ...(row ? pastTheEnd(context, segment, row) : nowhere(context, segment)) });
    return;
  }
  const own = remoteproc.att.filter((entry) => entry.own).map(({ sa: base, size }) => ({ base, size }));
  const mapped = [...own, ...regions.filter(({ name }) => !name.startsWith('vdev'))];
  const carved = regions.filter((region) => !isVdevBuffer(region) && region.name !== 'rsc-table');
  const reachable =
    mapped.some(({ base, size }) => sa >= base && sa + memsz < base + size) ||
    carved.some(({ base, size }) => da >= base && da + memsz <= base + size);
  if (!reachable) {
    const other = boardWith(context, ({ name, base, size }) => !name.startsWith('vdev') && sa >= base && sa + memsz < base + size);
    findings.push({
      severity: 'error',
      place,
      text: `${span(da, memsz)} is memory that Linux of board ${board.name} has not set aside for the core`,
      remedy: `${other}reserve it in the device tree (a memory-region of ${remoteproc.node} around ${hex32(sa)}), or link the firmware elsewhere`,
      linux: [badPhdr],
    });
    return;
  }
  for (const { name, base, size } of regions) {
    // A table linked to the fixed region is what that region is for.
    const table = context.firmware.resourceTable?.da === base;
    const shared = name.startsWith('vdev') || (name === 'rsc-table' && !table);
    if (!shared || sa >= base + size || base >= sa + memsz) continue;
    findings.push({
      severity: 'error',
      place,
      text: `${span(da, memsz)} overlaps ${name} (${span(base, size)}), which Linux writes to`,
      remedy: 'link the firmware elsewhere',
    });
  }
}

/** `choose --board X, ` for the first other board with such a region, else nothing. */
function boardWith({ soc, remoteproc }: Context, fits: (region: ReservedMemory) => boolean): string {
  const found = soc.boards.find((candidate) => candidate.remoteprocs[remoteproc.core]?.memoryRegions.some(fits));
  return found ? `choose --board ${found.name}, ` : '';
}

/** A segment that begins in a memory and does not end in it. */
function pastTheEnd(context: Context, segment: FirmwareSegment, row: AttEntry): Pick<LintFinding, 'text' | 'remedy'> {
  const { da, memsz } = segment;
  const end = row.da + row.size;
  const over = da + memsz - end;
  const name = memoryName(context, row.sa);
  const culprit = sectionAt(context.firmware, segment, end);
  const because = culprit === undefined ? '' : `; section ${culprit} is the one that crosses it`;
  if (over === 0) {
    return {
      text: `${span(da, memsz)} ends exactly at the end of ${name}, ${hex32(end)}, and Linux wants it to end before`,
      remedy: 'leave the last bytes of the memory free',
    };
  }
  return {
    text: `${span(da, memsz)} runs ${hex(over)} bytes past the end of ${name} (${hex(da)} + ${hex(memsz)} = ${hex(da + memsz)} > ${hex(end)})${because}`,
    remedy: `make it ${hex(over + 1)} bytes smaller, or link it to DDR; the load address (LMA) counts, where .data and .bss lie behind the code`,
  };
}

function nowhere(context: Context, segment: FirmwareSegment): Pick<LintFinding, 'text' | 'remedy'> {
  const { remoteproc, soc } = context;
  const own = remoteproc.att.filter((entry) => entry.own).map((entry) => `${memoryName(context, entry.sa)} ${span(entry.da, entry.size)}`);
  const text = `${span(segment.da, segment.memsz)} is no memory that ${soc.name}'s ${remoteproc.core} shares with Linux`;
  return { text, remedy: `link it to one of: ${own.join(', ')}; or check that the ELF is for this SoC` };
}

/** Name of the memory at a system address. */
function memoryName({ soc }: Context, sa: number): string {
  for (const memory of soc.memories) {
    for (const { base, offset = 0, size = memory.size - offset } of memory.views['linux'] ?? []) {
      if (sa >= base && sa < base + size) return memory.name;
    }
  }
  return `the memory at ${hex32(sa)}`;
}

/** The section of `segment` that holds the load address `limit`, or begins behind it. */
function sectionAt(firmware: Firmware, { vaddr, da, memsz }: FirmwareSegment, limit: number): string | undefined {
  const inside = firmware.sections.filter(
    ({ addr, size, name }) => name !== '' && size > 0 && addr >= vaddr && addr + size <= vaddr + memsz,
  );
  return inside.find(({ addr, size }) => addr - vaddr + da + size > limit)?.name;
}

function lintVectors(context: Context): void {
  const { firmware, soc, remoteproc, findings } = context;
  const at = findVectors(firmware.segments, firmware.entry);
  const first = firmware.segments.find(({ da, filesz }) => da === at && filesz >= 8);
  if (!first) return;
  const { sp, pc } = firstWords(first.data);
  const place = `segment ${first.index}`;
  const code = firmware.segments.some(({ da, vaddr, memsz }) => (pc >= da && pc < da + memsz) || (pc >= vaddr && pc < vaddr + memsz));
  if (pc % 2 === 0 || !code) {
    findings.push({
      severity: 'error',
      place,
      text: `the image does not begin with a vector table: the second word, ${hex32(pc)}, is no Thumb address in it (the first is ${hex32(sp)})`,
      remedy: 'let the linker script put the vector table first and KEEP it',
    });
    return;
  }
  const vectors = soc.cores.find(({ name }) => name === remoteproc.core)?.vectors;
  const system = (da: number): number | undefined => translateDa(remoteproc.att, da, 8);
  // TCML has two addresses on some parts, and the core may fetch from the other one.
  if (vectors === undefined || first.da === vectors || (system(first.da) !== undefined && system(first.da) === system(vectors))) return;
  const symbol = symbolAt(firmware, (pc & ~1) >>> 0)?.symbol.name;
  findings.push({
    severity: 'note',
    place,
    text: `the vector table is at ${hex32(first.da)}, but the core fetches SP and PC from ${hex32(vectors)}; mainline Linux passes no start address`,
    remedy: `on a board let U-Boot's bootaux start it (bootaux ${hex(system(first.da) ?? first.da)} once it is there), or a loader that writes both words; here the core starts at ${symbol ?? hex32(pc)} without it`,
  });
}

const TABLE_HELP = 'Zephyr: CONFIG_OPENAMP_RSC_TABLE=y; MCUXpresso: compile rsc_table.c and KEEP(*(.resource_table)) in the linker script';

function lintTable(context: Context): void {
  const { firmware, findings, board, remoteproc } = context;
  if (!firmware.resourceTable) {
    const fixed = board.rpmsg?.core === remoteproc.core;
    findings.push({
      severity: fixed ? 'note' : 'warning',
      place: 'resource table',
      text: fixed
        ? `there is no section .resource_table: on board ${board.name} U-Boot's bootaux starts such firmware, and NXP's imx_rpmsg talks to it; what is said here is of remoteproc`
        : 'there is no section .resource_table: Linux starts the firmware, but cannot talk to it',
      remedy: fixed
        ? `imx-sim run does as the board; for remoteproc add one (${TABLE_HELP})`
        : `add one if it is to use RPMsg (${TABLE_HELP})`,
      linux: [`${REMOTEPROC}No resource table in elf`],
    });
    return;
  }
  const { bytes, size } = firmware.resourceTable;
  if (bytes.length < size) {
    findings.push({
      severity: 'error',
      place: 'resource table',
      text: `${size - bytes.length} of the ${size} bytes of section .resource_table are not in the file`,
      remedy: 'build or copy the file again',
      linux: [`${REMOTEPROC}resource table truncated`, `${REMOTEPROC}No resource table in elf`],
    });
    return;
  }
  const { resources, problems } = decodeResourceTable(bytes);
  for (const { place, text, remedy, fatal, linux } of problems) {
    const header = place === 'header';
    findings.push({
      // An empty section is how SDK examples without RPMsg look; what is wrong in any other header was meant to work.
      severity: fatal || (header && size > 0) ? 'error' : 'warning',
      place: `resource table, ${place}`,
      text,
      remedy,
      ...(linux === undefined ? {} : { linux: [REMOTEPROC + linux, ...(header ? [`${REMOTEPROC}No resource table in elf`] : [])] }),
    });
  }
  const vdevs = resources.filter((resource) => resource.kind === 'vdev');
  if (vdevs.length === 0 && problems.length === 0) {
    findings.push({
      severity: 'warning',
      place: 'resource table',
      text: 'the table has no vdev: Linux starts the firmware, but there is no RPMsg',
      remedy: `add an rpmsg vdev (id 7) with two vrings if it is to use RPMsg (${TABLE_HELP})`,
    });
  }
  for (const [index, vdev] of vdevs.entries()) lintVdev(context, vdev, index);
  if (vdevs.length > 0) lintCopies(context);
}

type Vdev = Extract<DecodedResource, { kind: 'vdev' }>;

function lintVdev(context: Context, vdev: Vdev, index: number): void {
  const { findings } = context;
  const place = `vdev ${index}`;
  if (vdev.id !== 7) {
    findings.push({
      severity: 'warning',
      place,
      text: `its id is ${vdev.id | 0}; Linux has no driver for it`,
      remedy: 'rpmsg has the id 7 (VIRTIO_ID_RPMSG)',
    });
    return;
  }
  if (!(vdev.features & 1)) {
    findings.push({
      severity: 'warning',
      place,
      text: 'feature bit 0 (VIRTIO_RPMSG_F_NS) is not offered: Linux ignores the name service, so no channel will appear',
      remedy: 'set dfeatures to 1',
    });
  }
  for (const i of vdev.vrings.keys()) lintVring(context, vdev, index, i);
  lintBuffers(context, vdev, index);
}

function lintVring(context: Context, vdev: Vdev, index: number, i: number): void {
  const { regions, findings, board, remoteproc } = context;
  const { da, num, align, bytes } = vdev.vrings[i]!;
  if (bytes === 0) return;
  const name = `vdev${index}vring${i}`;
  const region = regions.find((candidate) => candidate.name === name);
  const failed = `rproc-virtio: probe of rproc-virtio.${index}.auto failed with error -12`;
  if (!region) {
    if (da === FW_RSC_ADDR_ANY) return;
    findings.push({
      severity: 'error',
      place: name,
      text: `the firmware expects it at ${hex32(da)}, but board ${board.name} reserves no ${name}: Linux puts it anywhere`,
      remedy: `add a reserved-memory node ${name}@${da.toString(16)} to the device tree, or ask for any address (0xFFFFFFFF)`,
      linux: [`imx-rproc ${remoteproc.node}: Allocated carveout doesn't fit device address request`],
    });
    return;
  }
  if (bytes > region.size) {
    findings.push({
      severity: 'error',
      place: name,
      text: `${num} descriptors aligned to ${hex(align)} need ${hex(bytes)} bytes, the region has ${hex(region.size)}`,
      remedy: `use at most ${mostDescriptors(align, region.size)} descriptors, or a larger region`,
      linux: [`${REMOTEPROC}Registered carveout doesn't fit len request`, failed],
    });
    return;
  }
  if (da === FW_RSC_ADDR_ANY || (da >= region.base && da + bytes <= region.base + region.size)) return;
  const below = ((da - region.base) | 0) < 0;
  const other = boardWith(context, (candidate) => candidate.name === name && candidate.base === da);
  findings.push({
    severity: 'error',
    place: name,
    text: `the firmware expects it at ${span(da, bytes)}, board ${board.name} has it at ${span(region.base, region.size)}`,
    remedy: `${other}build the firmware for ${hex32(region.base)} (VDEV0_VRING_BASE), or move the region in the device tree`,
    linux: [`${REMOTEPROC}Registered carveout doesn't fit ${below ? 'da' : 'len'} request`, failed],
  });
}

/** The largest power of two of descriptors whose ring fits `size` bytes. */
function mostDescriptors(align: number, size: number): number {
  let num = 32_768;
  while (num > 1 && pageAlign(vringSize(num, align)) > size) num /= 2;
  return num;
}

function lintBuffers(context: Context, vdev: Vdev, index: number): void {
  const { regions, findings, board } = context;
  const [rx, tx] = vdev.vrings;
  if (!rx || !tx || rx.bytes === 0 || tx.bytes === 0) return;
  if (rx.num !== tx.num) {
    const text = `its vrings have ${rx.num} and ${tx.num} descriptors; Linux takes half of its buffers for each`;
    findings.push({ severity: 'warning', place: `vdev ${index}`, text, remedy: 'give both the same number' });
  }
  const region = regions.find(isVdevBuffer);
  if (!region) {
    findings.push({
      severity: 'warning',
      place: `vdev ${index}`,
      text: `board ${board.name} has no region vdev0buffer: Linux takes the message buffers from its general memory`,
      remedy: 'reserve a vdev0buffer (shared-dma-pool) and put it first in memory-region',
    });
    return;
  }
  const count = Math.min(2 * rx.num, MOST_BUFFERS);
  const pages = 2 ** Math.ceil(Math.log2(Math.ceil((count * BUFFER_SIZE) / PAGE)));
  if (pages * PAGE <= region.size) return;
  const room = 2 ** Math.floor(Math.log2(Math.max(1, Math.floor(region.size / PAGE)))) * PAGE;
  findings.push({
    severity: 'error',
    place: `vdev ${index}`,
    text: `${count} buffers of ${BUFFER_SIZE} bytes (${hex(count * BUFFER_SIZE)}) do not fit ${region.name}, which has ${hex(region.size)}`,
    remedy: `use vrings of at most ${room / BUFFER_SIZE / 2} descriptors, or a region of ${hex(pages * PAGE)} bytes`,
    linux: ['virtio_rpmsg_bus: probe of virtio0 failed with error -12'],
  });
}

/** Zephyr's sample looks at its own copy of the table unless it was told to use the fixed region, which is all that Linux writes. */
function lintCopies(context: Context): void {
  const { firmware, regions, findings } = context;
  const region = regions.find(({ name }) => name === 'rsc-table');
  if (!region || !firmware.symbols.some(({ name }) => name === 'z_cstart') || mentions(firmware, region.base)) return;
  const { da } = firmware.resourceTable!;
  findings.push({
    severity: 'note',
    place: 'resource table',
    text: `the firmware looks at its own table at ${hex32(da)}; Linux on a board writes only the copy in rsc-table at ${hex32(region.base)}, so it would wait for DRIVER_OK for ever (here Linux writes both)`,
    remedy: 'on a board remove rsc-table from the device tree, or use a Zephyr sample that copies its table there (COPY_RSC_TABLE)',
  });
}

/** Does any aligned word of the image have this value? */
function mentions(firmware: Firmware, value: number): boolean {
  for (const { data } of firmware.segments) {
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    for (let at = 0; at + 4 <= data.length; at += 4) if (view.getUint32(at, true) === value) return true;
  }
  return false;
}

/** `0x1de78..0x2b417`. */
function span(base: number, size: number): string {
  return `${hex(base)}..${hex(base + size - 1)}`;
}
