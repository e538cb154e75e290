import {
  type Assessment,
  type Behaviour,
  type Enrolments,
  enrolmentOf,
  isEnrolled,
  type Person,
  type RiskEngine,
} from '../../../models/biometric/index.ts';

/** What a session is learned by. */
export interface LearningRule {
  /** Samples that a modality must have enrolled before it is compared. */
  readonly enrolment: number;
  readonly enrolments: Enrolments;
  /** Whether the user has shown by strong means who they are: only then is a person enrolled. */
  readonly strong: boolean;
}

const rowsOf = (rows: Float32Array, features: number): Float64Array[] =>
  Array.from({ length: rows.length / features }, (_, i) =>
    Float64Array.from(rows.subarray(i * features, (i + 1) * features)),
  );

/**
 * What is known of a person after a session. A modality that is not enrolled yet gains samples from sessions with strong
 * authentication, which are its anchor; one that is learns from sessions of low risk, as the engine's guard allows.
 *
 * @param person - undefined for somebody of whom nothing is known
 * @returns the same object where nothing was learned
 */
export const learnSession = (
  engine: RiskEngine,
  person: Person | undefined,
  behaviour: Behaviour,
  assessment: Omit<Assessment, 'lifespanMs'>,
  { strong, ...rule }: LearningRule,
): Person | undefined => {
  const enrolsOnly = assessment.reason !== 'learning' && !assessment.learnable;
  if (assessment.reason === 'replayed' || (enrolsOnly && !strong)) return person;
  let known = person;
  const enrolled = new Map<string, readonly Float64Array[]>();
  for (const [modality, samples] of behaviour) {
    const baseline = person?.get(modality);
    const features = baseline?.features ?? samples[0]?.length ?? 0;
    const fitting = samples.filter(({ length }) => length === features);
    if (fitting.length === 0) continue;
    if (baseline && isEnrolled(baseline, enrolmentOf(rule, modality))) enrolled.set(modality, fitting);
    else if (strong)
      known = engine.enrol(
        new Map([[modality, [...(baseline ? rowsOf(baseline.anchor, features) : []), ...fitting]]]),
        known,
      );
  }
  return known && enrolled.size > 0 ? engine.learn(known, enrolled, assessment) : known;
};
