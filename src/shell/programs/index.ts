/** All programs of the modelled Linux, and which of just-bash's commands serve as filters. */
import type { Program } from '../../linux/process.ts';
import { BASIC_PROGRAMS } from './basic.ts';
import { devicePrograms } from './device.ts';
import { directoryPrograms } from './directories.ts';
import { DUMP_PROGRAMS } from './dump.ts';
import { FILE_PROGRAMS, grepPrograms } from './files.ts';
import { FILTER_PROGRAMS } from './filters.ts';
import { identityPrograms } from './identity.ts';
import { kernelPrograms } from './kernel.ts';
import { m4fwloader } from './m4fwloader.ts';
import { MEMORY_PROGRAMS } from './memory.ts';
import { runningPrograms } from './run-others.ts';
import type { System } from './system.ts';
import { tree } from './tree.ts';

/** just-bash's commands that read their input to its end and then write. */
export const FILTERS: readonly string[] = (
  'sed awk sort comm paste rev nl fold expand unexpand strings split column join du find jq base64 diff expr ' +
  'md5sum sha1sum sha256sum file tac'
).split(' ');

/** By name. */
export function allPrograms(system: System): Readonly<Record<string, Program>> {
  return {
    ...BASIC_PROGRAMS,
    ...FILE_PROGRAMS,
    ...grepPrograms(system),
    ...FILTER_PROGRAMS,
    ...DUMP_PROGRAMS,
    ...MEMORY_PROGRAMS,
    tree,
    m4fwloader,
    ...directoryPrograms(system),
    ...identityPrograms(system),
    ...kernelPrograms(system),
    ...runningPrograms(system),
    ...devicePrograms(system),
  };
}
