/**
 * What an effect is made with, and how it reads its parameters.
 */
import type { Machine } from '../machine.ts';
import { timeText } from '../time/duration.ts';
import type { ParameterValue } from './grammar.ts';
import type { LinuxEffect } from './linux-effects.ts';
import type { StepData } from './port.ts';

/** Where a fault is to be. */
export interface FaultPlace {
  readonly machine: Machine;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
}

/** What an effect is made with. */
export interface EffectContext extends FaultPlace {
  /** The next 32 bits that the seed decides for this fault. */
  random(): number;
  /** Does `step` of this fault after `ns`. */
  later(ns: number, step: string, data?: StepData): void;
  linux(effect: LinuxEffect): void;
  /** The last doorbell from Linux arrives once more. */
  ringAgain(): void;
  /** Linux stands still from now on, or goes on, unless it was killed. */
  holdLinux(held: boolean): void;
}

/** `act` says what happened, in words, or nothing when there was nothing to do it to; `steps` are for later. */
export interface Effect {
  readonly act: (context: EffectContext) => string | undefined;
  /** Looks whether it can be on this machine, when it is given. @throws {UsageError} */
  readonly check?: (place: FaultPlace) => void;
  readonly steps?: Readonly<Record<string, (context: EffectContext, data: StepData) => string | undefined>>;
}

/** A parameter that is a number. */
export const number = ({ parameters }: EffectContext, name: string): number => Number(parameters[name] ?? 0);
/** A parameter that is a word. */
export const word = ({ parameters }: FaultPlace, name: string): string => String(parameters[name] ?? '');

/** A number that was given, or that the seed decides, below `limit`. */
export function chosen(context: EffectContext, name: string, limit: number): number {
  const value = context.parameters[name];
  return typeof value === 'number' ? value : Math.floor((context.random() / 2 ** 32) * limit);
}

/** `for 5ms`, or for ever. */
export const span = (ns: number): string => (ns === 0 ? 'for good' : `for ${timeText(ns)}`);
