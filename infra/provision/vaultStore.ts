import { EbbtideError, isEbbtideError } from '../../schemas/errors.ts';
import type { VaultClient } from '../vault/client.ts';
import type { Pair } from './names.ts';
import { type Owe, tryOnce } from './owed.ts';
import type { Claim, ClaimOutcome, SecretStore, StoredSecret, Taken } from './store.ts';
import { type Entry, isEntry } from './vaultEntry.ts';

/** An entry as it was found, and the version that a change of it must name. */
interface Seen {
  readonly entry: Entry | undefined;
  readonly version: number;
}

const otherWasFirst = (error: unknown): boolean =>
  isEbbtideError(error, 'VAULT_REJECTED') && /check-and-set/.test(error.message);
/** The holder has ended, and its cubbyhole with it. */
const hasEnded = (error: unknown): boolean =>
  isEbbtideError(error, 'VAULT_FORBIDDEN') || isEbbtideError(error, 'VAULT_NOT_FOUND');

const cubbyhole = 'cubbyhole/sealed';

/**
 * Keeps each sealed secret in the cubbyhole of a token of its own, its holder: Vault destroys a cubbyhole with its token,
 * so a secret is gone after its TTL whether or not anybody looks after it. The holder's token lies in a kv (version 2)
 * mount that only the engine and the delivery service may read, at `pairs/<user>/<vm>`. Every change of that entry is a
 * check-and-set, so of two instances one is refused.
 *
 * This is what Vault's response wrapping does, taken apart: to unwrap costs Vault several writes, and to read a cubbyhole
 * none, so that a hand-over waits for a single write. Neither half is a secret by itself: whoever reads both has a
 * ciphertext that only its user can open.
 */
export class VaultSecretStore implements SecretStore {
  readonly #vault: VaultClient;
  readonly #mount: string;
  readonly #role = 'ebbtide-sealed';
  readonly #now: () => number;
  readonly #owe: Owe;

  /** @param owe - sees to it that holders are ended which nobody names any more; by default that is tried once */
  constructor(vault: VaultClient, mount: string, now: () => number = Date.now, owe: Owe = tryOnce) {
    this.#vault = vault;
    this.#mount = mount;
    this.#now = now;
    this.#owe = owe;
  }

