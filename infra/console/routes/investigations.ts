import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { EbbtideError } from '../../../schemas/errors.ts';
import { investigationMarkdown } from '../desk/export.ts';
import { personOf } from '../people/guard.ts';
import { longestComment } from '../view/investigation.ts';
import { longestId } from '../view/paths.ts';
import { actorOf, needs, pageOfList, parse, type RouteContext, subject, words } from './context.ts';

/** A comment's characters may be four bytes each. */
const written = { ...needs('analyst'), bodyLimit: 65_536 } as const;

/** Query of `GET /api/investigations`. */
export const listQuery = z.strictObject({
  q: words,
  status: z.enum(['open', 'closed', 'all']).default('open'),
  assignee: z.string().max(256).default(''),
  ...pageOfList,
});
const byId = z.object({ id: z.string().min(1).max(64) });
const text = z.string().max(longestComment).default('');
/** Body of `POST /api/investigations`. */
export const openBody = z.strictObject({
  subject,
  title: z.string().trim().min(1).max(256),
  decisionId: z
    .string()
    .min(1)
    .max(2 * longestId)
    .nullable()
    .default(null),
  text,
});
const base = z.int().min(1);
/** Body of `POST /api/investigations/:id/steps`. */
export const stepBody = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('commented'), text: z.string().trim().min(1).max(longestComment) }),
  z.strictObject({ kind: z.literal('assigned'), base, assignee: z.string().trim().max(256), text }),
  z.strictObject({
    kind: z.literal('closed'),
    base,
    finding: z.enum(['legitimateAnomaly', 'falsePositive', 'maliciousActivity', 'inconclusive']),
    text,
  }),
  z.strictObject({ kind: z.literal('reopened'), base, text }),
]);

/** Investigations: what is being looked into. Whatever changes one is a step on their topic. */
export const addInvestigationRoutes = (server: FastifyInstance, { model, now, audit }: RouteContext): void => {
  const { investigations, queue } = model.desk;
  const known = async (params: unknown) => {
    const { id } = parse(byId, params);
    const found = await investigations.recalled(id);
    if (!found) throw new EbbtideError('NOT_FOUND', `There is no investigation ${id}`, { id });
    return found;
  };
  server.get('/api/investigations', needs('viewer'), async (request) =>
    investigations.find(parse(listQuery, request.query)),
  );
  server.get('/api/investigations/:id', needs('viewer'), async (request) => {
    const investigation = await known(request.params);
    return { investigation, decisions: investigation.decisionIds.flatMap((one) => queue.entry(one) ?? []) };
  });
  server.post('/api/investigations', written, async (request, reply) => {
    const body = parse(openBody, request.body);
    const investigationId = randomUUID().slice(0, 13).replace('-', '');
    const by = personOf(request).name;
    const deed = {
      action: 'investigate',
      subject: body.subject,
      reason: body.text,
      details: { investigationId, kind: 'opened' },
    };
    const opened = await audit.around(actorOf(request), deed, () =>
      investigations.add({ ...body, investigationId, kind: 'opened', by, assignee: by }),
    );
    return reply.code(201).send(opened);
  });
  server.post('/api/investigations/:id/steps', written, async (request, reply) => {
    const { id: investigationId, subject: about } = await known(request.params);
    const { text: reason, ...step } = parse(stepBody, request.body);
    const deed = { action: 'investigate', subject: about, reason, details: { investigationId, ...step } };
    const after = await audit.around(actorOf(request), deed, () =>
      investigations.add({ ...step, text: reason, investigationId, by: personOf(request).name }),
    );
    return reply.code(201).send(after);
  });
  server.get('/api/investigations/:id/export', needs('viewer'), async (request, reply) => {
    const investigation = await known(request.params);
    const { format } = parse(z.strictObject({ format: z.enum(['json', 'markdown']).default('json') }), request.query);
    const decisions = investigation.decisionIds.flatMap((one) => queue.entry(one) ?? []);
    const [ending, type, body] =
      format === 'json'
        ? ['json', 'application/json', `${JSON.stringify({ exportedAt: now(), investigation, decisions }, null, 2)}\n`]
        : ['md', 'text/markdown', investigationMarkdown(investigation, decisions, now())];
    return reply
      .type(`${type}; charset=utf-8`)
      .header(
        'content-disposition',
        `attachment; filename="investigation-${investigation.id.replace(/[^\w-]/g, '')}.${ending}"`,
      )
      .send(body);
  });
};
