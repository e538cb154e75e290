import { z } from 'zod';
import { EbbtideError, isEbbtideError } from '../../schemas/errors.ts';
import type { VaultClient, VaultWrap } from '../vault/client.ts';

const wrappedSchema = z.object({ sealed: z.string(), pair: z.string(), decisionId: z.string() });
/** What is wrapped: a sealed secret, and what it is for, so that none can be put in the place of another. */
export type Wrapped = z.output<typeof wrappedSchema>;

/** Vault gives out what `sys/wrapping/wrap` wrapped, and nothing else counts: whoever forges a token must make it that way. */
const creationPath = 'sys/wrapping/wrap';

/** There is no such wrapping token: it was used, revoked, or has run out. */
const isGone = (error: unknown): boolean =>
  isEbbtideError(error, 'VAULT_FORBIDDEN') ||
  isEbbtideError(error, 'VAULT_NOT_FOUND') ||
  (isEbbtideError(error, 'VAULT_REJECTED') && /wrapping token is not valid|does not exist/i.test(error.message));

/** Vault's response wrapping (https://openbao.org/docs/concepts/response-wrapping/): one token, one reading. */
export class Wrapping {
  readonly #vault: VaultClient;

  constructor(vault: VaultClient) {
    this.#vault = vault;
  }

  /**
   * Wrap something, to be unwrapped once.
   *
   * @param ttlS - seconds, 1 and up, after which Vault destroys it
   * @throws {EbbtideError} what Vault failed with
   */
  async wrap(content: Wrapped, ttlS: number): Promise<VaultWrap> {
    const options = { wrapTtlS: ttlS, operation: 'wrap', unrepeatable: true };
    const { wrap_info: wrap } = await this.#vault.write(creationPath, content, options);
    if (!wrap)
      throw new EbbtideError('VAULT_REJECTED', 'Vault did not wrap what it was to wrap; see sys/wrapping/wrap', {});
    return wrap;
  }

  /** Whether something still lies behind a token, wrapped as ours is. It is not used by that. */
  async lies(token: string): Promise<boolean> {
    try {
      const { data } = await this.#vault.write<{ creation_path: string }>(
        'sys/wrapping/lookup',
        { token },
        { token: null, operation: 'lookupWrapping' },
      );
      return data.creation_path === creationPath;
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  }

  /**
   * Unwrap by the token's own right: Vault does it once, and for whoever comes later there is nothing.
   *
   * @returns undefined where there is nothing, or something that was never wrapped by {@link wrap}
   */
  async unwrap(token: string): Promise<Wrapped | undefined> {
    try {
      const { data } = await this.#vault.write(
        'sys/wrapping/unwrap',
        {},
        { token, operation: 'unwrap', unrepeatable: true },
      );
      return wrappedSchema.safeParse(data).data;
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }

  /** Destroy what lies behind a token, by the token's accessor. */
  async end(accessor: string): Promise<void> {
    try {
      await this.#vault.write('auth/token/revoke-accessor', { accessor }, { operation: 'endWrapping' });
    } catch (error) {
      if (!isEbbtideError(error, 'VAULT_NOT_FOUND')) throw error;
    }
  }
}
