import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { LastSeen } from '../../../operators/actuate/lastSeen.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { Label } from '../../../schemas/generated/Label.ts';
import { topics } from '../../../schemas/topics.ts';
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
    episode: z
      .strictObject({
        id: z
          .string()
          .min(1)
          .max(2 * longestId),
        until: z.int().nonnegative(),
      })
      .optional()
      .describe('An entry of the queue: everything of its episode until then is judged alike'),
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
  const { app, producer, audit, model, now } = context;
  const labels = await TopicCodec.open<Label>(topics.labels, app.registry);
  const last = new LastSeen<string, Map<string, Label>>(remembered);
  server.post('/api/labels', needs('analyst'), async (request, reply) => {
    const person = personOf(request);
    const { episode, ...body } = parse(labelBody, request.body);
    const first: Label = { ...body, by: person.name, at: now() };
    const all = episode ? ofEpisode(model.desk.queue.episodeOf(episode.id, episode.until), first) : [first];
    const { decisionId, verdict, note, subject: about } = first;
    const details = { decisionId, verdict, ...(all.length > 1 && { decisions: all.length }) };
    const others = new Map<string, Label>();
    // Taken note of before anything is awaited, so that of two at once the second hears of the first
    for (const label of all) {
      const judged = JSON.stringify([label.subject, label.decisionId]);
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
      others: [...others.values()].map(({ by, verdict: theirs, at }) => ({ by, verdict: theirs, at })),
    });
  });
};

/** A label of each decision of an episode that is meant, and one of the time of its alerts that are about none. */
const ofEpisode = (members: readonly QueueEntry[], label: Label): readonly Label[] => {
  const { by, verdict } = label;
  const meant = members.filter(({ labels }) =>
    verdict === 'withdrawn' ? labels.some((one) => one.by === by) : labels.length === 0,
  );
  const decisions = meant.filter(({ decisionId }) => decisionId !== null);
  const times = meant.filter(({ decisionId }) => decisionId === null).map(({ at }) => at);
  const all = decisions.map(({ decisionId, windowEnd }) => ({ ...label, decisionId, windowEnd }));
  if (times.length > 0)
    all.push({ ...label, decisionId: null, windowStart: Math.min(...times), windowEnd: Math.max(...times) + 1 });
  return all.length > 0 ? all : [label];
};
