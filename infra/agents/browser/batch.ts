import { z } from 'zod';
import { specifications } from '../../../models/biometric/specifications.ts';
import { EbbtideError } from '../../../schemas/errors.ts';

/** Sizes that the agent keeps to. */
const limits = { bursts: 40, features: 400, bytes: 262_144 } as const;
/** A burst may lie this far before its batch, in milliseconds: pages sleep, and bursts wait. */
const oldestMs = 3_600_000;

const name = z.string().regex(/^[A-Za-z][A-Za-z0-9.-]{0,40}$/);

/** One batch of the browser agent, as it comes in. */
export const batchSchema = z.strictObject({
  version: z.literal(1),
  session: z.string().min(8).max(64),
  /** Number of the batch in its session. */
  sequence: z.int().min(0),
  /** When it was sent, by the browser's clock, epoch milliseconds. */
  sentAt: z.int().min(0),
  consent: z.strictObject({
    level: z.enum(['authentication', 'session']),
    at: z.int().min(0),
    text: z.string().min(1).max(40),
  }),
  /** Bursts that were given up since the last batch, for none could be sent. */
  dropped: z.int().min(0),
  /** What watching has cost the page so far: events looked at, milliseconds of its main thread. */
  cost: z.strictObject({ events: z.int().min(0), ms: z.number().min(0) }),
  bursts: z
    .array(
      z.strictObject({
        modality: z.enum(['keystroke', 'mouse', 'scroll', 'touch', 'application']),
        specification: z.enum(Object.keys(specifications) as [keyof typeof specifications]),
        time: z.int().min(0),
        features: z
          .record(name, z.number())
          .refine((it) => Object.keys(it).length <= limits.features, `must have at most ${limits.features} entries`),
      }),
    )
    .min(1)
    .max(limits.bursts),
});

/** See {@link batchSchema}. */
export type Batch = z.infer<typeof batchSchema>;

type Burst = Batch['bursts'][number];

/**
 * A burst by the one specification of its kind: agents before 0.3 call a finger's movement a mouse's.
 *
 * @throws EbbtideError REQUEST_INVALID for a specification of another modality
 */
const named = (burst: Burst): Burst => {
  const { modality, specification } = burst;
  const own = modality === 'touch' && specification === 'movement' ? 'gesture' : specification;
  if (specifications[own].modality === modality) return { ...burst, specification: own };
  throw new EbbtideError('REQUEST_INVALID', `A burst of ${specification} cannot be of modality ${modality}`, {
    specification,
    modality,
  });
};

/** Specifications that consent to being recognised while signing in covers. */
const whileSigningIn: ReadonlySet<string> = new Set(['phrase']);

/**
 * Read a batch. Times are moved onto the reader's clock by what the browser's differs from it at sending: a clock that
 * goes wrong must neither hide a burst nor date it into the future.
 *
 * @param text the body of the request
 * @param receivedAt epoch milliseconds
 * @throws EbbtideError REQUEST_INVALID for what is too large, of another form, or not covered by consent;
 * RECORD_TIME_IMPLAUSIBLE for bursts after their batch, or long before it
 */
export const readBatch = (text: string, receivedAt: number): Batch => {
  if (Buffer.byteLength(text) > limits.bytes)
    throw new EbbtideError(
      'REQUEST_INVALID',
      `A batch of behaviour may have ${limits.bytes} bytes, got ${text.length}`,
      {
        bytes: text.length,
      },
    );
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new EbbtideError('REQUEST_INVALID', 'A batch of behaviour must be JSON', {}, cause);
  }
  const parsed = batchSchema.safeParse(json);
  if (!parsed.success)
    throw new EbbtideError('REQUEST_INVALID', `This is no batch of behaviour: ${z.prettifyError(parsed.error)}`);
  const batch = parsed.data;
  const uncovered = batch.bursts.find(
    ({ specification }) => batch.consent.level === 'authentication' && !whileSigningIn.has(specification),
  );
  if (uncovered)
    throw new EbbtideError(
      'REQUEST_INVALID',
      `Consent is given to signing in alone, and the batch holds ${uncovered.specification}; nothing of it is kept`,
      { specification: uncovered.specification },
    );
  const skew = receivedAt - batch.sentAt;
  for (const { time } of batch.bursts)
    if (time > batch.sentAt + 1000 || time < batch.sentAt - oldestMs)
      throw new EbbtideError(
        'RECORD_TIME_IMPLAUSIBLE',
        `A burst of ${new Date(time).toISOString()} cannot be in a batch sent at ${new Date(batch.sentAt).toISOString()}`,
        { time, sentAt: batch.sentAt },
      );
  return { ...batch, bursts: batch.bursts.map((burst) => ({ ...named(burst), time: burst.time + skew })) };
};
