import { LastSeen } from '../../../operators/actuate/lastSeen.ts';
import { type EbbtideError, isEbbtideError } from '../../../schemas/errors.ts';
import type { Alert, Provision, Served } from '../../../schemas/generated/index.ts';
import { Problem } from '../../http/problem.ts';
import type { Logger } from '../../log.ts';
import type { Target } from '../../provision/config.ts';
import { type Pair, pairKey } from '../../provision/names.ts';
import { codeOf, failureAlerts, wordsOf } from '../../provision/notices.ts';
import type { Owe } from '../../provision/owed.ts';
import { admit, type PrepareParts, sealedText } from '../../provision/prepare.ts';
import { blankProvision, endedRecord, factsOf } from '../../provision/records.ts';
import { seal } from '../../provision/sealing.ts';
import type { StoredSecret, Taken } from '../../provision/store.ts';
import { assertKeys, isMadeFor, sshKeyHash, type UserKeys } from '../../provision/userKeys.ts';
import { isPassing } from '../../vault/errors.ts';

/** What a {@link DeliveryService} works with. */
export interface DeliveryParts extends PrepareParts {
  readonly write: (provision: Provision | undefined, alerts?: readonly Alert[]) => Promise<void>;
  /** Sees to it that what nobody will use is ended, however long Vault is away. */
  readonly owe: Owe;
  readonly log: Logger;
  /** Name of this instance in records. */
  readonly by: string;
}

/** A hand-over. `sealed` is in the age format; the user's identity alone opens it. */
export interface Delivery {
  readonly user: string;
  readonly vm: string;
  readonly method: Provision['method'];
  readonly served: Served;
  readonly sealed: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  readonly decisionId: string;
}

/** Pairs whose failures in a row are remembered at most. */
const remembered = 10_000;

