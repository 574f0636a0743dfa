/** Who may call what, and how often: the one place that every call passes before its handler runs. */
import type { Metadata } from '@grpc/grpc-js';
import { VigilError } from '../../src/errors.ts';
import type { Caller } from './caller.ts';
import type { Quotas } from './quotas.ts';
import { type Requirement, requirementOf, type Scope } from './scopes.ts';
import type { StaticTokens } from './static-tokens.ts';
import type { WebTokens } from './web-tokens.ts';

/** What is known of a call before its request is looked at. */
export interface ArrivedCall {
  readonly metadata: Metadata;
  /** "ADDRESS:PORT". */
  getPeer(): string;
}

export interface Admitted {
  readonly principal: string;
  /** When the call is over; once. */
  readonly release: () => void;
}

/** Errors: UNAUTHENTICATED, PERMISSION_DENIED, QUOTA_EXCEEDED. A promise only for a token that is seen first. */
export type Gate = (call: ArrivedCall) => Admitted | Promise<Admitted>;

export interface AccessSettings {
  /** Undefined: none are configured. Read for every call, since the file may change. */
  readonly staticTokens: (() => StaticTokens) | undefined;
  readonly webTokens: (() => WebTokens) | undefined;
  /** Whom a peer's certificate belongs to, and what all of them may do; undefined without mTLS. */
  readonly certificates:
    | { readonly subject: (peer: string) => string | undefined; readonly scopes: ReadonlySet<Scope> }
    | undefined;
  readonly quotas: Quotas;
  readonly onDenied: (principal: string, method: string, scope: Scope) => void;
}

const nothing = (): void => {};
/** The token68 of RFC 6750, 2.1. */
const BEARER = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i;

export class Access {
  readonly #settings: AccessSettings;
  /** Without any way to say who one is, everybody may do everything. */
  readonly #anonymous: boolean;

  constructor(settings: AccessSettings) {
    this.#settings = settings;
    this.#anonymous = !settings.staticTokens && !settings.webTokens && !settings.certificates;
  }

  /** The gate of one method. Throws when the method has no scope: such a server does not start. */
  gate(method: string, streams: boolean): Gate {
    const requirement = requirementOf(method);
    if (requirement === 'open') return (call) => ({ principal: call.getPeer(), release: nothing });
    const { quotas } = this.#settings;
    if (this.#anonymous)
      return (call) => {
        const principal = call.getPeer();
        // A new connection is no new principal.
        return { principal, release: quotas.take(withoutPort(principal), streams) };
      };
    const admit = (caller: Caller): Admitted => {
      this.#permit(caller, method, requirement);
      return { principal: caller.name, release: quotas.take(caller.name, streams) };
    };
    return (call) => {
      const caller = this.#authenticate(call);
      return caller instanceof Promise ? caller.then(admit) : admit(caller);
    };
  }

  #authenticate(call: ArrivedCall): Caller | Promise<Caller> {
    const { staticTokens, webTokens, certificates } = this.#settings;
    const headers = call.metadata.get('authorization');
    if (headers.length > 0 && (staticTokens || webTokens)) {
      const token = tokenOf(headers);
      const tokens = webTokens?.();
      const known = staticTokens?.().find(token) ?? tokens?.recall(token);
      if (known) return known;
      if (tokens && token.split('.').length === 3) return tokens.verify(token);
      throw unauthenticated('a token that is not known', 'a token of this service');
    }
    const name = certificates?.subject(call.getPeer());
    if (certificates && name !== undefined) return { name, scopes: certificates.scopes };
    throw unauthenticated('nothing', '"Bearer TOKEN"');
  }

  #permit({ name, scopes }: Caller, method: string, requirement: Exclude<Requirement, 'open'>): void {
    if (requirement === 'known' || scopes.has(requirement)) return;
    this.#settings.onDenied(name, method, requirement);
    const has = [...scopes].join(', ') || 'none';
    throw new VigilError(
      'PERMISSION_DENIED',
      `${method} needs the scope ${requirement}; ${name} has: ${has}`,
      {
        metadata: { scope: requirement, principal: name },
      },
    );
  }
}

function tokenOf(headers: readonly (string | Buffer)[]): string {
  const [header] = headers;
  const token = headers.length === 1 ? BEARER.exec(String(header))?.[1] : undefined;
  if (token === undefined) throw unauthenticated('something else', 'one value, "Bearer TOKEN"');
  return token;
}

// What was sent is never repeated: it may be a secret with a typing error.
function unauthenticated(found: string, allowed: string): VigilError {
  return VigilError.field('authorization', found, allowed, 'UNAUTHENTICATED');
}

const withoutPort = (peer: string): string => peer.slice(0, Math.max(0, peer.lastIndexOf(':'))) || peer;
