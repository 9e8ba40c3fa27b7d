/** `vCont`, `c`, `C`, `s`, `S`: what GDB wants of its threads, as what the one core is to do. */
import type { Resume } from '../types.ts';
import { parseHex, parsePair, parseThread } from './text.ts';

/** How to go on. */
export interface Resumption {
  readonly resume: Resume;
  /** The thread that is to be stepped, where it is not the live one. */
  readonly thread?: number;
  /** Where to go on. */
  readonly address?: number;
}

/** Actions in one packet. */
const MOST_ACTIONS = 1024;

/** Reads the packet; a text is an answer to what makes no sense. */
export function resumptionOf(text: string, core: string, isLive: (thread: number) => boolean): Resumption | string {
  return text.startsWith('vCont;') ? actions(text.slice(6).split(';'), core, isLive) : single(text, core);
}

/** `c`, `s` with an address, `C`, `S` with a signal (which no firmware takes) and an address. */
function single(text: string, core: string): Resumption | string {
  const kind = text[0]!;
  if (!'cCsS'.includes(kind)) return '';
  const operand = 'CS'.includes(kind) ? text.slice(1).split(';')[1] : text.slice(1) || undefined;
  const address = parseHex(operand);
  if (operand !== undefined && address === undefined) return 'E01';
  const resume: Resume = kind.toLowerCase() === 'c' ? { kind: 'continue' } : { kind: 'step', core };
  return { resume, ...(address === undefined ? {} : { address }) };
}

/** The first action that steps decides; the other threads cannot run meanwhile anyway. */
function actions(list: readonly string[], core: string, isLive: (thread: number) => boolean): Resumption | string {
  if (list.length > MOST_ACTIONS) return 'E01';
  let found: Resumption | undefined;
  for (const action of list) {
    const [what = '', id] = action.split(':');
    const thread = id === undefined ? 'any' : parseThread(id);
    if (thread === undefined) return 'E01';
    const resume = resumeOf(what, core);
    if (!resume) return 'E01';
    const elsewhere = thread !== 'any' && !isLive(thread) ? { thread } : {};
    if (resume.kind === 'step') return { resume, ...elsewhere };
    found ??= { resume };
  }
  return found ?? 'E01';
}

function resumeOf(what: string, core: string): Resume | undefined {
  const operand = what.slice(1);
  switch (what[0]) {
    case 'c':
      return operand === '' ? { kind: 'continue' } : undefined;
    case 'C':
      return parseHex(operand, 0xff) === undefined ? undefined : { kind: 'continue' };
    case 's':
      return operand === '' ? { kind: 'step', core } : undefined;
    case 'S':
      return parseHex(operand, 0xff) === undefined ? undefined : { kind: 'step', core };
    case 'r': {
      const range = parsePair(operand);
      return range && { kind: 'step', core, range: { from: range[0], to: range[1] } };
    }
    default:
      return undefined;
  }
}
