import { isEbbtideError } from '../../../schemas/errors.ts';
import type { RequestOptions, VaultClient } from '../client.ts';
import { type CredentialKind, type Life, lifeFrom } from './kind.ts';

interface LeaseData {
  readonly ttl: number;
  readonly expire_time: string | null;
  readonly issue_time: string;
  readonly renewable: boolean;
}

/** Dynamic secrets, by lease id. */
export class LeaseKind implements CredentialKind {
  readonly #vault: VaultClient;
  readonly #now: () => number;

  constructor(vault: VaultClient, now: () => number) {
    this.#vault = vault;
    this.#now = now;
  }

  async lookup(leaseId: string, options: RequestOptions = {}): Promise<Life | undefined> {
    try {
      const { data } = await this.#vault.write<LeaseData>(
        'sys/leases/lookup',
        { lease_id: leaseId },
        { operation: 'lookupLease', ...options },
      );
      return {
        ...lifeFrom(data.expire_time, data.ttl, this.#now()),
        issuedAt: Date.parse(data.issue_time),
        issuedTtlMs: null,
        explicitMaxExpiresAt: null,
        fixed: data.renewable ? '' : 'its lease is not renewable',
        entityId: null,
        role: leaseId.split('/').slice(0, -1).join('/'),
      };
    } catch (error) {
      if (isEbbtideError(error, 'VAULT_NOT_FOUND')) return undefined;
      throw error;
    }
  }

  async renew(leaseId: string, incrementS: number, options: RequestOptions = {}): Promise<void> {
    const body = { lease_id: leaseId, increment: incrementS };
    await this.#vault.write('sys/leases/renew', body, { operation: 'renewLease', ...options });
  }

  /**
   * Waits for the engine to have ended it: without `sync` Vault only queues that. Where the engine fails Vault is asked
   * to queue it all the same: the lease can then no longer be renewed, and Vault goes on trying.
   */
  async revoke(leaseId: string, options: RequestOptions = {}): Promise<void> {
    const send = (sync: boolean) =>
      this.#vault.write('sys/leases/revoke', { lease_id: leaseId, sync }, { operation: 'revokeLease', ...options });
    try {
      await send(true);
    } catch (error) {
      if (isEbbtideError(error, 'VAULT_NOT_FOUND')) return;
      if (isEbbtideError(error) && error.details.onlyThis === true) await send(false).catch(() => {});
      throw error;
    }
  }

  /** A lease can only be renewed by who knows its id and has a Vault token, and holders are given neither. */
  async stretchableBecause(): Promise<string> {
    return '';
  }
}
