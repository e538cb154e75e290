import { isEbbtideError } from '../../schemas/errors.ts';
import type { VaultClient } from '../vault/client.ts';
import { type Pair, pairKey } from './names.ts';
import { type Owe, tryOnce } from './owed.ts';
import type { Claim, ClaimOutcome, SecretStore, StoredSecret, Taken } from './store.ts';
import { type Entry, isEntry } from './vaultEntry.ts';
import { Wrapping } from './wrapping.ts';

type Ready = Extract<Entry, { state: 'ready' }>;

/** What was taken this long ago, milliseconds, is unwrapped by now, or never will be. */
const takingMs = 60_000;

/** How a {@link VaultSecretStore} works. */
export interface VaultStoreOptions {
  /** @default the wall clock */
  readonly now?: () => number;
  /** Sees to it that what nobody names any more is ended. @default that is tried once */
  readonly owe?: Owe;
  /** Told, once, of each secret that was gone before its time though nobody was handed it; it must not reject. */
  readonly onTampered?: (stored: StoredSecret) => Promise<void>;
}

/** An entry as it was found, and the version that a change of it must name. */
interface Seen {
  readonly entry: Entry | undefined;
  readonly version: number;
}

const otherWasFirst = (error: unknown): boolean =>
  isEbbtideError(error, 'VAULT_REJECTED') && /check-and-set/.test(error.message);
/**
 * Keeps each sealed secret by Vault's response wrapping: Vault gives it out once, to whoever has its wrapping token, and
 * destroys it by its TTL whether or not anybody looks after it. The wrapping token lies in a kv (version 2) mount that
 * only the engine and the delivery service may read, at `pairs/<user>/<vm>`. Every change of that entry is a
 * check-and-set, and only who has changed it from `ready` unwraps or destroys: so what is gone before that, and before its
 * time, was taken by somebody else. That is told, and whoever asks gets `undefined` instead of a secret.
 *
 * Neither half is a secret by itself: whoever reads both has a ciphertext that only its user can open.
 */
export class VaultSecretStore implements SecretStore {
  readonly #vault: VaultClient;
  readonly #mount: string;
  readonly #now: () => number;
  readonly #owe: Owe;
  readonly #wrapping: Wrapping;
  readonly #onTampered: (stored: StoredSecret) => Promise<void>;

  constructor(vault: VaultClient, mount: string, options: VaultStoreOptions = {}) {
    this.#vault = vault;
    this.#mount = mount;
    this.#now = options.now ?? Date.now;
    this.#owe = options.owe ?? tryOnce;
    this.#wrapping = new Wrapping(vault);
    this.#onTampered = options.onTampered ?? (async () => {});
  }

