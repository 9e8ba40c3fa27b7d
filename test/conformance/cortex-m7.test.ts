/** Every instruction of a Cortex-M7. */
import { CORTEX_M7 } from '../../src/cpu/profile.ts';
import { instructionTests } from './instruction-tests.ts';

instructionTests(CORTEX_M7);
