import { Subject } from 'rxjs';
import type { ScopeModel } from '../../models/scope/model.ts';
import type { Profile } from '../../models/scope/profile.ts';
import { onlyModel } from '../../operators/modelChoice.ts';
import {
  type CallBatch,
  noScopeCounts,
  type OverrideChange,
  type ScopeBatch,
  type ScopeCounts,
} from '../../operators/scope/batch.ts';
import { type Credential, Credentials } from '../../operators/scope/credentials.ts';
import type { Alert, ApiTelemetry, Decision, Score } from '../../schemas/generated/index.ts';
import { policyVersion } from '../../schemas/policy.ts';
import type { ScopePolicy } from '../../schemas/scopePolicy.ts';
import { decideOnCalls } from '../scope.ts';

/** What to replay calls with. */
export interface CallReplayOptions {
  readonly policy: ScopePolicy;
  readonly model: ScopeModel;
  readonly pipeline?: string;
}

/** What came of a call, or of time that passed before it. */
export interface CallOutcome {
  readonly scores: readonly Score[];
  readonly decisions: readonly Decision[];
  readonly overrides: readonly OverrideChange[];
  readonly alerts: readonly Alert[];
}

/**
 * Sends calls of the past through the scope pipeline's own chain, in event time. Everything is decided as one partition
 * would, and nothing is written anywhere.
 *
 * @example
 * const replay = new CallReplay({ policy: parseScopePolicy({}), model: defaultScopeModel });
 * for (const call of calls) await replay.take(call);
 * await replay.finish();
 */
export class CallReplay {
  readonly counts: ScopeCounts = noScopeCounts();
  readonly #credentials = new Credentials();
  readonly #input = new Subject<CallBatch>();
  readonly #tickMs: number;
  #settle: ((batch: ScopeBatch) => void) | undefined;
  #fail: ((error: unknown) => void) | undefined;
  #offset = 0;
  #now = Number.NEGATIVE_INFINITY;

  constructor({ policy, model, pipeline = 'scope' }: CallReplayOptions) {
    const version = policyVersion(policy);
    const exempt = new Set(policy.exempt);
    const orders = { policy, policyVersion: version, killSwitch: false, exempt: (name: string) => exempt.has(name) };
    const joined = { control: 0, credentials: 0, labels: 0 };
    this.#tickMs = policy.windowMs;
    this.#input
      .pipe(
        decideOnCalls({
          partition: {
            name: pipeline,
            credentials: this.#credentials,
            time: { now: 0, joined, history: [{ offset: -1, joined }] },
            budget: [],
          },
          topics: { orders: () => orders, label: () => undefined, reached: () => undefined },
          models: onlyModel(model),
          counts: this.counts,
        }),
      )
      .subscribe({ next: (batch) => this.#settle?.(batch), error: (error) => this.#fail?.(error) });
  }

  /** What is known of a credential. */
  profile(name: string): Profile | undefined {
    return this.#credentials.find(name)?.profile;
  }

  /** Take the next call; calls come in the order of their times. */
  async take(call: ApiTelemetry): Promise<CallOutcome> {
    const passed = await this.#pass(call.time);
    return join([...passed, await this.#send(call, call.time)]);
  }

  /** Let time pass until windows are closed and every override has lapsed or been widened. */
  async finish(): Promise<CallOutcome> {
    return join(await this.#pass(Number.POSITIVE_INFINITY));
  }

  async #pass(until: number): Promise<CallOutcome[]> {
    const passed: CallOutcome[] = [];
    while (Number.isFinite(this.#now) && this.#now + this.#tickMs < until && this.#active()) {
      this.#now = (Math.floor(this.#now / this.#tickMs) + 1) * this.#tickMs;
      passed.push(await this.#send(undefined, this.#now));
    }
    if (Number.isFinite(until)) this.#now = Math.max(this.#now, until);
    return passed;
  }

  #active(): boolean {
    const waits = ({ profile, rule }: Credential) => profile.window !== undefined || rule.level > 0;
    for (const one of this.#credentials.all()) if (waits(one)) return true;
    return false;
  }

  #send(call: ApiTelemetry | undefined, time: number): Promise<CallOutcome> {
    const message = { offset: this.#offset++, timestamp: time, key: null, value: null };
    const clock = { time, controlOffset: 0, labelsOffset: 0, modelSequence: 0 };
    return new Promise((resolve, reject) => {
      this.#settle = resolve;
      this.#fail = reject;
      this.#input.next({
        messages: [message],
        replayBefore: 0,
        calls: [call],
        clocks: call ? new Map() : new Map([[0, clock]]),
        rejected: [],
      });
    });
  }
}

const join = (outcomes: readonly CallOutcome[]): CallOutcome => ({
  scores: outcomes.flatMap(({ scores }) => scores),
  decisions: outcomes.flatMap(({ decisions }) => decisions),
  overrides: outcomes.flatMap(({ overrides }) => overrides),
  alerts: outcomes.flatMap(({ alerts }) => alerts),
});
