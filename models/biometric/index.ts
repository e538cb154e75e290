import { EbbtideError } from '../../schemas/errors.ts';
import {
  type Baseline,
  isEnrolled,
  isSample,
  type KeepingRule,
  layAnchor,
  learnSamples,
  templatesOf,
} from './baseline.ts';
import { type GuardedRisk, guardedRisk, type LearningGuard, learningGuard, mayLearn } from './guard.ts';
import { type JointOpinion, joinOpinions, type Opinion } from './join.ts';
import { grantedLifespan, type LifespanGrounds, type LifespanRule, lifespanOf, lifespanRule } from './lifespan.ts';
import { isCopy, statisticalVerifier } from './statistical.ts';
import type { Template } from './template.ts';
import { type Behaviour, opinionsOf, type Verifier } from './verifier.ts';

export { type Baseline, isEnrolled } from './baseline.ts';
export { lifespanOf, lifespanRule } from './lifespan.ts';
export type { Behaviour, Verifier } from './verifier.ts';

/** What is known of one person, by modality. */
export type Person = ReadonlyMap<string, Baseline>;

/** Why a lifespan is what it is. */
export type AssessmentReason =
  /** Risk was computed. */
  | 'assessed'
  /** Nothing, or too little, is known of the person yet. */
  | 'learning'
  /** Nothing that could be compared was seen. */
  | 'unseen'
  /** A phrase is one that was typed before, with noise added: a recording. */
  | 'replayed';

/** How risky a session is, and how long its key may live. */
export interface Assessment {
  readonly reason: AssessmentReason;
  /** From 0 to 1; 1 when nothing could be compared, or it is a recording. */
  readonly risk: number;
  /** By the recent and by the anchored baseline; absent unless assessed. */
  readonly guarded?: GuardedRisk;
  readonly lifespanMs: number;
  /** How much the weightiest verifier that was heard counts; 0 where none was. What a burst weighs in a session. */
  readonly weight: number;
  /** What each verifier contributed, as a share. */
  readonly shares: JointOpinion['shares'];
  /** What each verifier added to the log odds of {@link risk}, by whichever baseline says more. */
  readonly parts: JointOpinion['parts'];
  /** Verifiers that would have counted and had nothing to look at. */
  readonly missing: JointOpinion['missing'];
  /** Whether {@link RiskEngine.learn} would learn from it. */
  readonly learnable: boolean;
  /** Modalities whose own anchor knows the behaviour: no other's word can have one learned from. */
  readonly known: readonly string[];
  /** Whether the person should show by other means who they are before a key is issued. */
  readonly stepUp: boolean;
}

/** Samples to be enrolled, by modality. */
export type Enrolments = Readonly<Partial<Record<string, number>>>;

/** Samples that a modality must have enrolled before it is compared. */
export const enrolmentOf = (
  { enrolment, enrolments }: { readonly enrolment: number; readonly enrolments?: Enrolments },
  modality: string,
): number => enrolments?.[modality] ?? enrolment;

/** What a risk engine is made of. */
export interface RiskEngineOptions {
  /** @default the statistical verifier of keystrokes, which needs no training */
  readonly verifiers?: readonly Verifier[];
  /** Weights by verifier. @default 1 each */
  readonly weights?: Readonly<Record<string, number>>;
  readonly rule?: LifespanRule;
  readonly guard?: LearningGuard;
  /** Samples that a modality must have enrolled before it counts. @default 10 */
  readonly enrolment?: number;
  /** The same by modality, where it is another. */
  readonly enrolments?: Enrolments;
  /** Lifespan while nothing is known of a person, milliseconds. @default 1 h, and never more than the rule's longest */
  readonly learningLifespanMs?: number;
  /** Risk above which a step-up is demanded, such as a second factor; never unless given. */
  readonly stepUpAbove?: number;
}

/** Judges sessions by what is known of a person. Keeps nothing: callers keep the baselines. */
export interface RiskEngine {
  /**
   * Lay a person's anchors, or lay them anew after strong re-authentication; modalities that are not given stay.
   *
   * @param behaviour samples by modality, transformed, oldest first
   * @throws EbbtideError RECORD_OUT_OF_RANGE for samples of unequal size or no numbers
   */
  enrol(behaviour: Behaviour, person?: Person): Person;
  /** Judge one session. @param person undefined for somebody of whom nothing is known */
  assess(person: Person | undefined, behaviour: Behaviour): Promise<Assessment>;
  /** What is known after a session; the same object if it may not be learned from. */
  learn(person: Person, behaviour: Behaviour, assessment: Omit<Assessment, 'lifespanMs'>): Person;
}

const hourMs = 3_600_000;
/** Templates kept ready: some 100 KB each. */
const templatesKept = 200;

/**
 * Make a risk engine.
 *
 * @example
 * const engine = createRiskEngine();
 * let person = engine.enrol(new Map([['keystroke', repetitions]]));
 * const assessment = await engine.assess(person, new Map([['keystroke', attempts]]));
 * issue({ ttlMs: assessment.lifespanMs });
 * person = engine.learn(person, attempt, assessment);
 */
