/** Stretches of DDR that Linux keeps away for the core: reserved-memory of the device tree, what the resource table asks for, vrings and buffers. */
import { regEntries } from '../../devicetree/address.ts';
import type { DeviceTree } from '../../devicetree/tree.ts';
import type { Machine } from '../../machine.ts';
import { FW_RSC_ADDR_ANY } from '../../remoteproc/resource-table.ts';
import type { CarveOut } from '../protocol.ts';
import { ringPlaces } from './ring-state.ts';

/** Of each kind. */
const MOST = 64;

const reserved = new WeakMap<DeviceTree, readonly CarveOut[]>();

/** Nodes of /reserved-memory with an address. */
function reservedMemory(tree: DeviceTree): readonly CarveOut[] {
  const known = reserved.get(tree);
  if (known) return known;
  const nodes = [...(tree.node('/reserved-memory')?.children.values() ?? [])].filter(({ available }) => available).slice(0, MOST);
  const list = nodes.flatMap((node) =>
    regEntries(node)
      .slice(0, 1)
      .map(({ base, size }) => ({ name: node.baseName, base, size, from: `device tree, ${node.path}` })),
  );
  reserved.set(tree, list);
  return list;
}

/** All of them, by address; what two sources say is told once, by the first of device tree, resource table and driver. */
export function carveOuts(machine: Machine): CarveOut[] {
  const { linux } = machine;
  if (!linux) return [];
  const found: CarveOut[] = [...reservedMemory(linux.deviceTree)];
  const add = (carveOut: CarveOut): void => {
    if (!found.some(({ base, size }) => base === carveOut.base && size >= carveOut.size)) found.push(carveOut);
  };
  for (const { rproc } of linux.remoteprocs) {
    for (const { name, va, dma, len, rscOffset } of rproc.carveouts.slice(0, MOST)) {
      if (va === undefined) continue;
      add({
        name,
        base: va ?? dma,
        size: len,
        from: rscOffset === FW_RSC_ADDR_ANY ? `memory-region of ${rproc.device}` : 'resource table',
      });
    }
  }
  for (const { device, queue, rpmsg, direction } of ringPlaces(machine)) {
    const { desc, size } = queue.vring;
    add({ name: `${device} vring${queue.index}`, base: desc, size, from: 'virtio driver' });
    if (direction === 'to-linux')
      add({ name: `${device} buffers`, base: rpmsg.rbufs, size: rpmsg.numBufs * rpmsg.bufSize, from: 'virtio driver' });
  }
  return found.sort((a, b) => a.base - b.base);
}
