/**
 * The resource handlers and carveouts of Linux 6.1 drivers/remoteproc/remoteproc_core.c, with their checks, messages and errnos.
 *
 * Without an IOMMU, as on every i.MX: devmem entries are refused, device and physical addresses are the same. A kernel virtual
 * address is here the system address of the memory behind it.
 */
import { ERRNO } from '../linux/kernel.ts';
import type { Rproc, RprocMemEntry } from './remoteproc-core.ts';
import {
  CARVEOUT_SIZE,
  FW_RSC_ADDR_ANY,
  RSC_CARVEOUT,
  RSC_DEVMEM,
  RSC_LAST,
  RSC_TRACE,
  RSC_VENDOR_END,
  RSC_VENDOR_START,
  type TableEntry,
  type TableMemory,
  TRACE_SIZE,
  tableEntry,
  tableName,
  VDEV,
  VDEV_SIZE,
  VRING_SIZE,
} from './resource-table.ts';

/** Vrings that a vdev may have (`RVDEV_NUM_VRINGS`). */
export const RVDEV_NUM_VRINGS = 2;

/** `rproc_da_to_va`: the platform's translation, else the carveouts. */
export function rprocDaToVa(rproc: Rproc, da: number, length: number): number | undefined {
  const va = rproc.ops.daToVa(da, length);
  if (va !== undefined) return va;
  for (const carveout of rproc.carveouts) {
    const offset = da - carveout.da;
    if (carveout.va === undefined || offset < 0 || offset + length > carveout.len) continue;
    return carveout.va + offset;
  }
  return undefined;
}

/** `rproc_find_carveout_by_name`. */
export function rprocFindCarveoutByName(rproc: Rproc, name: string): RprocMemEntry | undefined {
  return rproc.carveouts.find((carveout) => carveout.name === name.slice(0, 31));
}

/** `rproc_mem_entry_init`; the name is cut as in the kernel's 32 bytes. */
export function rprocMemEntryInit(entry: Pick<RprocMemEntry, 'name' | 'dma' | 'len' | 'da' | 'alloc' | 'release'>): RprocMemEntry {
  return { ...entry, name: entry.name.slice(0, 31), va: undefined, rscOffset: FW_RSC_ADDR_ANY, flags: 0 };
}

/** `rproc_check_carveout_da`: does the request fit the registered carveout? 0 or -EINVAL. */
export function rprocCheckCarveoutDa(rproc: Rproc, mem: RprocMemEntry, da: number, len: number): number {
  const unfit = (what: string): number => {
    rproc.log(3, `Registered carveout doesn't fit ${what} request`);
    return ERRNO.EINVAL;
  };
  if (len > mem.len) return unfit('len');
  if (da === FW_RSC_ADDR_ANY) return 0;
  if (mem.da === FW_RSC_ADDR_ANY) return ERRNO.EINVAL;
  const delta = (da - mem.da) | 0;
  if (delta < 0) return unfit('da');
  return delta + len > mem.len ? unfit('len') : 0;
}

/** `rproc_alloc_carveout`: from the platform device's DMA memory. */
export function rprocAllocCarveout(rproc: Rproc, mem: RprocMemEntry): number {
  const dma = rproc.env.dmaAlloc(mem.len);
  if (dma === undefined) {
    rproc.logParent(3, `failed to allocate dma memory: len 0x${mem.len.toString(16)}`);
    return ERRNO.ENOMEM;
  }
  if (mem.da === FW_RSC_ADDR_ANY) mem.da = dma;
  else if (mem.da !== dma) rproc.logParent(4, "Allocated carveout doesn't fit device address request");
  mem.dma = dma;
  mem.va = dma;
  return 0;
}

/** `rproc_release_carveout`. */
export function rprocReleaseCarveout(rproc: Rproc, mem: RprocMemEntry): void {
  if (mem.va !== undefined) rproc.env.dmaFree(mem.dma);
}

/** `rproc_handle_resources`: 0, or what the first entry that fails gives. */
export function rprocHandleResources(rproc: Rproc): number {
  const table = rproc.table.inEffect;
  if (!table) return 0;
  const count = table.get32(4);
  for (let i = 0; i < count; i++) {
    const entry = tableEntry(table, i);
    if (!entry) {
      rproc.log(3, 'rsc table is truncated');
      return ERRNO.EINVAL;
    }
    const ret = handleRscEntry(rproc, table, entry);
    if (ret) return ret;
  }
  return 0;
}

/** `rproc_handle_rsc_entry`. */
function handleRscEntry(rproc: Rproc, table: TableMemory, entry: TableEntry): number {
  const { type } = entry;
  if (type >= RSC_VENDOR_START && type <= RSC_VENDOR_END) {
    rproc.log(4, `unsupported vendor resource ${type}`);
    return 0;
  }
  if (type >= RSC_LAST) {
    rproc.log(4, `unsupported resource ${type | 0}`);
    return 0;
  }
  if (type === RSC_CARVEOUT) return handleCarveout(rproc, table, entry);
  // rproc_handle_devmem: no point in it without an IOMMU, and not a word about it.
  if (type === RSC_DEVMEM) return ERRNO.EINVAL;
  return type === RSC_TRACE ? handleTrace(rproc, table, entry) : handleVdev(rproc, table, entry);
}

