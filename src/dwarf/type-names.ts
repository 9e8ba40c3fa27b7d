/** Types as C writes them, in gdb's spacing: `const char *`, `char [16]`, `void (*)(int)`, `int (*[3])(void)`. */
import type { Type } from './model.ts';

/** Deepest nesting that is written out. */
const DEEPEST = 32;

/** The C text of `type`, around `declarator`, which is a name, `*`, `[3]` and so on. */
export function typeName(type: Type, declarator = '', depth = 0): string {
  if (depth > DEEPEST) return `...${declarator}`;
  switch (type.kind) {
    case 'pointer': {
      const { target } = type;
      const inner = `${pointerMark(type.reference, type.rvalue)}${declarator}`;
      const bare = withoutQualifiers(target);
      const wrapped = bare.kind === 'array' || bare.kind === 'function' ? `(${inner})` : inner;
      return typeName(target, wrapped, depth + 1);
    }
    case 'array': {
      const suffix = type.vector ? ` __attribute__ ((vector_size(${type.count ?? ''})))` : `[${type.count ?? ''}]`;
      return typeName(type.element, `${declarator}${suffix}`, depth + 1);
    }
    case 'function': {
      const list = type.parameters.slice(0, 64).map((parameter) => typeName(parameter, '', depth + 1));
      if (type.variadic) list.push('...');
      return typeName(type.returnType, `${declarator}(${list.join(', ') || (type.prototyped ? 'void' : '')})`, depth + 1);
    }
    case 'qualified':
      return qualifiedName(type.qualifier, type.target, declarator, depth);
    default:
      return spaced(type.name, declarator);
  }
}

function pointerMark(reference: boolean, rvalue: boolean): string {
  if (!reference) return '*';
  return rvalue ? '&&' : '&';
}

/** A qualifier stands before what it qualifies, and behind the star of a pointer. */
function qualifiedName(qualifier: string, target: Type, declarator: string, depth: number): string {
  if (withoutQualifiers(target).kind !== 'pointer') return `${qualifier} ${typeName(target, declarator, depth + 1)}`;
  return typeName(target, ` ${qualifier}${declarator === '' ? '' : spaced('', declarator, ' ')}`, depth + 1);
}

/** gdb's order: several qualifiers of one type each stand where the innermost pointer is. */
function withoutQualifiers(type: Type): Type {
  let inner = type;
  for (let n = 0; inner.kind === 'qualified' && n < DEEPEST; n++) inner = inner.target;
  return inner;
}

function spaced(name: string, declarator: string, space = ' '): string {
  if (declarator === '') return name;
  return declarator.startsWith(' ') ? `${name}${declarator}` : `${name}${space}${declarator}`;
}
