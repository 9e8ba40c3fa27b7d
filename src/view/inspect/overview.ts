/** How the whole system is at this moment, at a glance: `system.overview`. Asked for ten times a second, so nothing here is slow. */

import type { Core } from '../../cpu/core.ts';
import { exceptionName } from '../../cpu/exception-numbers.ts';
import type { Linux } from '../../linux/linux.ts';
import type { Machine } from '../../machine.ts';
import { interruptSources } from '../../profile/exception-watch.ts';
import { RprocVdev } from '../../remoteproc/remoteproc-virtio.ts';
import { VDEV } from '../../remoteproc/resource-table.ts';
import type { Overview, VringSummary } from '../protocol.ts';
import { carveOuts } from './carve-outs.ts';
import { placeOf } from './code.ts';
import type { InspectContext } from './context.ts';
import { findings } from './findings.ts';
import { peripheralsInUse } from './peripherals.ts';
import { currentThread } from './threads.ts';
import { messagingUnits } from './units.ts';
import { lookAtVrings } from './vrings.ts';

/** `system.overview`. */
export function overview(context: InspectContext): Overview {
  const { machine } = context;
  const { rings: vrings, problems } = lookAtVrings(context);
  return {
    cycle: machine.scheduler.now,
    cores: machine.cores.map((core) => coreRow(context, core)),
    mus: messagingUnits(machine),
    ...(machine.linux ? { linux: linuxState(machine, machine.linux) } : {}),
    carveOuts: carveOuts(machine),
    vrings,
    peripherals: peripheralsInUse(machine),
    messages: context.messages ? { tx: context.messages.tx, rx: context.messages.rx } : counted(machine, vrings),
    findings: findings(context, problems),
  };
}

function coreRow({ machine, debugger: debug }: InspectContext, core: Core): Overview['cores'][number] {
  const { name, pc, instructions } = core;
  const halt = debug?.halted;
  const crashed = (halt?.kind === 'crashed' && halt.core === name) || (!core.halted && core.stuckLoop()?.inFault === true);
  const number = core.halted ? 0 : core.readRegister('ipsr') & 0x1ff;
  const source =
    number >= 16
      ? interruptSources(machine, name)
          .get(number - 16)
          ?.join('/')
      : undefined;
  const thread = core === machine.core ? currentThread(machine) : undefined;
  return {
    name,
    state: core.halted ? 'reset' : crashed ? 'crashed' : core.asleep ? 'asleep' : 'running',
    pc: placeOf(machine, pc),
    ...(number > 0 ? { exception: source ? `${source} (${exceptionName(number)})` : exceptionName(number) } : {}),
    ...(thread === undefined ? {} : { thread }),
    instructions,
  };
}

function linuxState(machine: Machine, linux: Linux): NonNullable<Overview['linux']> {
  const { kernel, modules } = linux;
  return {
    state: stateOf(machine, linux),
    remoteprocs: linux.remoteprocs.map(({ rproc, properties }) => ({
      name: properties.description.core,
      device: rproc.device,
      state: rproc.state,
      ...(rproc.state === 'offline' && !linux.firmwareFiles.has(rproc.firmware) ? {} : { firmware: rproc.firmware }),
    })),
    vdevs: [...vdevs(machine, linux)],
    channels: modules.rpmsgBus.devices
      .filter(({ driverOverride }) => driverOverride === undefined)
      .map(({ id, src, dst, driver }) => ({ name: id, src, dst, ...(driver ? { driver: driver.name } : {}) })),
    ttys: modules.ttys.names,
    waitingFor: [...(machine.uboot?.waitingFor ?? []), ...(linux.booted || kernel.tasks.size > 0 ? linux.waitingFor() : [])],
  };
}

function stateOf({ uboot, linuxHeld }: Machine, { booted, kernel }: Linux): string {
  if (!booted) return uboot ? `U-Boot: ${uboot.state}` : 'not booted';
  if (linuxHeld) return 'held';
  return kernel.pm.sleeping ? 'asleep' : 'running';
}

/** Virtio devices by their drivers and the status byte, which is in the resource table where there is one. */
function* vdevs(machine: Machine, linux: Linux): Generator<NonNullable<Overview['linux']>['vdevs'][number]> {
  const told = new Set<string>();
  const memory = machine.view('linux');
  for (const { rproc } of linux.remoteprocs) {
    for (const vdev of rproc.rvdevs) {
      if (!(vdev instanceof RprocVdev) || !vdev.virtio) continue;
      const { name, features } = vdev.virtio;
      const at = vdev.addressInTable;
      told.add(name);
      yield { name, status: at === undefined ? 0 : Math.max(0, memory.peek(at + VDEV.status, 1)), features };
    }
  }
  // Those of imx_rpmsg have no status that anybody could see.
  for (const { vdev } of linux.modules.virtioRpmsgBus.virtprocs)
    if (!told.has(vdev.name)) yield { name: vdev.name, status: 0, features: vdev.features };
}

/** As far as the indices of the rings, which wrap, tell. */
function counted(machine: Machine, vrings: readonly VringSummary[]): Overview['messages'] {
  const procs = machine.linux?.modules.virtioRpmsgBus.virtprocs ?? [];
  const rx = procs.reduce((sum, { rvq }) => sum + rvq.state.lastUsedIdx, 0);
  const tx = vrings.reduce((sum, { direction, availIndex }) => sum + (direction === 'to-core' ? availIndex : 0), 0);
  return { tx, rx };
}
