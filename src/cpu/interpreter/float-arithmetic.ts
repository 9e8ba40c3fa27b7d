import type { Handler } from './context.ts';

export const FLOAT_ARITHMETIC: Readonly<Record<string, Handler>> = {};
