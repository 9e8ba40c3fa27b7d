/** Memory as debuggers see it; the session has it, as its inputs write there, too. */
export { peekView as peekBytes, writeView } from '../session/debug-access.ts';
