/**
 * The system architecture around an engine, as a core puts it together: interrupts, system control, protection, exceptions.
 *
 * ARMv7-M is put together here, ARMv8-M with its two security states in `secure-system.ts`. The core (`cortex-m.ts`) knows no more of
 * either than what is declared here.
 */
import type { Diagnostics } from '../diagnostics.ts';
import type { AddressSpace } from '../memory/bus.ts';
import type { Scheduler } from '../time/scheduler.ts';
import { CoreMemory } from './core-memory.ts';
import type { CoreRegisters } from './core-registers.ts';
import type { BankedRegisters } from './engine.ts';
import { EXCEPTION } from './exception-numbers.ts';
import { type ContextSnapshot, type ExceptionModel, ExceptionUnit } from './exceptions.ts';
import { FpContext } from './fp-context.ts';
import { Mpu } from './mpu.ts';
import { Nvic } from './nvic.ts';
import type { LocatedDevice } from './private-bus.ts';
import type { CoreProfile } from './profile.ts';
import { type ScbHost, type SystemControl, SystemControlBlock } from './scb.ts';
import type { SecurityState } from './security.ts';
import { SysTick, type SysTickOptions } from './systick.ts';

/** What a system needs of the core and the SoC around it. */
export interface SystemHost extends ScbHost {
  readonly profile: CoreProfile;
  readonly registers: CoreRegisters;
  readonly bus: AddressSpace;
  readonly scheduler: Scheduler;
  readonly diagnostics: Diagnostics;
  /** Base-clock cycles of one core cycle. */
  readonly cyclesPerTick: number;
  /** External reference clock of SysTick in Hz, if there is one. */
  readonly sysTickReferenceHz: number | undefined;
  /** DEMCR.MON_EN. */
  monitorEnabled(): boolean;
  /** What any address allows may have changed. */
  protectionChanged(): void;
  /** A fault exception was entered, from `context`. */
  noteFault(id: number, context: ContextSnapshot): void;
}

/** A system, ready to be run. */
export interface CoreSystem {
  readonly nvic: Nvic;
  readonly scb: SystemControl;
  readonly exceptions: ExceptionModel;
  readonly memory: CoreMemory;
  /** Each SysTick with the id of its exception. */
  readonly sysTicks: readonly { readonly id: number; readonly counter: SysTick }[];
  /** Blocks of the System Control Space; the second list is what Non-secure software sees of them. */
  readonly blocks: readonly LocatedDevice[];
  readonly nonSecureBlocks?: readonly LocatedDevice[];
  /** The Non-secure registers for MRS and MSR. */
  readonly banked?: BankedRegisters;
  /** The registers of which each security state has its own. */
  readonly security?: SecurityState;
  /** Address of the vector table of a security state. */
  vectorTable(secure: boolean): number;
  /** MSP or PSP of a security state, u32. */
  stackPointer(name: 'msp' | 'psp', secure: boolean): number;
  /** Puts everything to its reset state; the cells have been cleared. The vector table is at `vectors`. */
  reset(vectors: number): void;
}

/** The system of an ARMv7-M core. */
export function plainSystem(host: SystemHost): CoreSystem {
  const { profile, registers, diagnostics } = host;
  const nvic = new Nvic(profile, diagnostics);
  const scb = new SystemControlBlock(profile, nvic, host, diagnostics);
  const mpu = new Mpu(profile.mpuRegions, diagnostics, profile.splitsUnalignedDevice);
  const fp = new FpContext(profile, diagnostics, () => host.configurationChanged());
  const sysTick = new SysTick(sysTickOptions(host, 'SysTick', () => nvic.setPending(EXCEPTION.SYS_TICK)));
  const memory = new CoreMemory(host.bus, mpu);
  const exceptions = new ExceptionUnit({
    registers,
    memory,
    nvic,
    scb,
    fp,
    mpu,
    monitorEnabled: () => host.monitorEnabled(),
    onFault: (number, context) => host.noteFault(number, context),
  });
  mpu.onChange = () => host.protectionChanged();
  return {
    nvic,
    scb,
    exceptions,
    memory,
    sysTicks: [{ id: EXCEPTION.SYS_TICK, counter: sysTick }],
    blocks: [sysTick.registers, nvic.registers, scb.registers, mpu.registers, fp.registers],
    vectorTable: () => scb.vectorTable,
    stackPointer: (name) => registers[name],
    reset: (vectors) => {
      scb.reset(vectors);
      fp.registers.reset();
      sysTick.reset();
      mpu.reset();
      nvic.reset();
      exceptions.reset();
    },
  };
}

/** What a SysTick called `name` needs. */
export function sysTickOptions(host: SystemHost, name: string, pend: () => void): SysTickOptions {
  const { scheduler, diagnostics, cyclesPerTick, sysTickReferenceHz } = host;
  const reference = sysTickReferenceHz === undefined ? {} : { referenceHz: sysTickReferenceHz };
  return { name, scheduler, diagnostics, cyclesPerTick, pend, ...reference };
}
