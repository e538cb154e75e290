import type { Alert } from '../../../schemas/generated/Alert.ts';
import type { Decision } from '../../../schemas/generated/Decision.ts';
import type { Effect } from '../../../schemas/generated/Effect.ts';
import type { Label } from '../../../schemas/generated/Label.ts';
import type { Score } from '../../../schemas/generated/Score.ts';
import { Life } from './life.ts';
import type { Change, CredentialView, DemoEvent, LaneSnapshot, Moment } from './protocol.ts';

/** What a lane keeps, so that it never grows without bound. */
export interface LaneLimits {
  /** Milliseconds of history. */
  readonly historyMs: number;
  /** Scores and changes of life, each. */
  readonly points: number;
  /** Decisions with their effects. */
  readonly moments: number;
}

const keptAlerts = 20;

/** Everything known of one credential, bounded. The same code keeps it on the server and in the page. */
export class Lane {
  readonly id: string;
  readonly life: Life;
  readonly scores: number[] = [];
  readonly moments: Moment[] = [];
  readonly alerts: Alert[] = [];
  readonly labels: Label[] = [];
  credential: CredentialView | null = null;
  lastScore: Score | null = null;
  lastDecision: Decision | null = null;
  demo: DemoEvent | null = null;
  refused: DemoEvent | null = null;
  /** When something was last heard of it, epoch milliseconds. */
  activeAt = 0;
  readonly #limits: LaneLimits;

  constructor(id: string, limits: LaneLimits, from?: LaneSnapshot) {
    this.id = id;
    this.#limits = limits;
    this.life = new Life(limits.points, from?.life);
    if (!from) return;
    this.scores.push(...from.scores);
    this.moments.push(...from.moments);
    this.alerts.push(...from.alerts);
    this.labels.push(...from.labels);
    this.credential = from.credential;
    this.lastScore = from.lastScore;
    this.lastDecision = from.lastDecision;
    this.demo = from.demo;
    this.refused = from.refused;
    this.activeAt = from.activeAt;
  }

  /** Longest life it may have, milliseconds: the height of its lane. */
  get maxTtlMs(): number {
    if (this.credential) return this.credential.maxTtlMs;
    const seen = this.moments.map(({ decision, effect }) =>
      Math.max(decision?.newTtlMs ?? 0, decision?.oldTtlMs ?? 0, effect?.remainingMs ?? 0),
    );
    return Math.max(1, ...seen);
  }

  apply(change: Change): void {
    if ('at' in change) this.activeAt = Math.max(this.activeAt, change.at);
    switch (change.type) {
      case 'credential':
        this.#register(change.credential, change.at);
        break;
      case 'score':
        this.#score(change.score, change.at);
        break;
      case 'decision':
        this.#decision(change.decision, change.at);
        break;
      case 'effect':
        this.#effect(change.effect);
        break;
      case 'alert':
        keep(this.alerts, change.alert, keptAlerts);
        break;
      case 'label':
        keep(this.labels, change.label, keptAlerts);
        break;
      case 'demo':
        this.demo = change.event;
        if (change.event.kind === 'refused') this.refused = change.event;
        break;
    }
  }

  /** Forget what lies more than the history behind `now`. */
  prune(now: number): void {
    const before = now - this.#limits.historyMs;
    this.life.prune(before);
    let drop = 0;
    while (drop < this.scores.length && this.scores[drop]! < before) drop += 2;
    if (drop > 0) this.scores.splice(0, drop);
    while (this.moments.length > 0 && this.moments[0]!.at < before && !isHarsh(this.moments[0]!)) this.moments.shift();
  }

  snapshot(points = this.#limits.points): LaneSnapshot {
    const { id, credential, lastScore, lastDecision, alerts, labels, demo, refused, activeAt } = this;
    const life = this.life.pairs.slice(-2 * points);
    const scores = this.scores.slice(-2 * points);
    return {
      id,
      credential,
      life,
      scores,
      moments: this.moments.slice(-points),
      lastScore,
      lastDecision,
      alerts,
      labels,
      demo,
      refused,
      activeAt,
    };
  }

  #register(credential: CredentialView, at: number): void {
    const known = this.credential;
    this.credential = credential;
    if (!known) this.life.set(credential.issuedAt, credential.expiresAt);
    // The register says more than once when a credential expires only because that changed
    else if (known.expiresAt !== credential.expiresAt) this.life.set(at, credential.expiresAt);
    if (credential.status === 'ended') {
      const remaining = this.life.remainingAt(at);
      if (remaining === null || remaining > 0) this.life.set(at, at);
    }
  }

  #score(score: Score, at: number): void {
    // A score is delivered again where a job was cut off before its commit
    if (this.lastScore && score.windowEnd <= this.lastScore.windowEnd && score.pipeline === this.lastScore.pipeline)
      return;
    this.lastScore = score;
    const last = this.scores.at(-2) ?? 0;
    // A signed zero would be lost in JSON, hence the small number
    this.scores.push(Math.max(at, last), score.learning ? -Math.max(score.score, 1e-9) : score.score);
    if (this.scores.length > 2 * this.#limits.points) this.scores.splice(0, 2);
  }

  #decision(decision: Decision, at: number): void {
    if (!this.lastDecision || decision.windowEnd >= this.lastDecision.windowEnd) this.lastDecision = decision;
    if (decision.action === 'keep') return;
    const moment = this.#momentOf(decision.decisionId, at);
    moment.decision = decision;
  }

  #effect(effect: Effect): void {
    if (effect.expiresAt !== null) this.life.set(effect.appliedAt, effect.expiresAt);
    else if (effect.action === 'revoke' && effect.outcome === 'enforced')
      this.life.set(effect.appliedAt, effect.appliedAt);
    else if (effect.remainingMs !== null) this.life.set(effect.appliedAt, effect.appliedAt + effect.remainingMs);
    if (effect.action === 'keep') return;
    const moment = this.#momentOf(effect.decisionId, effect.appliedAt);
    moment.effect = effect;
    if (effect.outcome === 'enforced') moment.at = effect.appliedAt;
  }

  #momentOf(id: string, at: number): Moment {
    for (let index = this.moments.length - 1; index >= 0; index--)
      if (this.moments[index]!.id === id) return this.moments[index]!;
    const moment: Moment = { id, at, decision: null, effect: null };
    this.moments.push(moment);
    if (this.moments.length > this.#limits.moments) {
      // Extensions come by the hundred: what was harsh is what people look for later
      const mild = this.moments.findIndex((known) => !isHarsh(known));
      this.moments.splice(Math.max(0, mild), 1);
    }
    return moment;
  }
}

const isHarsh = ({ decision, effect }: Moment): boolean => {
  const action = decision?.action ?? effect?.action;
  return action === 'shorten' || action === 'revoke';
};

const keep = <T>(list: T[], item: T, most: number): void => {
  list.push(item);
  if (list.length > most) list.shift();
};