/** Hands over what was prepared, and makes what was not. What it has in hand is sealed: it cannot read it. */
export class DeliveryService {
  readonly #parts: DeliveryParts;
  readonly #failures = new LastSeen<string, number>(remembered);

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /**
   * Hand a credential over. It is recorded before it leaves: where it cannot be, it is ended and nobody gets it.
   *
   * @param given - keys that the request brings, each in place of the enrolled one
   * @throws {Problem} 403 `risk-too-high` or `forbidden`, 404 for an unknown machine, 409 `public-key-missing`, 410
   *   `vm-archived`
   * @throws {EbbtideError} what Vault or Kafka failed with
   */
  async deliver(pair: Pair, given: Partial<UserKeys>): Promise<Delivery> {
    const began = performance.now();
    const { now, risk, by, log, directory } = this.#parts;
    assertKeys(given);
    const target = await this.#admit(pair);
    try {
      // Before anything is taken: what cannot be compared must not be lost
      const keys = { ...(await directory.find(pair.user)), ...given };
      const taken = await this.#take(pair);
      const prepared = taken && (await this.#asPrepared(taken, keys));
      const delivery = prepared ?? (await this.#generate(pair, target, keys, taken ? 'refreshed' : 'generated'));
      const { stored, served } = delivery;
      const at = now();
      const record: Provision = {
        ...blankProvision(pair, at, by),
        ...factsOf(stored),
        state: 'delivered',
        served,
        windowStart: stored.mintedAt,
        windowEnd: stored.expiresAt,
        risk: risk.riskOf(pair),
        accessor: '',
        endedAt: at,
        waitedMs: performance.now() - began,
        decisionId: taken?.stored.decisionId ?? '',
      };
      try {
        await this.#parts.write(record);
      } catch (error) {
        await this.#oweEnd(stored);
        throw error;
      }
      this.#failures.delete(pairKey(pair));
      const { method, expiresAt } = stored;
      return { ...pair, method, served, sealed: delivery.sealed, expiresAt, decisionId: record.decisionId };
    } catch (error) {
      if (error instanceof Problem) throw error;
      await this.#failed(pair, error).catch(() => log.error({ pair: pairKey(pair) }, 'failure cannot be recorded'));
      throw error;
    }
  }

  /** Whether something lies ready for a pair, without taking it. */
  async status(pair: Pair): Promise<{ readonly prepared: boolean; readonly expiresAt: number | null }> {
    await this.#admit(pair);
    const stored = await this.#parts.store.peek(pair);
    const prepared = stored !== undefined && stored.expiresAt > this.#parts.now();
    return { prepared, expiresAt: prepared ? stored.expiresAt : null };
  }

  /** Put a user's public keys in the place of earlier ones. What was sealed to those is destroyed. */
  async enrol(user: string, keys: UserKeys): Promise<void> {
    const { directory, store, now, owe } = this.#parts;
    assertKeys(keys);
    await directory.enrol(user, keys);
    await owe(`enrol ${user}`, async () => {
      const left: Promise<void>[] = [];
      for (const pair of await store.pairs(user)) left.push(this.#destroy(pair, 'key'));
      await Promise.all(left);
    });
    const at = now();
    await this.#parts.write(undefined, [
      {
        alertId: `keyChanged/${user}/${at}`,
        subject: user,
        pipeline: 'provision',
        kind: 'keyChanged',
        severity: 'warning',
        summary: `The public key of ${user} was set; credentials are sealed to it from now on`,
        decisionId: null,
        at,
      },
    ]);
  }

  async #admit(pair: Pair): Promise<Target> {
    try {
      return admit(this.#parts, pair);
    } catch (error) {
      if (!isEbbtideError(error)) throw error;
      const { reason } = error.details;
      if (reason !== 'risk' && reason !== 'archived') throw error;
      // It must not lie about for one who may not have it
      await this.#destroy(pair, 'refused');
      if (reason === 'archived') throw new Problem(410, 'vm-archived', error.message);
      await this.#failed(pair, error).catch(() => {});
      throw new Problem(403, 'risk-too-high', 'No credential is given at the moment; ask your administrator');
    }
  }

  /** While the store fails, a credential is made on demand. */
  async #take(pair: Pair): Promise<Taken | undefined> {
    try {
      return await this.#parts.store.take(pair);
    } catch (error) {
      if (!isPassing(error)) throw error;
      this.#parts.log.warn(
        { pair: pairKey(pair), code: (error as EbbtideError).code },
        'what was prepared is out of reach',
      );
      return undefined;
    }
  }

  async #asPrepared({ stored, sealed }: Taken, keys: Partial<UserKeys>) {
    const { now, config, log } = this.#parts;
    const alive = stored.expiresAt - now() >= config.minRemainingMs;
    if (sealed !== undefined && alive && isMadeFor(stored, keys))
      return { stored, sealed, served: 'preProvisioned' as const };
    if (sealed === undefined && alive)
      log.warn(
        { pair: pairKey(stored.pair) },
        'what was prepared cannot be had: Vault was lost while it was taken, somebody else unwrapped or revoked it, or a clock is wrong',
      );
    await this.#oweEnd(stored, alive ? 'destroyed' : 'expired');
    return undefined;
  }

  async #generate(pair: Pair, target: Target, keys: Partial<UserKeys>, served: 'refreshed' | 'generated') {
    const { minter, now, owe } = this.#parts;
    const { recipient } = keys;
    if (recipient === undefined)
      throw new Problem(
        409,
        'public-key-missing',
        'There is no public key to seal to; enrol one by PUT /v1/keys ("ebbtide credential enrol"), or send "recipient"',
      );
    assertKeys({ ...keys, recipient });
    const minted = await minter.mint({ pair, target, ttlMs: target.ttlMs, sshPublicKey: keys.sshPublicKey });
    const { method, reference, revocation, expiresAt } = minted;
    let sealed: string;
    try {
      sealed = await seal(sealedText(pair, minted), recipient);
    } catch (error) {
      await owe(`end ${pairKey(pair)} ${revocation}`, () => minter.end({ pair, method, revocation }), expiresAt);
      throw error;
    }
    const stored: StoredSecret = {
      pair,
      decisionId: '',
      method,
      reference,
      revocation,
      recipient,
      sshKeyHash: sshKeyHash(keys.sshPublicKey),
      accessor: '',
      mintedAt: now(),
      expiresAt,
    };
    return { stored, sealed, served };
  }

  /** Destroy what lies there for a pair, unless it is made for the user's key where that is why, and see to it until that is done. */
  #destroy(pair: Pair, why: 'refused' | 'key'): Promise<void> {
    const { store, owe, directory } = this.#parts;
    let known: StoredSecret | undefined;
    return owe(`destroy ${pairKey(pair)} ${why}`, async () => {
      // What an earlier try destroyed without hearing of it is to be ended too
      known ??= await store.peek(pair);
      if (!known || (why === 'key' && isMadeFor(known, await directory.find(pair.user)))) return;
      const { decisionId, mintedAt } = known;
      await store.destroy(pair, (lies) => lies.decisionId !== decisionId || lies.mintedAt !== mintedAt);
      await this.#oweEnd(known, 'destroyed');
    });
  }

  /** @param state - written once it is ended; absent where no record told of it */
  #oweEnd(stored: StoredSecret, state?: 'destroyed' | 'expired'): Promise<void> {
    const { minter, now, by, owe, write } = this.#parts;
    const id = `end ${pairKey(stored.pair)} ${stored.decisionId || stored.mintedAt}`;
    return owe(id, async () => {
      await minter.end(stored);
      if (state) await write(endedRecord(stored, state, now(), by));
    });
  }

  async #failed(pair: Pair, error: unknown): Promise<void> {
    const { now, by, config, risk } = this.#parts;
    const key = pairKey(pair);
    const attempts = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, attempts);
    const at = now();
    const record: Provision = {
      ...blankProvision(pair, at, by),
      state: 'failed',
      risk: risk.riskOf(pair),
      attempts,
      lastError: `${codeOf(error)}: ${wordsOf(error)}`,
    };
    await this.#parts.write(record, failureAlerts(record, error, config.alertAfter));
  }
}
