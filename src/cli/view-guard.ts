/**
 * Who may talk to the view's server: whoever knows the token in its address, from this host's names or addresses, and from no page of somebody else.
 *
 * The token is compared in constant time. `Host` keeps out names that another site has pointed at this host (DNS rebinding); `Origin` keeps out pages of
 * other sites, which a browser lets open sockets to anywhere.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';

/** 192 bits, as they stand in an address. */
export function newToken(): string {
  return randomBytes(24).toString('base64url');
}

/** Why a request is refused: HTTP's status. */
export type Refusal = 403 | 404 | 421;

/** Where a request leads: the rest of its path behind the token (undefined without the slash), or the refusal. */
export type Admission = { readonly path: string | undefined } | { readonly refused: Refusal };

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Longest URL that is looked at. */
const LONGEST_URL = 2048;

/** Checks the requests of one server. */
export class ViewGuard {
  private readonly token: Buffer;
  private readonly names: ReadonlySet<string>;
  private readonly anyAddress: boolean;

  /** `host`: the address that is listened on. */
  constructor(token: string, host: string) {
    this.token = digest(token);
    this.anyAddress = host === '0.0.0.0' || host === '::';
    const local = ['localhost', '127.0.0.1', '[::1]'];
    this.names = new Set([
      ...local,
      host.includes(':') ? `[${host}]` : host.toLowerCase(),
      ...(this.anyAddress ? [hostname().toLowerCase()] : []),
    ]);
  }

  /** Looks at a request; `port` is that which the server listens on. */
  admit({ headers, url = '/' }: IncomingMessage, port: number): Admission {
    const { host, origin } = headers;
    if (host === undefined || !this.isOurs(host, port)) return { refused: 421 };
    // Who sends no Origin is no page.
    if (origin !== undefined && origin !== `http://${host.toLowerCase()}`) return { refused: 403 };
    if (headers['sec-fetch-site'] === 'cross-site' && headers['sec-fetch-mode'] !== 'navigate') return { refused: 403 };
    if (url.length > LONGEST_URL) return { refused: 404 };
    const [, token = '', path] = /^\/([^/?#]*)(?:\/([^?#]*))?/.exec(url) ?? [];
    if (!timingSafeEqual(digest(token), this.token)) return { refused: 404 };
    return { path };
  }

  private isOurs(host: string, port: number): boolean {
    const [, name = '', given = '80'] = /^(\[[0-9a-fA-F:.]+\]|[^:]+)(?::(\d+))?$/.exec(host.toLowerCase()) ?? [];
    if (Number(given) !== port) return false;
    return this.names.has(name) || (this.anyAddress && isIP(name.replace(/^\[|\]$/g, '')) !== 0);
  }
}
