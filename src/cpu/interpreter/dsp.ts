import type { Handler } from './context.ts';

export const DSP: Readonly<Record<string, Handler>> = {};
