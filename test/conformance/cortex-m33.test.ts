/** Every instruction of a Cortex-M33. */
import { CORTEX_M33 } from '../../src/cpu/profile.ts';
import { instructionTests } from './instruction-tests.ts';

instructionTests(CORTEX_M33);
