import type { SocDescription } from './soc.ts';
export function detectSoc(_f: unknown): { soc: SocDescription; core: string; reasons: string[]; ambiguous?: SocDescription[] } | undefined {
  return undefined;
}
