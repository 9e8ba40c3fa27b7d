/**
 * JSON-RPC 2.0 as the view speaks it: what came from a client as a call, or why it is none; answers as text.
 */
import { checkParameters, depthOf, isMethod } from './checks.ts';
import type { Method, Methods, Notification, Notifications, RpcError } from './protocol.ts';

/** Characters of the longest call: 64 KiB of bytes in base64, with room. */
export const LONGEST_CALL = 131_072;
/** Arrays and objects within each other that a call may have. */
const DEEPEST = 8;

/** Codes of errors; from -32700 to -32603 they are JSON-RPC's. */
export const RPC = {
  parse: -32_700,
  request: -32_600,
  method: -32_601,
  params: -32_602,
  internal: -32_603,
  refused: -32_000,
  busy: -32_001,
} as const;

/** A call whose method exists and whose parameters are of the right types. */
export type Call = {
  readonly [M in Method]: { readonly id: number | string | undefined; readonly method: M; readonly params: Methods[M]['params'] };
}[Method];

/** What a frame is. `id` is undefined when nobody waits for an answer, null when it cannot be told. */
export type Received = { readonly call: Call } | { readonly id: number | string | null | undefined; readonly error: RpcError };

const error = (code: number, message: string): RpcError => ({ code, message });

/** Reads a frame; never throws. */
export function readCall(text: string): Received {
  if (text.length > LONGEST_CALL) return { id: null, error: error(RPC.request, `a call has at most ${LONGEST_CALL} characters`) };
  if (depthOf(text, DEEPEST) > DEEPEST) return { id: null, error: error(RPC.request, `a call is at most ${DEEPEST} levels deep`) };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { id: null, error: error(RPC.parse, 'this is no JSON') };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { id: null, error: error(RPC.request, Array.isArray(value) ? 'one call in a frame, and no batches' : 'a call is an object') };
  const { jsonrpc, id, method, params } = value as { jsonrpc?: unknown; id?: unknown; method?: unknown; params?: unknown };
  const isId = id === undefined || (typeof id === 'number' && Number.isFinite(id)) || (typeof id === 'string' && id.length <= 128);
  if (!isId) return { id: null, error: error(RPC.request, 'id is a number or a text of at most 128 characters') };
  const known = id as number | string | undefined;
  if (jsonrpc !== '2.0') return { id: known ?? null, error: error(RPC.request, 'jsonrpc is "2.0"') };
  if (typeof method !== 'string') return { id: known ?? null, error: error(RPC.request, 'method is a text') };
  if (!isMethod(method)) return { id: known, error: error(RPC.method, `no method ${JSON.stringify(method.slice(0, 64))}`) };
  const checked = checkParameters(method, params);
  if ('wrong' in checked) return { id: known, error: error(RPC.params, `${method}: ${checked.wrong}`) };
  return { call: { id: known, method, params: checked.params } as Call };
}

/** The answer to a call. */
export function resultText(id: number | string, result: unknown): string {
  return JSON.stringify({ jsonrpc: '2.0', id, result: result ?? null });
}

export function errorText(id: number | string | null, failure: RpcError): string {
  return JSON.stringify({ jsonrpc: '2.0', id, error: failure });
}

export function notificationText<N extends Notification>(method: N, params: Notifications[N]): string {
  return JSON.stringify({ jsonrpc: '2.0', method, params });
}
