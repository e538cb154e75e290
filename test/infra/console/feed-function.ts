import type { Alert, Credential, Decision, Effect, Score } from '../../../schemas/generated/index.ts';

const features = ['cpuFraction', 'networkSentBytes', 'dataReads', 'apiCalls', 'memoryBytes', 'fileReadBytes'];
const thresholds = { low: 0.3, moderate: 0.6, high: 0.9 };

/** A generator of numbers from 0 to 1, the same for the same seed (mulberry32). */
export const seeded = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
};

/** What one window of one function gives. */
export interface WindowRecords {
  score?: Score;
  decision?: Decision;
  effect?: Effect;
  alert?: Alert;
}

/** One made-up function instance with a credential: scored every window, decided on by the real policy's branches. */
export class FeedFunction {
  readonly credential: Credential;
  misbehaving = false;
  /** Whether its decisions are only recorded. */
  shadow = false;
  ended = false;
  endedAt = 0;
  #ttlMs = 30_000;
  #expiresAt: number;
  #noise = 0.1;
  #heat = 0;
  #calm = 0;
  #strikes = 0;
  #windows = 0;
  #changedAt = 0;
  #renewAt: number;
  readonly #random: () => number;

  constructor(name: string, event: string, number: number, at: number) {
    this.#random = seeded(number * 7_919);
    this.#expiresAt = at + this.#ttlMs;
    this.#renewAt = at + 10_000 + this.#random() * 8_000;
    this.credential = {
      credentialId: `cred-${String(number).padStart(4, '0')}`,
      kind: 'token',
      reference: `accessor-${number}`,
      mount: 'auth/token',
      role: 'ebbtide-functions',
      entityId: null,
      function: name,
      instance: `${name}-1`,
      event,
      issuedAt: at,
      expiresAt: this.#expiresAt,
      ttlMs: this.#ttlMs,
      maxTtlMs: 120_000,
      explicitMaxExpiresAt: at + 3_600_000,
      shortening: 'continuous',
      status: 'active',
    };
  }

