/** Every instruction of a Cortex-M4. */
import { CORTEX_M4 } from '../../src/cpu/profile.ts';
import { instructionTests } from './instruction-tests.ts';

instructionTests(CORTEX_M4);
