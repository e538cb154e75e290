import { z } from 'zod';

const count = z.int().min(0);
const score = z.number();

const figuresSchema = z
  .object({
    /** Held-out judged attacks, and how many of them reach the threshold. */
    attacks: count,
    attacksDetected: count,
    /** All judged attacks, those that the challenger learned from included. */
    labelledAttacks: count,
    labelledAttacksDetected: count,
    /** Held-out stretches judged benign, and how many of them reach the threshold. */
    benign: count,
    benignAlarmed: count,
    /** Windows above the threshold within these, and runs of such windows. */
    benignAlarmedWindows: count,
    benignEpisodes: count,
    /** Unlabelled windows that neither model was trained or calibrated on, those above the threshold, and runs of these. */
    unlabelledWindows: count,
    unlabelledAlarmed: count,
    unlabelledEpisodes: count,
  })
  .readonly();
/** How a model does on what it is compared on. */
export type ComparedFigures = z.infer<typeof figuresSchema>;

const verdicts = ['legitimateAnomaly', 'falsePositive', 'maliciousActivity'] as const;

const outcomeSchema = z
  .object({
    subject: z.string(),
    /** `[fromMs, toMs)`, event time. */
    fromMs: z.number(),
    toMs: z.number(),
    verdict: z.enum(verdicts),
    /** Who judged. */
    by: z.string(),
    /** Whether it only judged; the challenger learned from the others. */
    heldOut: z.boolean(),
    /** Highest scores within it, 0 to 1. */
    champion: score,
    challenger: score,
  })
  .readonly();
/** What both models say of a stretch that analysts judged. */
export type JudgedOutcome = z.infer<typeof outcomeSchema>;

const lostSchema = outcomeSchema
  .unwrap()
  .pick({ subject: true, fromMs: true, toMs: true, champion: true, challenger: true })
  .readonly();
/** A judged attack that the champion shows and the challenger does not. */
export type LostAttack = z.infer<typeof lostSchema>;

const comparisonSchema = z
  .object({
    wins: z.boolean(),
    /** Why, one sentence each. */
    reasons: z.array(z.string()).readonly(),
    /** Score above which there is an alarm, 0 to 1. */
    threshold: score,
    champion: figuresSchema,
    challenger: figuresSchema,
    lost: z.array(lostSchema).readonly(),
    judged: z.array(outcomeSchema).readonly(),
  })
  .readonly();
/** Outcome of a comparison. */
export type Comparison = z.infer<typeof comparisonSchema>;

/** Form of the report that is kept with a version. */
export const storedReportSchema = z
  .object({
    /** ISO 8601. */
    at: z.string(),
    champion: z.string(),
    challenger: z.string(),
    /** The verdict when it was published; who was put in force is said by the registry's pointers. */
    outcome: z.enum(['promoted', 'kept']),
    reasons: z.array(z.string()).readonly(),
    labels: z
      .object({
        given: count,
        legitimateAnomaly: count,
        falsePositive: count,
        maliciousActivity: count,
        heldOut: count,
        /** Left out, with the reason of each. */
        refused: z
          .array(
            z
              .object({ subject: z.string(), verdict: z.string(), by: z.string(), at: z.string(), why: z.string() })
              .readonly(),
          )
          .readonly(),
      })
      .readonly(),
    comparison: comparisonSchema,
    /** How many entries of each list are not kept, so that the report stays small. */
    cut: z.object({ refused: count, lost: count, judged: count }).readonly(),
  })
  .readonly();
/**
 * The report of a retraining as it is kept with the challenger: without what the version's own files say (lineage,
 * correction), and of long lists the beginning.
 */
export type StoredReport = z.infer<typeof storedReportSchema>;
