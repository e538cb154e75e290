import { randomBytes } from 'node:crypto';
import type { Translation } from '../../../../schemas/generated/index.ts';
import { type Profile, Profiles } from './profiles.ts';
import { Shard } from './shard.ts';

/** Small shards keep every growth and rebuild below a millisecond. */
const shardCount = 512;
/** Longest identifier of a credential, bytes. */
export const maxCredentialBytes = 1024;
const maxServices = 65_536;

/** A row of the credential translation table, as the hot path needs it. */
export interface Row {
  readonly profile: Profile;
  /** First 32 bits of the row's version. */
  readonly version: number;
}

/** What the table knows of a credential at a service. */
export type Found = Row | 'no-row' | 'unknown-credential';

/**
 * The credential translation table in memory: frontend credential × service → row.
 *
 * Keys lie in byte arrays and are compared whole. Their hash has a random seed, so that nobody can choose credentials
 * which collide. At a million rows this takes some 75 bytes a row, and a look-up below a microsecond.
 *
 * @example
 * const table = new RowTable();
 * table.set(translation);
 * table.find('mobile-app', 'orders');
 */
export class RowTable {
  readonly #shards = Array.from({ length: shardCount }, () => new Shard());
  readonly #services = new Map<string, number>();
  readonly #profiles = new Profiles();
  readonly #seed = randomBytes(4).readUInt32LE();
  readonly #scratch = Buffer.alloc(maxCredentialBytes);
  #hash = 0;
  #rows = 0;

  /** Rows held. */
  get size(): number {
    return this.#rows;
  }

  /** Bytes that the arrays hold; interned profiles and names of services come on top. */
  get byteLength(): number {
    return this.#shards.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** Different combinations of group, default scope and references. */
  get profiles(): number {
    return this.#profiles.size;
  }

  /**
   * Set a row.
   *
   * @returns false where the row cannot be held: its credential is longer than 1,024 bytes, or there are too many services
   */
  set({ frontendCredential, service, group, defaultScope, backendCredentials, version }: Translation): boolean {
    const length = this.#write(frontendCredential);
    let number = this.#services.get(service);
    if (length < 0 || (number === undefined && this.#services.size === maxServices)) return false;
    if (number === undefined) {
      number = this.#services.size;
      this.#services.set(service, number);
    }
    const profile = this.#profiles.take({ group, defaultScope, backendCredentials });
    const cells = { service: number, profile, version: Number.parseInt(version.slice(0, 8), 16) >>> 0 };
    const before = this.#shard().set(this.#scratch, length, this.#hash, cells);
    if (before < 0) this.#rows++;
    else this.#profiles.release(before);
    return true;
  }

  /** Remove a row, by the key of its message: credential and service joined by the last `/`. */
  remove(key: string): void {
    const slash = key.lastIndexOf('/');
    const service = this.#services.get(key.slice(slash + 1));
    const length = this.#write(key.slice(0, Math.max(0, slash)));
    if (slash < 0 || service === undefined || length < 0) return;
    const before = this.#shard().remove(this.#scratch, length, this.#hash, service);
    if (before < 0) return;
    this.#rows--;
    this.#profiles.release(before);
  }

  /** The row of a credential at a service, or why there is none. */
  find(credential: string, service: string): Found {
    const length = this.#write(credential);
    if (length < 0) return 'unknown-credential';
    const shard = this.#shard();
    const key = shard.find(this.#scratch, length, this.#hash);
    if (key < 0) return 'unknown-credential';
    const number = this.#services.get(service);
    const row = number === undefined ? -1 : shard.rowOf(key, number);
    if (row < 0) return 'no-row';
    return { profile: this.#profiles.get(shard.profileOf(row)), version: shard.versionOf(row) };
  }

  #shard(): Shard {
    return this.#shards[this.#hash >>> 23]!;
  }

  /** Put a credential into the scratch buffer and its hash into `#hash`; returns its length, or -1 if it is too long. */
  #write(credential: string): number {
    if (credential.length > maxCredentialBytes || Buffer.byteLength(credential) > maxCredentialBytes) return -1;
    const length = this.#scratch.write(credential, 0, 'utf8');
    let hash = this.#seed;
    for (let i = 0; i < length; i++) hash = Math.imul(hash ^ this.#scratch[i]!, 0x01000193);
    // Murmur3's finish spreads what FNV leaves in the low bits
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    this.#hash = (hash ^ (hash >>> 16)) >>> 0;
    return length;
  }
}
