import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { everything } from '../../audit.ts';
import { actionsCsv } from '../desk/export.ts';
import { actorOf, needs, pageOfList, parse, type RouteContext, words } from './context.ts';

/** Actions in one file at most. */
const mostExported = 50_000;

const filter = {
  who: z.string().max(256).default(''),
  action: z.string().max(64).default(''),
  outcome: z.enum(['', 'asked', 'done', 'failed', 'refused']).default(''),
  q: words,
  from: z.coerce.number().int().min(0).default(0),
  to: z.coerce
    .number()
    .int()
    .min(0)
    .max(Date.UTC(2200, 0, 1))
    .default(Date.UTC(2200, 0, 1)),
};
/** Query of `GET /api/actions`. */
export const actionsQuery = z.strictObject({ ...filter, ...pageOfList });
/** Query of `GET /api/actions/export`. */
export const actionsExportQuery = z.strictObject({ ...filter, format: z.enum(['csv', 'json']).default('csv') });

/** The record of what people did: for those who may act themselves. */
export const addActionRoutes = (server: FastifyInstance, { model, audit, now }: RouteContext): void => {
  const { record } = model.desk;
  server.get('/api/actions', needs('operator'), async (request) => {
    const { offset, limit, ...wish } = parse(actionsQuery, request.query);
    return record.find(wish, offset, limit);
  });
  server.get('/api/actions/export', needs('operator'), async (request, reply) => {
    const { format, ...wish } = parse(actionsExportQuery, request.query);
    // Whoever carries the record away is on it
    await audit.note(actorOf(request), { action: 'export', subject: everything, details: { format, ...wish } }, 'done');
    const { entries, total, archived } = await record.find({ ...wish, to: Math.min(wish.to, now()) }, 0, mostExported);
    const missing = [
      entries.length < total && `Not whole: the newest ${entries.length} of ${total} actions; ask for a shorter time.`,
      !archived && 'Not whole: the archive did not answer, so that older actions are missing.',
    ].filter(Boolean);
    const name = `ebbtide-actions-${new Date(now()).toISOString().slice(0, 10)}.${format}`;
    void reply.header('content-disposition', `attachment; filename="${name}"`);
    return format === 'csv'
      ? reply.type('text/csv; charset=utf-8').send(actionsCsv(entries, missing.join(' ')))
      : { total, complete: missing.length === 0, actions: entries };
  });
};
