import { isEbbtideError } from '../../../schemas/errors.ts';
import type { RequestOptions, VaultClient } from '../client.ts';
import { type CredentialKind, type Life, lifeFrom } from './kind.ts';

interface TokenData {
  readonly ttl: number;
  readonly expire_time: string | null;
  readonly issue_time?: string;
  readonly creation_time: number;
  readonly creation_ttl: number;
  readonly explicit_max_ttl: number;
  readonly period?: number;
  readonly renewable?: boolean;
  readonly type: string;
  readonly policies: readonly string[];
  readonly identity_policies?: readonly string[];
  readonly entity_id: string;
  readonly role?: string;
  readonly path: string;
}

/** Paths by which a token's holder can lengthen its life. */
const renewalPaths = ['auth/token/renew-self', 'auth/token/renew'];

/** Tokens, by accessor. */
export class TokenKind implements CredentialKind {
  readonly #vault: VaultClient;
  readonly #now: () => number;

  constructor(vault: VaultClient, now: () => number) {
    this.#vault = vault;
    this.#now = now;
  }

  async lookup(accessor: string, options: RequestOptions = {}): Promise<Life | undefined> {
    const data = await this.#data(accessor, options);
    if (!data) return undefined;
    const issuedAt = data.issue_time ? Date.parse(data.issue_time) : data.creation_time * 1000;
    return {
      ...lifeFrom(data.expire_time, data.ttl, this.#now()),
      issuedAt,
      issuedTtlMs: data.creation_ttl > 0 ? data.creation_ttl * 1000 : null,
      explicitMaxExpiresAt: data.explicit_max_ttl > 0 ? issuedAt + data.explicit_max_ttl * 1000 : null,
      fixed: fixedBecause(data),
      entityId: data.entity_id || null,
      role: data.role || data.path,
    };
  }

  async renew(accessor: string, incrementS: number, options: RequestOptions = {}): Promise<void> {
    const body = { accessor, increment: `${incrementS}s` };
    await this.#vault.write('auth/token/renew-accessor', body, { operation: 'renewToken', ...options });
  }

  /** A request that timed out may still be carried out, and then the next one finds nothing left to revoke. */
  async revoke(accessor: string, options: RequestOptions = {}): Promise<void> {
    try {
      await this.#vault.write('auth/token/revoke-accessor', { accessor }, { operation: 'revokeToken', ...options });
    } catch (error) {
      if (!isEbbtideError(error, 'VAULT_NOT_FOUND')) throw error;
    }
  }

  /** Asks what the token may do; where we may not ask that, the `default` policy among its policies tells. */
  async stretchableBecause(accessor: string, options: RequestOptions = {}): Promise<string> {
    try {
      const { data } = await this.#vault.write<Record<string, readonly string[]>>(
        'sys/capabilities-accessor',
        { accessor, paths: renewalPaths },
        { operation: 'capabilities', ...options },
      );
      const open = renewalPaths.filter((path) =>
        data[path]?.some((capability) => capability === 'update' || capability === 'root'),
      );
      return open.length > 0 ? `its policies let it use ${open.join(' and ')}` : '';
    } catch (error) {
      if (isEbbtideError(error, 'VAULT_NOT_FOUND') || isEbbtideError(error, 'VAULT_REJECTED')) return '';
      if (!isEbbtideError(error, 'VAULT_FORBIDDEN')) throw error;
    }
    const data = await this.#data(accessor, options);
    const policies = [...(data?.policies ?? []), ...(data?.identity_policies ?? [])];
    return policies.includes('default') || policies.includes('root')
      ? 'it has the default policy, which allows auth/token/renew-self'
      : '';
  }

  async #data(accessor: string, options: RequestOptions): Promise<TokenData | undefined> {
    try {
      const answer = await this.#vault.write<TokenData>(
        'auth/token/lookup-accessor',
        { accessor },
        { operation: 'lookupToken', ...options },
      );
      return answer.data;
    } catch (error) {
      if (isEbbtideError(error, 'VAULT_NOT_FOUND')) return undefined;
      throw error;
    }
  }
}

const fixedBecause = (data: TokenData): string => {
  if (data.type === 'batch') return 'a batch token can neither be renewed nor revoked';
  if (data.period) return `a periodic token always has its period of ${data.period} s`;
  if (data.expire_time === null) return 'it never ends';
  if (data.renewable === false) return 'it was issued as not renewable';
  return '';
};
