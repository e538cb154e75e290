import { LastSeen } from '../../operators/actuate/lastSeen.ts';
import type { TokenBucket } from '../../operators/actuate/tokenBucket.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { Alert, Provision } from '../../schemas/generated/index.ts';
import type { Logger } from '../log.ts';
import { isPassing } from '../vault/errors.ts';
import { jitteredBackoffMs } from '../vault/retry.ts';
import { Deadlines } from './deadlines.ts';
import type { ProvisionMetrics } from './metrics.ts';
import { type Pair, pairKey } from './names.ts';
import { codeOf, delayed, failureAlerts, refreshed, scheduled, wordsOf } from './notices.ts';
import type { Owed } from './owed.ts';
import { type PrepareParts, prepare } from './prepare.ts';
import { endedRecord, factsOf } from './records.ts';
import type { StoredSecret } from './store.ts';
import { sweep } from './sweep.ts';

/** What an {@link Engine} works with. */
export interface EngineParts extends PrepareParts {
  readonly write: (provision: Provision | undefined, alerts?: readonly Alert[]) => Promise<void>;
  /** Whether nothing is to be made ahead of time for a pair now; it is looked at again while the window lasts. */
  readonly killed: (pair: Pair) => boolean;
  readonly mints: TokenBucket;
  readonly metrics: ProvisionMetrics;
  readonly log: Logger;
  /** Name of this instance in records. */
  readonly by: string;
  /** What is still to be ended; it is tried again at each tick. */
  readonly owed: Owed;
  /** A clock that nobody can set, milliseconds. @default performance.now */
  readonly steadyNow?: () => number;
}

/** Pairs remembered as served at most. */
const remembered = 100_000;
/** A refresh that is nearer than this needs no notice, milliseconds. */
const noticeMs = 60_000;
const idOf = (key: string, { decisionId }: Provision): string => `${key} ${decisionId}`;

/** Pairs worked on at the same time. */
const concurrency = 8;

/**
 * Prepares what the preprovision pipeline wants, when its window begins, and destroys what nobody asked for, when it ends.
 *
 * Every instance follows the whole topic; the store lets one of them do each thing. So an instance that is killed is
 * replaced at once, and timers begin anew from the topic and from what lies in the store.
 */
