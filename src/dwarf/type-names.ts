/** Types as C writes them, in gdb's spacing: `const char *`, `char [16]`, `void (*)(int)`, `char * const[5]`. */
import type { Type } from './model.ts';

/** Deepest nesting that is written out. */
const DEEPEST = 32;

/** In the order in which they are written. */
const QUALIFIERS = ['const', 'volatile', 'restrict', '_Atomic'] as const;

/** The C text of `type`, around `declarator`, which is empty, `*`, `[3]` and so on; `qualifiers` are those around `type`. */
export function typeName(type: Type, declarator = '', qualifiers: ReadonlySet<string> = new Set(), depth = 0): string {
  if (depth > DEEPEST) return `...${declarator}`;
  const inner = depth + 1;
  const words = QUALIFIERS.filter((word) => qualifiers.has(word));
  switch (type.kind) {
    case 'qualified':
      return typeName(type.target, declarator, new Set([...qualifiers, type.qualifier]), inner);
    case 'array': {
      // A qualified array is one of qualified elements.
      const suffix = type.vector ? ` __attribute__ ((vector_size(${type.count ?? ''})))` : `[${type.count ?? ''}]`;
      return typeName(type.element, `${declarator}${suffix}`, qualifiers, inner);
    }
    case 'pointer': {
      const mark = type.reference ? (type.rvalue ? '&&' : '&') : '*';
      const text = `${mark}${words.map((word) => ` ${word}`).join('')}${declarator}`;
      return typeName(type.target, isWrapped(type.target) ? `(${text})` : text, new Set(), inner);
    }
    case 'function': {
      const list = type.parameters.slice(0, 64).map((parameter) => typeName(parameter, '', new Set(), inner));
      if (type.variadic) list.push('...');
      return typeName(type.returnType, `${declarator}(${list.join(', ') || (type.prototyped ? 'void' : '')})`, new Set(), inner);
    }
    default:
      return `${[...words, type.name].join(' ')}${declarator === '' ? '' : ` ${declarator}`}`;
  }
}

/** Whether a pointer to it needs parentheses. */
function isWrapped(type: Type): boolean {
  let inner = type;
  for (let n = 0; inner.kind === 'qualified' && n < DEEPEST; n++) inner = inner.target;
  return inner.kind === 'array' || inner.kind === 'function';
}

/** Integers in the arguments of templates. */
const LONG_NAMES = /\b(?:unsigned |signed )?(?:long|short)(?: long| int| unsigned| signed)*\b/g;

/** A name with its template's arguments in the spelling of `baseName`. */
export function templateName(name: string): string {
  return name.includes('<') ? name.replace(LONG_NAMES, baseName) : name;
}

/** One spelling for all compilers: GCC's `long unsigned int` is Clang's `unsigned long`. */
export function baseName(name: string): string {
  const words = name.split(' ');
  if (!words.includes('long') && !words.includes('short')) return name || '<unnamed>';
  const sign = words.includes('unsigned') ? 'unsigned ' : '';
  return sign + words.filter((word) => word !== 'int' && word !== 'unsigned' && word !== 'signed').join(' ');
}
