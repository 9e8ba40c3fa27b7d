import type { Handler } from './context.ts';

export const FLOAT_TRANSFERS: Readonly<Record<string, Handler>> = {};