  /** One window that ends at `at`, epoch milliseconds. */
  window(at: number): WindowRecords {
    if (this.ended || at < this.credential.issuedAt) return {};
    this.#windows += 1;
    const score = this.#score(at);
    if (score.learning) return { score };
    const decision = this.#decide(score, at);
    if (decision) return { score, ...this.#apply(decision, at) };
    if (at >= this.#renewAt && this.#calm > 0)
      return {
        score,
        ...this.#apply(this.#decision('extend', this.#ttlMs, score, at, 'Behaves as learned: renewed'), at),
      };
    return { score };
  }

  #score(at: number): Score {
    this.#noise += (0.11 - this.#noise) * 0.25 + (this.#random() - 0.5) * 0.09;
    this.#heat += ((this.misbehaving ? 1 : 0) - this.#heat) * 0.16;
    const raw = Math.max(0.01, this.#noise + (this.#random() > 0.985 ? 0.24 : 0));
    const value = Math.min(0.99, raw * (1 - this.#heat) + this.#heat * (0.93 + this.#random() * 0.06));
    const severity = Math.min(1, value * 1.04);
    const weights = features.map((feature, index) => ({
      feature,
      weight: (this.#random() + (this.misbehaving && index < 2 ? 2 : 0.2)) / (index + 1),
    }));
    const total = weights.reduce((sum, { weight }) => sum + weight, 0);
    return {
      subject: this.credential.credentialId,
      pipeline: 'lifecycle',
      windowStart: at - 500,
      windowEnd: at,
      samples: 5,
      score: value,
      risk: value * 100,
      severity,
      frequency: Math.min(1, this.#heat * 1.1),
      pValue: Math.max(1e-4, 1 - severity),
      statistic: value * 12,
      learning: this.#windows < 12,
      contributions: weights
        .map(({ feature, weight }) => ({
          feature,
          weight: weight / total,
          direction: 'above',
          expected: null,
          observed: null,
          unit: '',
        }))
        .sort((a, b) => b.weight - a.weight),
      modelVersion: 'anomaly-1.0.0',
      role: 'champion',
    };
  }

  #decide(score: Score, at: number): Decision | undefined {
    if (score.score > thresholds.high) {
      this.#strikes += 1;
      this.#calm = 0;
      if (this.#strikes >= 3)
        return this.#decision(
          'revoke',
          0,
          score,
          at,
          `Score ${score.score.toFixed(2)} above ${thresholds.high} for the third time: revoked`,
        );
    }
    if (score.score > thresholds.moderate) {
      this.#calm = 0;
      if (at - this.#changedAt < 2_500) return undefined;
      const to = Math.max(5_000, this.#ttlMs / 2);
      return this.#decision(
        'shorten',
        to,
        score,
        at,
        `Score ${score.score.toFixed(2)} above ${thresholds.moderate}: TTL ${this.#ttlMs / 1_000} s halved to ${to / 1_000} s`,
      );
    }
    if (score.score >= thresholds.low) return undefined;
    this.#calm += 1;
    if (this.#calm < 14 || this.#ttlMs >= this.credential.maxTtlMs || at - this.#changedAt < 9_000) return undefined;
    const to = Math.min(this.credential.maxTtlMs, this.#ttlMs * 2);
    return this.#decision(
      'extend',
      to,
      score,
      at,
      `Score ${score.score.toFixed(2)} below ${thresholds.low} for 14 windows: TTL ${this.#ttlMs / 1_000} s doubled to ${to / 1_000} s`,
    );
  }

  #decision(action: Decision['action'], newTtlMs: number, score: Score, at: number, reason: string): Decision {
    const { subject } = score;
    return {
      decisionId: `lifecycle/${subject}/${at}`,
      subject,
      pipeline: 'lifecycle',
      action,
      mode: this.shadow ? 'shadow' : 'enforce',
      withheld: '',
      oldTtlMs: this.#ttlMs,
      newTtlMs,
      oldScope: '',
      newScope: '',
      reason,
      score: score.score,
      risk: 100 * score.score,
      severity: score.severity,
      frequency: score.frequency,
      features: score.contributions.slice(0, 3).map(({ feature }) => feature),
      strikes: this.#strikes,
      policyVersion: '4f1c09ab77de',
      modelVersion: score.modelVersion,
      windowEnd: at,
      decidedAt: at,
      deadline: at + 60_000,
    };
  }

  #apply(decision: Decision, at: number): WindowRecords {
    const latencyMs = 12 + this.#random() * 30;
    const appliedAt = Math.round(at + latencyMs);
    const effect: Effect = {
      decisionId: decision.decisionId,
      subject: decision.subject,
      pipeline: 'lifecycle',
      action: decision.action,
      outcome: this.shadow ? 'skipped' : 'enforced',
      detail: this.shadow
        ? ''
        : decision.action === 'revoke'
          ? 'Vault no longer knows the accessor'
          : `Vault says ${decision.newTtlMs / 1_000} s are left`,
      skipped: this.shadow ? 'shadow' : '',
      requestedTtlMs: decision.newTtlMs,
      remainingMs: this.shadow ? null : decision.newTtlMs,
      expiresAt: this.shadow ? null : appliedAt + decision.newTtlMs,
      status: this.shadow ? 0 : decision.action === 'revoke' ? 204 : 200,
      attempts: this.shadow ? 0 : 1,
      latencyMs,
      appliedAt,
    };
    this.#changedAt = at;
    if (this.shadow) return { decision, effect };
    this.#ttlMs = decision.newTtlMs;
    this.#expiresAt = appliedAt + decision.newTtlMs;
    this.#renewAt = at + Math.max(4_000, decision.newTtlMs * (0.3 + this.#random() * 0.25));
    if (decision.action !== 'revoke') return { decision, effect };
    this.ended = true;
    this.endedAt = appliedAt;
    const alert: Alert = {
      alertId: `alert/${decision.decisionId}`,
      subject: decision.subject,
      pipeline: 'lifecycle',
      kind: 'revoked',
      severity: 'critical',
      summary: `The credential of ${this.credential.function} was revoked: look at what held it`,
      decisionId: decision.decisionId,
      at,
    };
    return { decision, effect, alert };
  }
}
