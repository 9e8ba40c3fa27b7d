/**
 * Integers in a device tree source: literals, characters, and expressions in parentheses, in unsigned 64-bit arithmetic as in dtc.
 */
import type { DtsScanner } from './dts-scanner.ts';

const LITERAL = /(0[xX][0-9a-fA-F]+|[0-9]+)(?:ULL|LL|UL|L|U)?(?![0-9A-Za-z_])/y;
/** As long as a mistake that can be shown is. */
const CHARACTER = /'((?:[^'\\]|\\[\s\S]){0,100})'/y;
const MOST = 0xffff_ffff_ffff_ffffn;
/** Parentheses and signs within each other. */
const DEEPEST = 100;

type Binary = (left: bigint, right: bigint) => bigint;
const truth = (value: boolean): bigint => (value ? 1n : 0n);

/** Operators from the weakest to the strongest; the longer of two that begin alike stands first. */
const LEVELS: readonly (readonly (readonly [operator: RegExp, apply: Binary])[])[] = [
  [[/\|\|/y, (a, b) => truth(a !== 0n || b !== 0n)]],
  [[/&&/y, (a, b) => truth(a !== 0n && b !== 0n)]],
  [[/\|(?!\|)/y, (a, b) => a | b]],
  [[/\^/y, (a, b) => a ^ b]],
  [[/&(?!&)/y, (a, b) => a & b]],
  [
    [/==/y, (a, b) => truth(a === b)],
    [/!=/y, (a, b) => truth(a !== b)],
  ],
  [
    [/<=/y, (a, b) => truth(a <= b)],
    [/>=/y, (a, b) => truth(a >= b)],
    [/<(?!<)/y, (a, b) => truth(a < b)],
    [/>(?!>)/y, (a, b) => truth(a > b)],
  ],
  [
    [/<</y, (a, b) => (b < 64n ? a << b : 0n)],
    [/>>/y, (a, b) => (b < 64n ? a >> b : 0n)],
  ],
  [
    [/\+/y, (a, b) => a + b],
    [/-/y, (a, b) => a - b],
  ],
  [
    [/\*/y, (a, b) => a * b],
    [/\//y, (a, b) => a / b],
    [/%/y, (a, b) => a % b],
  ],
];

/** A literal, a character or an expression in parentheses, if one stands here. @throws {DeviceTreeError} */
export function scanInteger(scanner: DtsScanner, depth = 0): bigint | undefined {
  if (depth > DEEPEST) scanner.fail(`parentheses are nested more than ${DEEPEST} deep`);
  const literal = scanner.match(LITERAL);
  if (literal) return literalValue(scanner, literal[1]!);
  const character = scanner.match(CHARACTER);
  if (character) {
    const bytes = unescapeText(character[1]!);
    if (bytes.length !== 1) scanner.fail(`a character literal has ${bytes.length} characters instead of 1`);
    return BigInt(bytes[0]!);
  }
  if (!scanner.take('(')) return undefined;
  const value = expression(scanner, depth + 1);
  scanner.expect(')', 'after an expression');
  return value;
}

function literalValue(scanner: DtsScanner, text: string): bigint {
  const octal = /^0[0-9]/.test(text);
  if (octal && /[89]/.test(text)) scanner.fail(`bad integer literal ${text}`);
  const value = text.length > 40 ? MOST + 1n : BigInt(octal ? `0o${text.slice(1)}` : text);
  if (value > MOST) scanner.fail(`integer literal ${text.slice(0, 40)} out of range`);
  return value;
}

function expression(scanner: DtsScanner, depth: number): bigint {
  if (depth > DEEPEST) scanner.fail(`parentheses are nested more than ${DEEPEST} deep`);
  const value = binary(scanner, 0, depth);
  if (!scanner.take('?')) return value;
  const yes = expression(scanner, depth + 1);
  scanner.expect(':', 'in a conditional expression');
  const no = expression(scanner, depth + 1);
  return value !== 0n ? yes : no;
}

function binary(scanner: DtsScanner, level: number, depth: number): bigint {
  const operators = LEVELS[level];
  if (!operators) return unary(scanner, depth);
  let left = binary(scanner, level + 1, depth);
  for (;;) {
    const found = operators.find(([operator]) => scanner.match(operator));
    if (!found) return left;
    const right = binary(scanner, level + 1, depth);
    if (right === 0n && level === LEVELS.length - 1 && found[0].source !== '\\*') scanner.fail('division by zero');
    left = BigInt.asUintN(64, found[1](left, right));
  }
}

function unary(scanner: DtsScanner, depth: number): bigint {
  if (depth > DEEPEST) scanner.fail(`signs are nested more than ${DEEPEST} deep`);
  if (scanner.take('-')) return BigInt.asUintN(64, -unary(scanner, depth + 1));
  if (scanner.take('~')) return BigInt.asUintN(64, ~unary(scanner, depth + 1));
  if (scanner.take('!')) return truth(unary(scanner, depth + 1) === 0n);
  return scanInteger(scanner, depth + 1) ?? scanner.fail(`a number is missing before ${scanner.here}`);
}

const ESCAPES: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 };
const encoder = new TextEncoder();

/** Bytes of a string or character literal: `\n`, `\0`, `\x41` and octal are understood, everything else stands for itself. */
export function unescapeText(text: string): number[] {
  const bytes: number[] = [];
  const parts = /\\([0-7]{1,3})|\\x([0-9a-fA-F]{1,2})|\\([\s\S])|([^\\]+)/gu;
  for (const [, octal, digits, escaped, plain] of text.matchAll(parts)) {
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8) & 0xff);
    else if (digits !== undefined) bytes.push(Number.parseInt(digits, 16));
    else if (escaped !== undefined && escaped in ESCAPES) bytes.push(ESCAPES[escaped]!);
    else for (const byte of encoder.encode(escaped ?? plain)) bytes.push(byte);
  }
  return bytes;
}
