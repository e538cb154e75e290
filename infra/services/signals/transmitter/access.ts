import type { FastifyRequest } from 'fastify';
import { decodeJwt, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { Problem } from '../../../http/problem.ts';
import type { BearerTokens } from '../bearer.ts';
import type { AuthorizationServer, ReceiverAccount } from '../config.ts';

/** What a request needs to be allowed to do. */
export type Need = 'read' | 'manage';

/** How receivers prove who they are. */
export interface AccessParts {
  /** Tokens that were agreed on; they allow everything. */
  readonly tokens: BearerTokens<ReceiverAccount>;
  readonly accounts: ReadonlyMap<string, ReceiverAccount>;
  /** Authorization servers whose access tokens count too. */
  readonly servers: readonly { readonly server: AuthorizationServer; readonly keys: JWTVerifyGetKey }[];
}

const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'];
const clockToleranceS = 30;

/** Finds out which receiver a request of the stream management comes from, by a bearer token in its header. */
export class Access {
  readonly #parts: AccessParts;

  constructor(parts: AccessParts) {
    this.#parts = parts;
  }

  /**
   * @throws {Problem} 401 for somebody unknown, always in the same words; 403 where an access token's scope is too small
   */
  async authenticate({ headers }: FastifyRequest, need: Need): Promise<ReceiverAccount> {
    const known = this.#parts.tokens.ownerOf(headers.authorization);
    const account = known ?? (await this.#byAccessToken(headers.authorization, need));
    if (!account) throw new Problem(401, 'unauthenticated', 'Send the bearer token that was agreed on');
    return account;
  }

  /** Source: RFC 9068; CAEP interoperability profile 1.0, section 2.7 */
  async #byAccessToken(authorization: string | undefined, need: Need): Promise<ReceiverAccount | undefined> {
    const { servers, accounts } = this.#parts;
    const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization ?? '')?.[1];
    if (servers.length === 0 || token === undefined) return undefined;
    try {
      const { iss } = decodeJwt(token);
      const known = servers.find(({ server }) => server.issuer === iss);
      if (!known) return undefined;
      const { issuer, audience } = known.server;
      const { payload } = await jwtVerify<{ client_id?: unknown; azp?: unknown; scope?: unknown }>(token, known.keys, {
        ...{ issuer, audience, algorithms, clockTolerance: clockToleranceS, requiredClaims: ['exp'] },
      });
      const client = payload.client_id ?? payload.azp;
      const account = [...accounts.values()].find(({ clientId }) => clientId !== undefined && clientId === client);
      if (account && !allows(String(payload.scope ?? ''), need))
        throw new Problem(403, 'insufficient_scope', `The access token needs the scope ssf.${need}`);
      return account;
    } catch (error) {
      if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout)) return undefined;
      throw error;
    }
  }
}

/** Managing includes reading; a scope may be narrowed by a suffix, such as `ssf.manage.poll`, which is not enough here. */
const allows = (scope: string, need: Need): boolean => {
  const scopes = scope.split(' ');
  return scopes.includes('ssf.manage') || (need === 'read' && scopes.includes('ssf.read'));
};