  async claim(pair: Pair, decisionId: string, untilMs: number): Promise<ClaimOutcome> {
    const { entry, version } = await this.#read(pair);
    const replaced = entry?.state === 'ready' || entry?.state === 'ending' ? storedOf(pair, entry) : undefined;
    if (entry?.decisionId === decisionId) {
      if (entry.state === 'ready') return { kind: 'stored', stored: storedOf(pair, entry) };
      if (entry.state !== 'claimed') return { kind: 'done' };
    }
    if (entry?.state === 'claimed' && entry.untilMs > this.#now()) return { kind: 'held', untilMs: entry.untilMs };
    const fence = await this.#write(pair, version, { state: 'claimed', decisionId, untilMs });
    if (fence === undefined) return { kind: 'held', untilMs };
    if (entry?.state === 'ready' && (await this.#isGone(entry))) await this.#onTampered(storedOf(pair, entry));
    if (replaced) await this.#oweEnd(replaced.accessor, replaced.expiresAt);
    return { kind: 'claimed', claim: { pair, decisionId, fence, ...(replaced ? { replaced } : {}) } };
  }

  async put(
    claim: Claim,
    sealed: string,
    facts: Omit<StoredSecret, 'pair' | 'decisionId' | 'accessor'>,
    ttlMs: number,
  ): Promise<StoredSecret | undefined> {
    const ttlS = Math.max(1, Math.floor(ttlMs / 1000));
    const wrappedUntil = this.#now() + ttlS * 1000;
    const { pair, decisionId } = claim;
    const { token, accessor } = await this.#wrapping.wrap({ sealed, pair: pairKey(pair), decisionId }, ttlS);
    try {
      const entry = { state: 'ready', decisionId, ...facts, accessor, wrapping: token, wrappedUntil } as const;
      if ((await this.#write(pair, claim.fence, entry)) !== undefined) return storedOf(pair, entry);
    } catch (error) {
      await this.#oweEnd(accessor, wrappedUntil);
      throw error;
    }
    await this.#oweEnd(accessor, wrappedUntil);
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
    const stored = storedOf(pair, entry);
    const [fence, lies] = await Promise.allSettled([
      this.#write(pair, version, { ...factsOf(entry), state: 'taken', takenAt: this.#now() }),
      this.#wrapping.lies(entry.wrapping),
    ]);
    if (fence.status === 'rejected') throw fence.reason;
    if (fence.value === undefined) return undefined;
    try {
      const mayBe = lies.status === 'rejected' || lies.value;
      const found = mayBe ? await this.#wrapping.unwrap(entry.wrapping) : undefined;
      // What is for another pair or decision was put in its place: it is as good as gone
      if (found?.pair === pairKey(pair) && found.decisionId === entry.decisionId)
        return { stored, sealed: found.sealed };
      if (found || this.#isBefore(entry)) await this.#onTampered(stored);
      return { stored };
    } catch {
      // Nobody waits for it: the entry names it no more
      void this.#oweEnd(stored.accessor, entry.wrappedUntil);
      return { stored };
    }
  }

  async destroy(pair: Pair, spare?: (stored: StoredSecret) => boolean): Promise<StoredSecret | undefined> {
    const { entry, version } = await this.#read(pair);
    const gone = { state: 'gone', decisionId: entry?.decisionId ?? '' } as const;
    if (entry?.state === 'taken') {
      // Whoever has changed it is about to unwrap: revoked before that, it would look as if somebody else had been at it
      if (Math.abs(this.#now() - entry.takenAt) < takingMs) return undefined;
      // It was being taken when Vault or its taker went away: nobody has its wrapping token any more
      await this.#wrapping.end(entry.accessor);
      await this.#write(pair, version, gone);
      return undefined;
    }
    if (entry?.state !== 'ready' && entry?.state !== 'ending') return undefined;
    const stored = storedOf(pair, entry);
    if (spare?.(stored)) return undefined;
    let fence: number | undefined = version;
    if (entry.state === 'ready') {
      // Looked for before: what is ending, others may end
      const isGone = await this.#isGone(entry);
      fence = await this.#write(pair, version, { ...factsOf(entry), state: 'ending' });
      if (fence === undefined) return undefined;
      if (isGone) await this.#onTampered(stored);
    }
    await this.#wrapping.end(entry.accessor);
    return (await this.#write(pair, fence, gone)) === undefined ? undefined : stored;
  }

  async verify(pair: Pair): Promise<boolean> {
    const { entry, version } = await this.#read(pair);
    if (entry?.state !== 'ready' || !this.#isBefore(entry) || (await this.#wrapping.lies(entry.wrapping))) return true;
    // Whoever takes or destroys it changes the entry first: unchanged, it was none of us
    const fence = await this.#write(pair, version, { ...factsOf(entry), state: 'ending' });
    if (fence === undefined) return true;
    await this.#onTampered(storedOf(pair, entry));
    return false;
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

  #isBefore({ wrappedUntil }: Ready): boolean {
    return this.#now() < wrappedUntil;
  }

  /** Whether somebody else has taken what is about to be destroyed; where that cannot be asked, it stays unknown. */
  async #isGone(entry: Ready): Promise<boolean> {
    const lies = await this.#wrapping.lies(entry.wrapping).catch(() => true);
    return !lies && this.#isBefore(entry);
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

  #oweEnd(accessor: string, untilMs: number): Promise<void> {
    return this.#owe(`wrapping ${accessor}`, () => this.#wrapping.end(accessor), untilMs);
  }
}

const pathOf = ({ user, vm }: Pair): string => `pairs/${user}/${vm}`;

const factsOf = ({ wrapping: _, wrappedUntil: __, state: ___, ...facts }: Ready) => facts;

const storedOf = (pair: Pair, entry: Extract<Entry, { method: unknown }>): StoredSecret => ({
  pair,
  decisionId: entry.decisionId,
  method: entry.method,
  reference: entry.reference,
  revocation: entry.revocation,
  recipient: entry.recipient,
  sshKeyHash: entry.sshKeyHash,
  accessor: entry.accessor,
  mintedAt: entry.mintedAt,
  expiresAt: entry.expiresAt,
});
