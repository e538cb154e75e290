import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { LastSeen } from '../../operators/actuate/lastSeen.ts';
import { EbbtideError, isEbbtideError } from '../../schemas/errors.ts';
import type { VaultClient } from './client.ts';

/** Name of a user's key in Vault's transit engine; the user is a pseudonym. */
export const userKeyName = (user: string): string => `ebbtide-user-${user}`;

const mount = 'transit';
/** Data keys in memory, and how long an erased one may stay there, milliseconds. */
const keysKept = 20_000;
const keptMs = 600_000;
const ivBytes = 12;
const tagBytes = 16;

interface DataKey {
  /** As Vault wrapped it: it goes along with what it seals. */
  readonly wrapped: string;
  readonly key: Buffer;
  readonly at: number;
}

const corrupt = (user: string, cause?: unknown): EbbtideError =>
  new EbbtideError('STATE_CORRUPT', `What is sealed for user ${user} is damaged, or another's`, { user }, cause);

/** @throws {EbbtideError} `STATE_CORRUPT` for what is cut short */
const partsOf = (user: string, sealed: Uint8Array) => {
  const all = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const end = all.length < 2 ? Number.POSITIVE_INFINITY : 2 + all.readUInt16BE(0);
  if (all.length < end + ivBytes + tagBytes) throw corrupt(user);
  const tagAt = end + ivBytes;
  return {
    wrapped: all.toString('utf8', 2, end),
    iv: all.subarray(end, tagAt),
    tag: all.subarray(tagAt, tagAt + tagBytes),
    encrypted: all.subarray(tagAt + tagBytes),
  };
};

/** The beginning of what was sealed: as much as {@link UserKeys.reseal} looks at. */
export const headOf = (sealed: Buffer): Buffer =>
  Buffer.from(sealed.subarray(0, 2 + sealed.readUInt16BE(0) + ivBytes + tagBytes));

const sealBy = (key: Buffer, wrapped: string, user: string, bytes: Uint8Array): Buffer => {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(user));
  const sealed = Buffer.concat([cipher.update(bytes), cipher.final()]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(Buffer.byteLength(wrapped));
  return Buffer.concat([length, Buffer.from(wrapped), iv, cipher.getAuthTag(), sealed]);
};

/**
 * Seals what is kept of a user with a key of their own, which lies in Vault. Once that key is destroyed nobody can open
 * what was sealed, wherever copies of it are: in the log, in backups, on disks (crypto-shredding).
 *
 * Data are sealed by AES-256-GCM under a data key that Vault makes and wraps (transit), bound to the user. Form: length of
 * the wrapped key (2 bytes, big-endian), wrapped key, 12 bytes IV, 16 bytes tag, ciphertext.
 */
export class UserKeys {
  readonly #vault: VaultClient;
  readonly #now: () => number;
  readonly #sealing = new LastSeen<string, DataKey>(keysKept);
  readonly #opening = new LastSeen<string, DataKey>(keysKept);

  /** @param now - a clock in milliseconds */
  constructor(vault: VaultClient, now: () => number = Date.now) {
    this.#vault = vault;
    this.#now = now;
  }

  /** Makes the user's key where there is none. @throws {EbbtideError} what Vault failed with */
  async seal(user: string, bytes: Uint8Array): Promise<Buffer> {
    const { wrapped, key } = await this.#sealingKey(user);
    return sealBy(key, wrapped, user, bytes);
  }

  /**
   * Seal what came of something that was sealed before, by the same data key: where that is erased this is as well, and no
   * key is made.
   *
   * @param before - what it came of, as it was sealed, or its {@link headOf | head}
   * @returns undefined where the user's key was erased
   * @throws {EbbtideError} `STATE_CORRUPT` for what is not sealed at all, or what Vault failed with
   */
  async reseal(user: string, bytes: Uint8Array, before: Uint8Array): Promise<Buffer | undefined> {
    const { wrapped } = partsOf(user, before);
    const key = await this.#openingKey(user, wrapped);
    return key && sealBy(key, wrapped, user, bytes);
  }

  /**
   * @returns undefined where the user's key was erased
   * @throws {EbbtideError} `STATE_CORRUPT` for what was altered or is another user's, or what Vault failed with
   */
  async open(user: string, sealed: Uint8Array): Promise<Buffer | undefined> {
    const { wrapped, iv, tag, encrypted } = partsOf(user, sealed);
    const key = await this.#openingKey(user, wrapped);
    if (!key) return undefined;
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(user)).setAuthTag(tag);
      return Buffer.concat([decipher.update(encrypted), decipher.final()]);
    } catch (cause) {
      throw corrupt(user, cause);
    }
  }

  /** Forget the data keys of a user that lie in memory, say because the user was erased. */
  forget(user: string): void {
    this.#sealing.delete(user);
    for (const [name] of this.#opening.entries()) if (name.startsWith(`${user} `)) this.#opening.delete(name);
  }

  /**
   * Destroy a user's key. Processes that hold a data key of theirs forget it within ten minutes.
   *
   * @returns whether there was one
   */
  async erase(user: string): Promise<boolean> {
    const path = `${mount}/keys/${userKeyName(user)}`;
    try {
      await this.#vault.write(`${path}/config`, { deletion_allowed: true }, { operation: 'allowErasure' });
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
    await this.#vault.remove(path, { operation: 'eraseUserKey' });
    this.forget(user);
    return true;
  }

  async #sealingKey(user: string): Promise<DataKey> {
    const known = this.#sealing.get(user);
    if (known && this.#now() - known.at < keptMs) return known;
    const make = () =>
      this.#vault.write<{ plaintext: string; ciphertext: string }>(
        `${mount}/datakey/plaintext/${userKeyName(user)}`,
        {},
        { operation: 'makeDataKey' },
      );
    const { data } = await make().catch(async (error: unknown) => {
      if (!isGone(error)) throw error;
      await this.#vault.write(`${mount}/keys/${userKeyName(user)}`, {}, { operation: 'makeUserKey' });
      return make();
    });
    const made = { wrapped: data.ciphertext, key: Buffer.from(data.plaintext, 'base64'), at: this.#now() };
    this.#sealing.set(user, made);
    return made;
  }

  async #openingKey(user: string, wrapped: string): Promise<Buffer | undefined> {
    const name = `${user} ${wrapped}`;
    const known = this.#opening.get(name);
    if (known && this.#now() - known.at < keptMs) return known.key;
    try {
      const { data } = await this.#vault.write<{ plaintext: string }>(
        `${mount}/decrypt/${userKeyName(user)}`,
        { ciphertext: wrapped },
        { operation: 'openDataKey' },
      );
      const key = Buffer.from(data.plaintext, 'base64');
      this.#opening.set(name, { wrapped, key, at: this.#now() });
      return key;
    } catch (error) {
      // A key that was made again after erasure does not open what the erased one sealed
      if (isGone(error) || isEbbtideError(error, 'VAULT_REJECTED')) return undefined;
      throw error;
    }
  }
}

/** Vault says in several ways that a key is not there. */
const isGone = (error: unknown): boolean =>
  isEbbtideError(error, 'VAULT_NOT_FOUND') ||
  (isEbbtideError(error, 'VAULT_REJECTED') && /not found|no existing key/i.test(error.message));
