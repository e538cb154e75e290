import { isEbbtideError } from '../../../schemas/errors.ts';
import type { ProvisionMethod } from '../../../schemas/generated/index.ts';
import type { VaultClient } from '../../vault/client.ts';
import { type Pair, pairKey } from '../names.ts';
import { type Owe, tryOnce } from '../owed.ts';
import { mintDynamicLease } from './dynamicLease.ts';
import type { Minted, MintRequest } from './minted.ts';
import { mintPassword, removeVerifier } from './password.ts';
import { mintSshCertificate } from './sshCertificate.ts';

/** What is to be ended before its time. */
export interface Ending {
  readonly pair: Pair;
  readonly method: ProvisionMethod;
  readonly revocation: string;
}

/** Makes credentials of each kind through Vault, and ends them. */
export class Minter {
  readonly #vault: VaultClient;
  readonly #mount: string;
  readonly #now: () => number;
  readonly #owe: Owe;

  /**
   * @param mount - where verifiers of passwords are kept
   * @param owe - sees to it that what was made half is ended; by default that is tried once
   */
  constructor(vault: VaultClient, mount: string, now: () => number, owe: Owe = tryOnce) {
    this.#vault = vault;
    this.#mount = mount;
    this.#now = now;
    this.#owe = owe;
  }

  /** @throws {EbbtideError} what Vault failed with */
  mint(request: MintRequest): Promise<Minted> {
    const { target, ...rest } = request;
    const { pair, ttlMs } = request;
    const abandon = (revocation: string) =>
      this.#owe(
        `half-made ${pairKey(pair)} ${revocation}`,
        () => this.end({ pair, method: target.method, revocation }),
        this.#now() + ttlMs,
      );
    switch (target.method) {
      case 'sshCertificate':
        return mintSshCertificate(this.#vault, { ...rest, target }, this.#now);
      case 'password':
        return mintPassword(this.#vault, this.#mount, { ...rest, target, abandon }, this.#now);
      case 'dynamicLease':
        return mintDynamicLease(this.#vault, { ...rest, target, abandon }, this.#now);
    }
  }

  /**
   * End a credential that nobody will use. An SSH certificate cannot be: it is worth nothing without its private key,
   * which is destroyed with the sealed secret, and ends by its time.
   */
  async end({ pair, method, revocation }: Ending): Promise<void> {
    if (revocation === '') return;
    if (method === 'password') return removeVerifier(this.#vault, this.#mount, pair, revocation);
    await this.#vault
      .write('auth/token/revoke-accessor', { accessor: revocation }, { operation: 'revokeToken' })
      .catch((error: unknown) => {
        if (!isEbbtideError(error, 'VAULT_NOT_FOUND')) throw error;
      });
  }
}
