import type { RiskAssessment, ScopeModel } from '../../models/scope/model.ts';
import { horizonMs } from '../../models/scope/profile.ts';
import type { Label, Score } from '../../schemas/generated/index.ts';
import type { ScopePolicy } from '../../schemas/scopePolicy.ts';
import type { Joined } from '../batch.ts';
import type { Orders } from '../decideTtl.ts';
import type { ModelChoice } from '../modelChoice.ts';
import { raiseByThreat } from '../raiseByThreat.ts';
import type { PartitionTime } from '../windowByKey.ts';
import type { ScopeCounts } from './batch.ts';
import type { Credential } from './credentials.ts';
import type { DecideScope, DecisionSink } from './decideScope.ts';
import { type Assessed, scoreRecord } from './scopeRecords.ts';

/** The topics that scope decisions are joined with, read as of an offset. */
export interface ScopeTopics {
  /** @param time - event time, epoch milliseconds: orders lapse */
  orders(joined: Joined, time: number): Orders<ScopePolicy>;
  /** The newest label about a credential. */
  label(subject: string, joined: Joined): Label | undefined;
}

/** What windows are assessed with on one partition. */
export interface AssessorTask {
  readonly pipeline: string;
  readonly time: PartitionTime;
  readonly models: ModelChoice<ScopeModel>;
  readonly topics: ScopeTopics;
  readonly decide: DecideScope;
  readonly counts: ScopeCounts;
}

/** A credential whose open window is to be assessed as of a time. */
export interface DueAssessment {
  readonly one: Credential;
  readonly at: number;
}

/** What came of the assessments of a batch. */
export interface AssessOutcome {
  readonly scores: Score[];
  readonly sink: DecisionSink;
}

/** Nothing yet. */
export const noOutcome = (): AssessOutcome => ({
  scores: [],
  sink: { decisions: [], overrides: [], alerts: [], touched: new Set() },
});

/** What is assessed, without what came of it. */
type Part = Pick<Assessed, 'windowStart' | 'windowEnd' | 'calls' | 'closed' | 'news'>;

/** Assesses windows by the models in force, and decides on each. */
export const createAssessor = ({ pipeline, time, models, topics, decide, counts }: AssessorTask) => {
  /** Decide on what was assessed, or on what time alone has changed. @returns the risk that counts */
  const conclude = (
    one: Credential,
    part: Part,
    assessment: RiskAssessment | undefined,
    modelVersion: string,
    orders: Orders<ScopePolicy>,
    replayed: boolean,
    { scores, sink }: AssessOutcome,
  ): number => {
    for (const [key, { at }] of one.threats) if (at < part.windowEnd - horizonMs) one.threats.delete(key);
    const raised = raiseByThreat(assessment?.risk ?? 0, one.threats.values(), orders.policy.threat);
    const risk = assessment ? raised.risk : 0;
    const threats = assessment ? raised.reasons : [];
    const assessed: Assessed = {
      ...part,
      ...{ pipeline, subject: one.name, risk, threats, assessment, modelVersion, time: time.now },
    };
    const decided = sink.decisions.length;
    decide(one, assessed, orders, replayed, sink);
    if (assessment && !replayed) {
      counts.assessments++;
      if (part.closed || sink.decisions.length > decided) scores.push(scoreRecord({ ...assessed, assessment }));
    }
    return risk;
  };

  const momentsOf = (due: readonly DueAssessment[]) => due.map(({ one: { profile }, at }) => ({ profile, time: at }));

  /** What a challenger says of windows that have closed; nothing where it fails. */
  const challenge = async (challenger: ScopeModel, due: readonly DueAssessment[]) => {
    try {
      return await challenger.assess(momentsOf(due));
    } catch (error) {
      models.challengerFailed(challenger.version, error);
      return [];
    }
  };

  /** The score of a challenger beside the one that decides. */
  const scoreBeside = (
    { one, at }: DueAssessment,
    assessment: RiskAssessment,
    { version }: ScopeModel,
    orders: Orders<ScopePolicy>,
  ): Score => {
    const { start, calls } = one.profile.window!;
    const { risk } = raiseByThreat(assessment.risk, one.threats.values(), orders.policy.threat);
    const assessed = { pipeline, subject: one.name, windowStart: start, windowEnd: at, calls, risk, assessment };
    const settled = { closed: true, news: true, threats: [], modelVersion: version, time: time.now };
    return { ...scoreRecord({ ...assessed, ...settled }), role: 'challenger' };
  };

  /**
   * Assess open windows, each of another credential: to their ends, which closes them, or as far as they have come.
   * Credentials do not influence one another's assessment, so they are assessed together and decided upon in order.
   */
  const assess = async (
    due: readonly DueAssessment[],
    closed: boolean,
    replayed: boolean,
    outcome: AssessOutcome,
  ): Promise<void> => {
    if (due.length === 0) return;
    const orders = topics.orders(time.joined, time.now);
    const { champion, challenger } = models.inForce(time.joined);
    const assessments = await champion.assess(momentsOf(due));
    const beside = closed && challenger ? await challenge(challenger, due) : [];
    due.forEach((it, i) => {
      const { one, at } = it;
      const { profile } = one;
      const window = profile.window!;
      const { start, calls } = window;
      const part = { windowStart: start, windowEnd: at, calls, closed, news: calls > window.assessedAt };
      window.assessedAt = calls;
      const assessment = assessments[i]!;
      const risk = conclude(one, part, assessment, champion.version, orders, replayed, outcome);
      if (!closed) return;
      const states: [string, Float32Array][] = [[champion.version, assessment.carried]];
      const other = beside[i];
      if (other) {
        states.push([challenger!.version, other.carried]);
        if (!replayed) outcome.scores.push(scoreBeside(it, other, challenger!, orders));
      }
      profile.carry(states);
      profile.close(risk <= orders.policy.learnUpTo);
    });
  };

  return { assess, conclude };
};