export class Engine {
  readonly #parts: EngineParts;
  /** The last record that wants each pair prepared. */
  readonly #wanted = new Map<string, Provision>();
  readonly #prepared = new Map<string, Provision>();
  /** What was taken back, by pair and decision: its mint may end after that, or be told of after that. */
  readonly #takenBack = new LastSeen<string, true>(remembered);
  /** Pairs whose user has a credential from us. */
  readonly #delivered = new LastSeen<string, true>(remembered);
  readonly #announced: Alert[] = [];
  #live = false;
  readonly #mintAt: Deadlines;
  readonly #destroyAt: Deadlines;
  readonly #tries = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  readonly #working = new Map<string, Promise<void>>();

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#mintAt = new Deadlines(parts.now, parts.steadyNow);
    this.#destroyAt = new Deadlines(parts.now, parts.steadyNow);
  }

  get waiting(): number {
    return this.#wanted.size;
  }

  get lying(): number {
    return this.#prepared.size;
  }

  /** Take a record of topic `provisions` in; undefined is a tombstone. */
  take(key: string, record: Provision | undefined): void {
    if (record?.state === 'wanted') {
      this.#takenBack.delete(idOf(key, record));
      this.#wanted.set(key, record);
      this.#tries.delete(key);
      this.#mintAt.set(key, Math.max(record.windowStart, this.#parts.now()));
      this.#announce(key, record);
      return;
    }
    const wanted = this.#wanted.get(key);
    if (!record || record.state === 'unwanted') {
      for (const one of [wanted, record]) if (one) this.#takenBack.set(idOf(key, one), true);
      this.#forgetWanted(key);
      if (this.#prepared.has(key)) this.#destroyAt.set(key, 0);
      return;
    }
    if (wanted?.decisionId === record.decisionId) this.#forgetWanted(key);
    if (record.state === 'preProvisioned') {
      this.#failures.delete(key);
      // The same record comes back from Kafka: by then the clock may have been set back
      const isKnown = this.#prepared.get(key)?.decisionId === record.decisionId && this.#destroyAt.has(key);
      this.#prepared.set(key, record);
      const endsAt = Math.min(record.windowEnd, record.expiresAt ?? record.windowEnd);
      if (this.#takenBack.has(idOf(key, record))) this.#destroyAt.set(key, 0);
      else if (!isKnown) this.#destroyAt.set(key, endsAt);
      return;
    }
    if (record.state === 'delivered') this.#delivered.set(key, true);
    if (record.state === 'failed') this.#failures.set(key, record.attempts);
    // What was made on demand, or failed to be, says nothing of what lies there
    if (this.#prepared.get(key)?.decisionId !== record.decisionId) return;
    this.#prepared.delete(key);
    this.#destroyAt.delete(key);
  }

  /** Begin what is due, as far as there is room for it; one pair is never worked on twice at once. */
  async tick(): Promise<void> {
    this.#live = true;
    const announced = this.#announced.splice(0);
    if (announced.length > 0) await this.#parts.write(undefined, announced);
    const { owed } = this.#parts;
    for (const id of owed.takeDue()) this.#begin(id, () => owed.settle(id));
    // What is to be destroyed has a share of its own: a rush of new ones must not keep old ones alive
    for (const key of this.#destroyAt.takeDue())
      if (this.#working.size < 2 * concurrency) this.#begin(key, () => this.#destroy(key));
      else this.#destroyAt.set(key, 0);
    for (const key of this.#mintAt.takeDue())
      if (this.#working.size < concurrency && this.#parts.mints.tryTake(performance.now()))
        this.#begin(key, () => this.#prepare(key));
      else this.#mintAt.set(key, 0);
  }

  /** Resolves once what was begun is done. */
  async drained(): Promise<void> {
    await Promise.all(this.#working.values());
  }

  /**
   * Look through the store for secrets that no record tells of, for an instance was killed before it could write; and for
   * those that somebody else has taken.
   */
  sweep(): Promise<void> {
    return sweep(this.#parts, (gone, tampered) =>
      tampered ? this.#end(gone, 'destroyed', this.#prepared.get(pairKey(gone.pair))) : this.#end(gone, 'expired'),
    );
  }

  #begin(key: string, work: () => Promise<void>): void {
    const before = this.#working.get(key) ?? Promise.resolve();
    const current = before.then(work).catch((error: unknown) => {
      this.#parts.log.error({ pair: key, code: codeOf(error) }, 'provisioning failed unexpectedly');
    });
    this.#working.set(key, current);
    void current.then(() => this.#working.get(key) === current && this.#working.delete(key));
  }

  /** A user is told when a credential is made anew, well ahead; of what was wanted before this process began, once only. */
  #announce(key: string, wanted: Provision): void {
    if (!this.#live || wanted.windowStart < this.#parts.now() + noticeMs) return;
    if (this.#prepared.has(key) || this.#delivered.has(key)) this.#announced.push(scheduled(wanted, this.#parts.now()));
  }

  #forgetWanted(key: string): void {
    this.#wanted.delete(key);
    this.#mintAt.delete(key);
    this.#tries.delete(key);
  }

  async #prepare(key: string): Promise<void> {
    const wanted = this.#wanted.get(key);
    if (!wanted) return;
    const { now, by, log, metrics, config, owed } = this.#parts;
    const pair: Pair = { user: wanted.user, vm: wanted.vm };
    if (this.#parts.killed(pair))
      return now() < wanted.windowEnd ? this.#again(key, config.backoffMs) : this.#forgetWanted(key);
    try {
      if (pairKey(pair) !== key) throw new EbbtideError('REQUEST_INVALID', `Record of "${key}" is about another pair`);
      const done = await prepare(
        { ...this.#parts, owe: owed.owe, endReplaced: (replaced) => this.#end(replaced, 'destroyed') },
        { pair, decisionId: wanted.decisionId, windowEnd: wanted.windowEnd },
      );
      if (done.kind === 'done') return this.#forgetWanted(key);
      if (done.kind === 'held') return this.#again(key, done.untilMs - now());
      // Whoever stored it may be about to say so
      if (done.kind === 'stored' && !this.#tries.has(key)) {
        this.#tries.set(key, 1);
        return this.#again(key, config.claimMs);
      }
      const { stored } = done;
      const record: Provision = {
        ...wanted,
        ...factsOf(stored),
        state: 'preProvisioned',
        risk: this.#parts.risk.riskOf(pair),
        attempts: 0,
        lastError: '',
        at: now(),
        by,
      };
      const notices = done.kind === 'prepared' && done.replaced ? [refreshed(stored, now())] : [];
      this.take(key, record);
      metrics.steps.inc({ state: 'preProvisioned' });
      log.info({ pair: key, decisionId: wanted.decisionId, method: stored.method }, 'credential prepared');
      // It lies ready, whatever becomes of the record; one that was ended or handed over meanwhile is told of as that
      const isStill = () => this.#prepared.get(key) === record;
      const write = async () => void (isStill() && (await this.#parts.write(record, notices)));
      await owed.owe(`record ${key} ${wanted.decisionId}`, write, stored.expiresAt);
    } catch (error) {
      await this.#failed(key, wanted, error);
    }
  }

  async #failed(key: string, wanted: Provision, error: unknown): Promise<void> {
    const { now, config, metrics, log, by } = this.#parts;
    const pair: Pair = { user: wanted.user, vm: wanted.vm };
    const code = codeOf(error);
    metrics.failures.inc({ code });
    const tries = (this.#tries.get(key) ?? 0) + 1;
    log.warn({ pair: key, code, tries, message: wordsOf(error) }, 'credential cannot be prepared');
    const policy = { retries: 0, backoffMs: config.backoffMs, maxBackoffMs: config.maxBackoffMs };
    const waitMs = jitteredBackoffMs(policy, tries);
    if (isPassing(error) && tries < config.attempts && now() + waitMs < wanted.windowEnd) {
      this.#tries.set(key, tries);
      this.#again(key, waitMs);
      if (tries === 1) await this.#parts.write(undefined, [delayed(wanted, now())]);
      return;
    }
    this.#forgetWanted(key);
    const attempts = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, attempts);
    metrics.steps.inc({ state: 'failed' });
    const record: Provision = {
      ...wanted,
      state: 'failed',
      risk: this.#parts.risk.riskOf(pair),
      attempts,
      lastError: `${code}: ${wordsOf(error)}`,
      at: now(),
      by,
    };
    await this.#parts.write(record, failureAlerts(record, error, config.alertAfter));
  }

  #again(key: string, waitMs: number): void {
    this.#mintAt.set(key, this.#parts.now() + Math.max(50, waitMs));
  }

  async #destroy(key: string): Promise<void> {
    const record = this.#prepared.get(key);
    if (!record) return;
    const { store, now, config } = this.#parts;
    try {
      const gone = await store.destroy(
        { user: record.user, vm: record.vm },
        (stored) =>
          // A later decision may have put another one in its place
          stored.decisionId !== record.decisionId,
      );
      this.#prepared.delete(key);
      if (gone) await this.#end(gone, 'destroyed', record);
    } catch (error) {
      // Vault ends it by its TTL while it cannot be asked
      this.#destroyAt.set(key, now() + config.backoffMs);
      if (!isPassing(error)) throw error;
    }
  }

  /** The store tells of it no more: it is kept in mind until its credential is ended and that is written. */
  #end(gone: StoredSecret, state: 'destroyed' | 'expired', record?: Provision): Promise<void> {
    const { owed, minter, log } = this.#parts;
    const { pair, decisionId } = gone;
    return owed.owe(`end ${pairKey(pair)} ${decisionId}`, async () => {
      await minter.end(gone);
      await this.#ended(gone, state, record);
      log.info({ pair: pairKey(pair), decisionId }, 'unused credential destroyed');
    });
  }

  async #ended(gone: StoredSecret, state: 'destroyed' | 'expired', record?: Provision): Promise<void> {
    const { now, by, metrics } = this.#parts;
    await this.#parts.write(endedRecord(gone, state, now(), by, record));
    metrics.steps.inc({ state });
  }
}
