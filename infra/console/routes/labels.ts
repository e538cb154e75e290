import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { LastSeen } from '../../../operators/actuate/lastSeen.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { Label } from '../../../schemas/generated/Label.ts';
import { topics } from '../../../schemas/topics.ts';
import { personOf } from '../people/guard.ts';
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
  })
  .refine(({ windowStart, windowEnd }) => windowStart === null || (windowEnd !== null && windowStart < windowEnd), {
    path: ['windowEnd'],
    message: 'must come after windowStart',
  });

const remembered = 10_000;

/**
 * Labels. Each is kept; of those on one decision the last counts, and whoever labels what another labelled otherwise is
 * told so.
 */
export const addLabelRoutes = async (server: FastifyInstance, context: RouteContext): Promise<void> => {
  const { app, producer, audit, now } = context;
  const labels = await TopicCodec.open<Label>(topics.labels, app.registry);
  const last = new LastSeen<string, Map<string, Label>>(remembered);
  server.post('/api/labels', needs('analyst'), async (request, reply) => {
    const person = personOf(request);
    const label: Label = { ...parse(labelBody, request.body), by: person.name, at: now() };
    const { decisionId, verdict, note } = label;
    const deed = { action: 'label', subject: label.subject, reason: note, details: { decisionId, verdict } };
    const judged = JSON.stringify([label.subject, decisionId]);
    // Taken note of before anything is awaited, so that of two at once the second hears of the first
    const before = last.get(judged) ?? new Map<string, Label>();
    const others = [...before.entries()].filter(
      ([id, other]) => id !== person.id && other.verdict !== verdict && other.verdict !== 'withdrawn',
    );
    last.set(judged, new Map(before).set(person.id, label));
    await audit.around(actorOf(request), deed, () =>
      producer.send([{ topic: topics.labels.name, key: label.subject, value: labels.encode(label) }]),
    );
    return reply
      .code(201)
      .send({ ...label, others: others.map(([, { by, verdict: theirs, at }]) => ({ by, verdict: theirs, at })) });
  });
};
