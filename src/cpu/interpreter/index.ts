/** The built-in engine. */
export { Interpreter, interpreterFactory } from './interpreter.ts';
