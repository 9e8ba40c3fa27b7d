/**
 * All SoCs that the emulator knows. A new one is a file of data, a line here, and a row of the conformance tests.
 */
import { UsageError } from '../errors.ts';
import { BARE_CORTEX_M4, BARE_CORTEX_M7, BARE_CORTEX_M33 } from './cortex-m.ts';
import { IMX6SX } from './imx6sx.ts';
import { IMX7D } from './imx7d.ts';
import { IMX7S } from './imx7s.ts';
import { IMX8MM } from './imx8mm.ts';
import { IMX8MN } from './imx8mn.ts';
import { IMX8MP } from './imx8mp.ts';
import { IMX8MQ } from './imx8mq.ts';
import type { SocDescription } from './soc.ts';

/** Every SoC, real ones first; of bare cores the one that runs the other's programs too comes first, since detection takes it in doubt. */
export const SOCS: readonly SocDescription[] = [
  IMX8MP,
  IMX8MM,
  IMX8MN,
  IMX8MQ,
  IMX7D,
  IMX7S,
  IMX6SX,
  BARE_CORTEX_M7,
  BARE_CORTEX_M4,
  BARE_CORTEX_M33,
];

/** The SoC called `name`. @throws {UsageError} naming those there are. */
export function findSoc(name: string): SocDescription {
  const soc = SOCS.find((candidate) => candidate.name === name);
  if (!soc) throw new UsageError(`unknown SoC ${name}`, `known are ${SOCS.map((known) => known.name).join(', ')}`, '--soc');
  return soc;
}
