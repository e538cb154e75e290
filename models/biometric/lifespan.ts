import { z } from 'zod';

const risk = z.number().min(0).max(1);

/** How risk becomes a lifespan: the first class whose bound the risk exceeds. */
export const lifespanRuleSchema = z
  .strictObject({
    /** Ordered from the highest risk down; the last has bound 0 or below in effect, for it takes all that is left. */
    classes: z
      .array(z.strictObject({ above: risk, lifespanMs: z.number().int().positive() }))
      .min(1)
      .describe('Lifespans by risk, from the highest down: above this risk, this lifespan'),
    /** Lifespan at a risk above none of the bounds. */
    otherwiseMs: z.number().int().positive(),
  })
  .refine(
    ({ classes, otherwiseMs }) =>
      classes.every(({ above, lifespanMs }, i) => {
        const next = classes[i + 1];
        return next ? above > next.above && lifespanMs <= next.lifespanMs : lifespanMs <= otherwiseMs;
      }),
    'must fall in risk and rise in lifespan from one class to the next',
  );

/** See {@link lifespanRuleSchema}. */
export type LifespanRule = z.infer<typeof lifespanRuleSchema>;

const hourMs = 3_600_000;

/** Above 0.8 five minutes, above 0.5 an hour, above 0.2 six hours, else a day. */
export const lifespanRule: LifespanRule = {
  classes: [
    { above: 0.8, lifespanMs: 300_000 },
    { above: 0.5, lifespanMs: hourMs },
    { above: 0.2, lifespanMs: 6 * hourMs },
  ],
  otherwiseMs: 24 * hourMs,
};

/**
 * The lifespan of a key for a risk.
 *
 * @param risk from 0 to 1; what is no number counts as 1, for in doubt a key is short-lived
 * @returns milliseconds
 */
export const lifespanOf = (risk: number, rule: LifespanRule = lifespanRule): number =>
  rule.classes.find(({ above }) => !(risk <= above))?.lifespanMs ?? rule.otherwiseMs;

/** What a lifespan is granted on, beside the rule. */
export interface LifespanGrounds {
  /** From 0 to 1. */
  readonly risk: number;
  /** Whether the person is being learned, so that the risk says nothing. */
  readonly learning: boolean;
  /** Whether nobody has calibrated any of the verifiers that were heard. */
  readonly uncalibrated: boolean;
}

/**
 * The lifespan that an authentication earns: by its risk, and no more than somebody unknown gets where no verifier that was
 * heard is calibrated.
 *
 * @param learningLifespanMs while a person is being learned
 * @returns milliseconds
 */
export const grantedLifespan = (
  { risk, learning, uncalibrated }: LifespanGrounds,
  rule: LifespanRule,
  learningLifespanMs: number,
): number => {
  const byRisk = learning ? rule.otherwiseMs : lifespanOf(risk, rule);
  return learning || uncalibrated ? Math.min(learningLifespanMs, byRisk) : byRisk;
};
