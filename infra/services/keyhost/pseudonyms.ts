import { LastSeen } from '../../../operators/actuate/lastSeen.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { VaultClient } from '../../vault/client.ts';
import { pseudonymKey } from '../../vault/prepareKeyhost.ts';

const remembered = 20_000;
/** Hexadecimal digits of a pseudonym: 128 bits. */
const length = 32;

/** Makes pseudonyms of users: the beginning of HMAC-SHA-256 under a key that never leaves Vault. */
export class Pseudonyms {
  readonly #vault: VaultClient;
  readonly #known = new LastSeen<string, string>(remembered);

  constructor(vault: VaultClient) {
    this.#vault = vault;
  }

  /** @throws {EbbtideError} what Vault failed with */
  async of(user: string): Promise<string> {
    const known = this.#known.get(user);
    if (known !== undefined) return known;
    const { data } = await this.#vault.write<{ hmac: string }>(
      `transit/hmac/${pseudonymKey}`,
      { input: Buffer.from(user.normalize('NFC')).toString('base64'), algorithm: 'sha2-256', key_version: 1 },
      { operation: 'makePseudonym' },
    );
    const digest = /^vault:v1:(.+)$/.exec(data.hmac)?.[1];
    if (digest === undefined) throw new EbbtideError('VAULT_REJECTED', 'Vault made no HMAC of version 1', {});
    const pseudonym = Buffer.from(digest, 'base64').toString('hex').slice(0, length);
    this.#known.set(user, pseudonym);
    return pseudonym;
  }
}