/** `rproc_handle_carveout`. */
function handleCarveout(rproc: Rproc, table: TableMemory, { offset, avail }: TableEntry): number {
  if (avail < CARVEOUT_SIZE) {
    rproc.log(3, 'carveout rsc is truncated');
    return ERRNO.EINVAL;
  }
  if (table.get32(offset + 16) !== 0) {
    rproc.log(3, 'carveout rsc has non zero reserved bytes');
    return ERRNO.EINVAL;
  }
  const da = table.get32(offset);
  const len = table.get32(offset + 8);
  const flags = table.get32(offset + 12);
  const name = tableName(table, offset + 20);
  const known = rprocFindCarveoutByName(rproc, name);
  if (known) {
    if (known.rscOffset !== FW_RSC_ADDR_ANY) {
      rproc.log(3, 'Carveout already associated to resource table');
      return ERRNO.ENOMEM;
    }
    if (rprocCheckCarveoutDa(rproc, known, da, len)) return ERRNO.ENOMEM;
    known.rscOffset = offset;
    known.flags = flags;
    return 0;
  }
  const carveout = rprocMemEntryInit({ name, dma: 0, len, da, alloc: rprocAllocCarveout, release: rprocReleaseCarveout });
  carveout.flags = flags;
  carveout.rscOffset = offset;
  rproc.carveouts.push(carveout);
  return 0;
}

/** `rproc_handle_trace`. */
function handleTrace(rproc: Rproc, table: TableMemory, { offset, avail }: TableEntry): number {
  if (avail < TRACE_SIZE) {
    rproc.log(3, 'trace rsc is truncated');
    return ERRNO.EINVAL;
  }
  if (table.get32(offset + 8) !== 0) {
    rproc.log(3, 'trace rsc has non zero reserved bytes');
    return ERRNO.EINVAL;
  }
  const trace = { name: `trace${rproc.traces.length}`, da: table.get32(offset), len: table.get32(offset + 4) };
  rproc.traces.push(trace);
  rproc.debugDir?.addTrace(trace);
  return 0;
}

/** `rproc_handle_vdev`: registers an rproc-virtio device for it. */
function handleVdev(rproc: Rproc, table: TableMemory, { offset, avail }: TableEntry): number {
  const vrings = table.get8(offset + VDEV.numOfVrings);
  if (VDEV_SIZE + VRING_SIZE * vrings + table.get32(offset + VDEV.configLen) > avail) {
    rproc.log(3, 'vdev rsc is truncated');
    return ERRNO.EINVAL;
  }
  if (table.get8(offset + VDEV.reserved) !== 0 || table.get8(offset + VDEV.reserved + 1) !== 0) {
    rproc.log(3, 'vdev rsc has non zero reserved bytes');
    return ERRNO.EINVAL;
  }
  if (vrings > RVDEV_NUM_VRINGS) {
    rproc.log(3, `too many vrings: ${vrings}`);
    return ERRNO.EINVAL;
  }
  const err = rproc.env.registerVdev(rproc, { id: table.get32(offset), index: rproc.nbVdev++, rscOffset: offset });
  if (err) rproc.log(3, 'failed to create rproc-virtio device');
  return err;
}

/** `rproc_alloc_registered_carveouts`: 0 or -ENOMEM; tells the firmware, through the table, what it got. */
export function rprocAllocRegisteredCarveouts(rproc: Rproc): number {
  for (const entry of [...rproc.carveouts]) {
    const ret = entry.alloc?.(rproc, entry) ?? 0;
    if (ret) {
      rproc.log(3, `Unable to allocate carveout ${entry.name}: ${ret}`);
      return ERRNO.ENOMEM;
    }
    const table = rproc.table.inEffect;
    if (entry.rscOffset === FW_RSC_ADDR_ANY || !table) continue;
    table.set32(entry.rscOffset + 4, entry.va ?? entry.dma);
    table.set32(entry.rscOffset, entry.da);
    table.set32(entry.rscOffset + 8, entry.len);
  }
  return 0;
}

/** `rproc_resource_cleanup`. */
export function rprocResourceCleanup(rproc: Rproc): void {
  for (const trace of rproc.traces.splice(0)) rproc.debugDir?.removeTrace(trace);
  for (const entry of rproc.carveouts.splice(0)) entry.release?.(rproc, entry);
  for (const rvdev of [...rproc.rvdevs]) rvdev.unregister();
  // rproc_coredump_cleanup
  rproc.dumpSegments.splice(0);
}