  async claim(pair: Pair, decisionId: string, untilMs: number): Promise<ClaimOutcome> {
    const { entry, version } = await this.#read(pair);
    const replaced = entry?.state === 'ready' ? storedOf(pair, entry) : undefined;
    if (entry?.decisionId === decisionId) {
      if (replaced) return { kind: 'stored', stored: replaced };
      if (entry.state !== 'claimed') return { kind: 'done' };
    }
    if (entry?.state === 'claimed' && entry.untilMs > this.#now()) return { kind: 'held', untilMs: entry.untilMs };
    const fence = await this.#write(pair, version, { state: 'claimed', decisionId, untilMs });
    if (fence === undefined) return { kind: 'held', untilMs };
    if (replaced) await this.#oweHolder(replaced.accessor, replaced.expiresAt);
    return { kind: 'claimed', claim: { pair, decisionId, fence, ...(replaced ? { replaced } : {}) } };
  }

  async put(
    claim: Claim,
    sealed: string,
    facts: Omit<StoredSecret, 'pair' | 'decisionId' | 'accessor'>,
    ttlMs: number,
  ): Promise<StoredSecret | undefined> {
    const { auth: holder } = await this.#vault.write(
      `auth/token/create/${this.#role}`,
      {
        ttl: `${Math.max(1, Math.floor(ttlMs / 1000))}s`,
        renewable: false,
        policies: ['ebbtide-sealed'],
        no_default_policy: true,
      },
      { operation: 'createHolder', unrepeatable: true },
    );
    if (!holder) throw new EbbtideError('VAULT_REJECTED', 'Vault issued no token to hold the sealed secret', {});
    const { accessor, client_token: token } = holder;
    const { pair, decisionId } = claim;
    try {
      await this.#vault.write(cubbyhole, { sealed }, { token, operation: 'fillHolder' });
      const entry = { state: 'ready', decisionId, ...facts, accessor, holder: token } as const;
      if ((await this.#write(pair, claim.fence, entry)) !== undefined) return storedOf(pair, entry);
    } catch (error) {
      await this.#oweHolder(accessor, this.#now() + ttlMs);
      throw error;
    }
    await this.#oweHolder(accessor, this.#now() + ttlMs);
    return undefined;
  }

  async release({ pair, fence, decisionId }: Claim): Promise<void> {
    await this.#write(pair, fence, { state: 'claimed', decisionId, untilMs: 0 });
  }

  async peek(pair: Pair): Promise<StoredSecret | undefined> {
    const { entry } = await this.#read(pair);
    return entry?.state === 'ready' ? storedOf(pair, entry) : undefined;
  }

  async take(pair: Pair): Promise<Taken | undefined> {
    const { entry, version } = await this.#read(pair);
    if (entry?.state !== 'ready') return undefined;
    const { holder, ...facts } = entry;
    const stored = storedOf(pair, entry);
    const [fence, sealed] = await Promise.allSettled([
      this.#write(pair, version, { ...facts, state: 'taken' }),
      this.#readHolder(holder),
    ]);
    if (fence.status === 'rejected') throw fence.reason;
    if (fence.value === undefined) return undefined;
    // Nobody waits for it: the entry names the holder no more
    void this.#oweHolder(stored.accessor, stored.expiresAt);
    if (sealed.status === 'rejected') throw sealed.reason;
    return { stored, ...(sealed.value === undefined ? {} : { sealed: sealed.value }) };
  }

  async destroy(pair: Pair, spare?: (stored: StoredSecret) => boolean): Promise<StoredSecret | undefined> {
    const { entry, version } = await this.#read(pair);
    // One that was being taken when Vault went away: nobody has its holder's token any more
    if (entry?.state === 'taken') {
      await this.#endHolder(entry.accessor);
      await this.#write(pair, version, { state: 'gone', decisionId: entry.decisionId });
      return undefined;
    }
    if (entry?.state !== 'ready') return undefined;
    const stored = storedOf(pair, entry);
    if (spare?.(stored)) return undefined;
    await this.#endHolder(entry.accessor);
    const fence = await this.#write(pair, version, { state: 'gone', decisionId: entry.decisionId });
    return fence === undefined ? undefined : stored;
  }

  async pairs(user?: string): Promise<readonly Pair[]> {
    const users = user === undefined ? await this.#list('pairs/') : [`${user}/`];
    const found: Pair[] = [];
    for (const name of users) {
      const machines = await this.#list(`pairs/${name}`);
      found.push(...machines.map((vm) => ({ user: name.replace(/\/$/, ''), vm })));
    }
    return found;
  }

  async #readHolder(token: string): Promise<string | undefined> {
    try {
      const { data } = await this.#vault.read<{ sealed: string }>(cubbyhole, { token, operation: 'readHolder' });
      return data.sealed;
    } catch (error) {
      if (hasEnded(error)) return undefined;
      throw error;
    }
  }

  async #list(path: string): Promise<readonly string[]> {
    try {
      const { data } = await this.#vault.list<{ keys: string[] }>(`${this.#mount}/metadata/${path}`, {
        operation: 'listPairs',
      });
      return data.keys;
    } catch (error) {
      if (isEbbtideError(error, 'VAULT_NOT_FOUND')) return [];
      throw error;
    }
  }

  async #read(pair: Pair): Promise<Seen> {
    const seen = await this.#readEntry(pair);
    if (seen) return seen;
    const version = await this.#deletedVersion(pair);
    if (version === 0) return { entry: undefined, version };
    // Somebody may have written between the two answers: only what is still absent has that version
    return (await this.#readEntry(pair)) ?? { entry: undefined, version };
  }

  async #readEntry(pair: Pair): Promise<Seen | undefined> {
    try {
      const { data } = await this.#vault.read<{ data: unknown; metadata: { version: number } }>(
        `${this.#mount}/data/${pathOf(pair)}`,
        { operation: 'readPair' },
      );
      return { entry: isEntry(data.data) ? data.data : undefined, version: data.metadata.version };
    } catch (error) {
      if (isEbbtideError(error, 'VAULT_NOT_FOUND')) return undefined;
      throw error;
    }
  }

  /** Version of an entry that Vault has deleted by its time; 0 where there never was one. */
  async #deletedVersion(pair: Pair): Promise<number> {
    try {
      const { data } = await this.#vault.read<{ current_version: number }>(`${this.#mount}/metadata/${pathOf(pair)}`, {
        operation: 'readPair',
      });
      return data.current_version;
    } catch (error) {
      if (isEbbtideError(error, 'VAULT_NOT_FOUND')) return 0;
      throw error;
    }
  }

  /** @returns the new version, undefined where somebody else wrote since */
  async #write(pair: Pair, version: number, entry: Entry): Promise<number | undefined> {
    try {
      const { data } = await this.#vault.write<{ version: number }>(
        `${this.#mount}/data/${pathOf(pair)}`,
        { options: { cas: version }, data: entry },
        { operation: 'writePair', unrepeatable: true },
      );
      return data.version;
    } catch (error) {
      if (otherWasFirst(error)) return undefined;
      throw error;
    }
  }

  #oweHolder(accessor: string, untilMs: number): Promise<void> {
    return this.#owe(`holder ${accessor}`, () => this.#endHolder(accessor), untilMs);
  }

  async #endHolder(accessor: string): Promise<void> {
    try {
      await this.#vault.write('auth/token/revoke-accessor', { accessor }, { operation: 'endHolder' });
    } catch (error) {
      if (!isEbbtideError(error, 'VAULT_NOT_FOUND')) throw error;
    }
  }
}

const pathOf = ({ user, vm }: Pair): string => `pairs/${user}/${vm}`;

const storedOf = (
  pair: Pair,
  {
    decisionId,
    method,
    reference,
    revocation,
    recipient,
    sshKeyHash,
    accessor,
    mintedAt,
    expiresAt,
  }: Extract<Entry, { method: unknown }>,
): StoredSecret => ({
  pair,
  decisionId,
  method,
  reference,
  revocation,
  recipient,
  sshKeyHash,
  accessor,
  mintedAt,
  expiresAt,
});
