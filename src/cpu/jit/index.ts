/** The translating engine. */
export { jitFactory } from './jit.ts';
