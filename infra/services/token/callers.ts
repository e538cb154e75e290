import { createHash, timingSafeEqual } from 'node:crypto';
import { isEbbtideError } from '../../../schemas/errors.ts';
import { Problem } from '../../http/problem.ts';
import type { VaultAuth, VaultClient } from '../../vault/client.ts';
import { isPassing } from '../../vault/errors.ts';
import type { CallerRule } from './config.ts';
import type { LoginMaterial } from './requests.ts';

/** Who asks, once it has been proven. */
export interface Caller {
  /** For logs and rate limits; not a secret. */
  readonly name: string;
  mayActFor(functionName: string): boolean;
}

const unauthenticated = (detail: string) => new Problem(401, 'unauthenticated', detail);

/** Whether a name fits one of the patterns, in which "*" stands for any characters. */
export const fits = (patterns: readonly string[], name: string): boolean =>
  patterns.some((pattern) => {
    const source = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${source.join('.*')}$`).test(name);
  });

/** Finds out who a caller is: by a shared secret, or by logging in at Vault with what it brings. */
export class Callers {
  readonly #vault: VaultClient;
  readonly #rules: readonly CallerRule[];
  readonly #secretDigest: Buffer | undefined;

  /** @param sharedSecret - undefined where none is used */
  constructor(vault: VaultClient, rules: readonly CallerRule[], sharedSecret: string | undefined) {
    this.#vault = vault;
    this.#rules = rules;
    this.#secretDigest = sharedSecret === undefined ? undefined : digest(sharedSecret);
  }

  /**
   * @param authorization - the request's header
   * @param material - the request's `auth` member
   * @throws {Problem} 401, always in the same words: what was wrong helps only who guesses
   */
  async authenticate(authorization: string | undefined, material: LoginMaterial | undefined): Promise<Caller> {
    if (material) return this.#byLogin(material);
    const bearer = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
    if (bearer === undefined)
      throw unauthenticated('Send the shared secret as a bearer token, or login material as "auth"');
    const rules = this.#rules.filter(({ method }) => method === 'sharedSecret');
    // Digests have one length, so that comparing them tells nothing, not even how long the secret is
    if (rules.length === 0 || !this.#secretDigest || !timingSafeEqual(digest(bearer), this.#secretDigest))
      throw unauthenticated('The shared secret is not accepted');
    return callerOf('sharedSecret', rules);
  }

  async #byLogin(material: LoginMaterial): Promise<Caller> {
    const rules = this.#rules.filter(({ method }) => method === material.method);
    const body =
      material.method === 'approle'
        ? { role_id: material.roleId, secret_id: material.secretId }
        : { role: material.role, jwt: material.jwt };
    const mounts = new Set(rules.map(({ mount, method }) => mount ?? method));
    for (const mount of mounts) {
      const auth = await this.#login(mount, body);
      if (!auth) continue;
      const mine = rules.filter((rule) => (rule.mount ?? rule.method) === mount && accepts(rule, auth));
      if (mine.length > 0)
        return callerOf(`${mount}/${auth.entity_id || auth.metadata?.role_name || material.method}`, mine);
    }
    throw unauthenticated('The login is not accepted');
  }

  /** The token of the caller's login is used for nothing, and revoked at once. */
  async #login(mount: string, body: object): Promise<VaultAuth | undefined> {
    try {
      const { auth } = await this.#vault.write(`auth/${mount}/login`, body, {
        token: null,
        unrepeatable: true,
        operation: 'callerLogin',
      });
      if (!auth) return undefined;
      await this.#vault
        .write('auth/token/revoke-accessor', { accessor: auth.accessor }, { operation: 'revokeCallerLogin' })
        .catch((error: unknown) => {
          // A batch token has no accessor and ends by itself
          if (!isEbbtideError(error, 'VAULT_NOT_FOUND') && !isEbbtideError(error, 'VAULT_REJECTED')) throw error;
        });
      return auth;
    } catch (error) {
      if (isPassing(error) || !isEbbtideError(error)) throw error;
      return undefined;
    }
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

const callerOf = (name: string, rules: readonly CallerRule[]): Caller => ({
  name,
  mayActFor: (functionName) => rules.some(({ functions }) => fits(functions, functionName)),
});

const accepts = (rule: CallerRule, auth: VaultAuth): boolean => {
  const policies = [...auth.policies, ...(auth.identity_policies ?? [])];
  return (
    (rule.policies.length === 0 || rule.policies.some((policy) => policies.includes(policy))) &&
    (rule.entityIds.length === 0 || rule.entityIds.includes(auth.entity_id)) &&
    Object.entries(rule.metadata).every(([key, value]) => auth.metadata?.[key] === value)
  );
};