export const createRiskEngine = (options: RiskEngineOptions = {}): RiskEngine => {
  const verifiers = options.verifiers ?? [statisticalVerifier];
  const weights = options.weights ?? Object.fromEntries(verifiers.map(({ name }) => [name, 1]));
  const { rule = lifespanRule, guard = learningGuard, enrolment = 10, learningLifespanMs = hourMs } = options;
  const enrolling = { enrolment, ...(options.enrolments && { enrolments: options.enrolments }) };
  const { stepUpAbove = 1 } = options;
  if (!verifiers.some(({ name }) => (weights[name] ?? 0) > 0))
    throw new EbbtideError('CONFIG_INVALID', 'No verifier of behaviour has a weight above 0', { weights });
  const keeping = new Map<string, KeepingRule>(verifiers.map((verifier) => [verifier.modality, verifier]));
  const uncalibrated = new Set(verifiers.filter((it) => it.uncalibrated).map(({ name }) => name));
  const granted = (grounds: LifespanGrounds): number => grantedLifespan(grounds, rule, learningLifespanMs);
  const modalityOf = new Map(verifiers.map(({ name, modality }) => [name, modality]));
  // Making a template takes longer than comparing with it; the last ones are kept, whose number bounds the memory.
  const made = new Map<Baseline, ReturnType<typeof templatesOf>>();
  const templates = (baseline: Baseline, modality: string): ReturnType<typeof templatesOf> => {
    const found = made.get(baseline) ?? templatesOf(baseline, keeping.get(modality));
    made.delete(baseline);
    made.set(baseline, found);
    if (made.size > templatesKept) made.delete(made.keys().next().value!);
    return found;
  };
  /** What of somebody's behaviour can be compared with their baselines: samples of their size, as the modality has them. */
  const comparable = (person: Person | undefined, behaviour: Behaviour): Behaviour =>
    new Map(
      [...behaviour].filter(([modality, samples]) =>
        samples.every(
          (sample) =>
            sample.length === person?.get(modality)?.features && isSample(sample, keeping.get(modality)?.partial),
        ),
      ),
    );
  /** Modalities of which the anchor says that the behaviour may be the person's. */
  const knownBy = (opinions: readonly Opinion[]): string[] =>
    [...keeping.keys()].filter((modality) => {
      const own = opinions.filter(({ verifier }) => modalityOf.get(verifier) === modality);
      const joint = joinOpinions(own, weights);
      return joint !== undefined && joint.risk <= guard.mostByAnchor;
    });

  return {
    enrol(behaviour, person = new Map()) {
      const known = new Map(person);
      for (const [modality, samples] of behaviour)
        if (keeping.has(modality) && samples.length > 0) known.set(modality, layAnchor(samples, keeping.get(modality)));
      return known;
    },
    async assess(person, behaviour) {
      const known = [...(person ?? [])].filter(
        ([name, baseline]) => keeping.has(name) && isEnrolled(baseline, enrolmentOf(enrolling, name)),
      );
      const nothing = {
        risk: 1,
        weight: 0,
        known: [],
        shares: {},
        parts: {},
        missing: verifiers.map(({ name }) => name),
        learnable: false,
        stepUp: 1 > stepUpAbove,
      };
      if (known.length === 0)
        return {
          reason: 'learning',
          lifespanMs: granted({ risk: 1, learning: true, uncalibrated: false }),
          ...nothing,
        };
      const fitting = comparable(person, behaviour);
      const typed = fitting.get('keystroke') ?? [];
      const kept = known.find(([modality]) => modality === 'keystroke')?.[1];
      if (
        kept &&
        typed.some((it) => Object.values(templates(kept, 'keystroke')).some((template) => isCopy(template, it)))
      )
        return { reason: 'replayed', lifespanMs: lifespanOf(1, rule), ...nothing };
      const opinionsBy = (of: 'anchor' | 'recent', leniency: number): Promise<Opinion[]> => {
        const byModality = new Map<string, Template>(
          known.filter(([name]) => fitting.has(name)).map(([name, baseline]) => [name, templates(baseline, name)[of]]),
        );
        return opinionsOf(verifiers, byModality, fitting, leniency);
      };
      const recent = joinOpinions(await opinionsBy('recent', 0), weights);
      const anchored = await opinionsBy('anchor', guard.leniency);
      const anchor = joinOpinions(anchored, weights);
      if (!recent || !anchor) return { reason: 'unseen', lifespanMs: lifespanOf(1, rule), ...nothing };
      const heard = Object.keys(recent.shares);
      const guarded = guardedRisk(recent.risk, anchor.risk);
      return {
        reason: 'assessed',
        risk: guarded.risk,
        guarded,
        lifespanMs: granted({
          risk: guarded.risk,
          learning: false,
          uncalibrated: heard.every((name) => uncalibrated.has(name)),
        }),
        weight: Math.max(...heard.map((name) => weights[name] ?? 0)),
        known: knownBy(anchored),
        shares: recent.shares,
        parts: (anchor.risk > recent.risk ? anchor : recent).parts,
        missing: recent.missing,
        learnable: mayLearn(guarded, guard),
        stepUp: guarded.risk > stepUpAbove,
      };
    },
    learn(person, behaviour, { learnable, known: ofPerson }) {
      if (!learnable) return person;
      const known = new Map(person);
      for (const [modality, samples] of comparable(person, behaviour)) {
        const baseline = known.get(modality);
        if (baseline && samples.length > 0 && ofPerson.includes(modality))
          known.set(modality, learnSamples(baseline, samples, keeping.get(modality)));
      }
      return known;
    },
  };
};
