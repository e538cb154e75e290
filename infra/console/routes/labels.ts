import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { LastSeen } from '../../../operators/actuate/lastSeen.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { Label } from '../../../schemas/generated/Label.ts';
import { topics } from '../../../schemas/topics.ts';
import { mostMembers } from '../desk/episodes.ts';
import { personOf } from '../people/guard.ts';
import type { QueueEntry } from '../view/desk.ts';
import { longestId } from '../view/paths.ts';
import { actorOf, needs, parse, type RouteContext, subject } from './context.ts';

/** Body of `POST /api/labels`. */
export const labelBody = z
  .strictObject({
    subject,
    decisionId: z
      .string()
      .min(1)
      .max(2 * longestId)
      .nullable()
      .default(null),
    verdict: z.enum(['legitimateAnomaly', 'falsePositive', 'maliciousActivity', 'withdrawn']),
    windowStart: z.int().nonnegative().nullable().default(null),
    windowEnd: z.int().nonnegative().nullable().default(null),
    note: z.string().max(2_000).default(''),
    ids: z
      .array(
        z
          .string()
          .min(1)
          .max(2 * longestId),
      )
      .min(1)
      .max(mostMembers)
      .optional()
      .describe('Entries of the queue about the subject: these are judged alike, instead of a decision or a time'),
  })
  .refine(({ windowStart, windowEnd }) => windowStart === null || (windowEnd !== null && windowStart < windowEnd), {
    path: ['windowEnd'],
    message: 'must come after windowStart',
  });

const remembered = 10_000;
const labelBytes = 262_144;

/**
 * Labels. Each is kept; of those on one decision the last counts, and whoever labels what another labelled otherwise is
 * told so.
 */
export const addLabelRoutes = async (server: FastifyInstance, context: RouteContext): Promise<void> => {
  const { app, producer, audit, model, now } = context;
  const labels = await TopicCodec.open<Label>(topics.labels, app.registry);
  const last = new LastSeen<string, Map<string, Label>>(remembered);
  /** What somebody judged a moment ago has perhaps not come back by the topic. */
  const isMine = (entry: QueueEntry, label: Label, person: string): boolean =>
    entry.labels.some(({ by }) => by === label.by) || last.get(judgedBy(labelOf(entry, label)))?.has(person) === true;
  server.post('/api/labels', { ...needs('analyst'), bodyLimit: labelBytes }, async (request, reply) => {
    const person = personOf(request);
    const { ids, ...body } = parse(labelBody, request.body);
    const first: Label = { ...body, by: person.name, at: now() };
    const found = ids?.flatMap((id) => model.desk.queue.entry(id) ?? []) ?? [];
    const meant = found.filter(
      (entry) => entry.subject === body.subject && (body.verdict !== 'withdrawn' || isMine(entry, first, person.id)),
    );
    if (ids && meant.length === 0)
      throw new EbbtideError(
        'NOT_FOUND',
        'Nothing of this is in the queue any more, or nothing of it is yours to take back',
      );
    const all = ids ? meant.map((entry) => labelOf(entry, first)) : [first];
    const { decisionId, verdict, note, subject: about } = first;
    const details = { decisionId, verdict, ...(all.length > 1 && { decisions: all.length }) };
    const others = new Map<string, Label>();
    // Taken note of before anything is awaited, so that of two at once the second hears of the first
    for (const label of all) {
      const judged = judgedBy(label);
      const before = last.get(judged) ?? new Map<string, Label>();
      for (const [id, other] of before)
        if (id !== person.id && other.verdict !== verdict && other.verdict !== 'withdrawn') others.set(id, other);
      last.set(judged, new Map(before).set(person.id, label));
    }
    await audit.around(actorOf(request), { action: 'label', subject: about, reason: note, details }, () =>
      producer.send(
        all.map((label) => ({ topic: topics.labels.name, key: label.subject, value: labels.encode(label) })),
      ),
    );
    return reply.code(201).send({
      ...first,
      labelled: all.length,
      ids: meant.map(({ id }) => id),
      others: [...others.values()].map(({ by, verdict: theirs, at }) => ({ by, verdict: theirs, at })),
    });
  });
};

/** A label of an entry's decision; of an alert about none, one of the moment of the alert. */
const labelOf = ({ decisionId, windowEnd, at }: QueueEntry, label: Label): Label =>
  decisionId === null
    ? { ...label, decisionId, windowStart: at, windowEnd: at + 1 }
    : { ...label, decisionId, windowStart: null, windowEnd };

/** Key of what is judged. */
const judgedBy = ({ subject, decisionId, windowStart }: Label): string =>
  JSON.stringify([subject, decisionId ?? windowStart]);
