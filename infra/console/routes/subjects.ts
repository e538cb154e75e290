import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { EbbtideError } from '../../../schemas/errors.ts';
import { Problem } from '../../http/problem.ts';
import { subjectDetail } from '../desk/subject.ts';
import { needs, pageOfList, parse, type RouteContext, subject, words } from './context.ts';

const flushMs = 200;
const queuedBytes = 1_048_576;
const beatMs = 10_000;
/** Streams of single subjects for each page that may be connected. */
const streamsPerPage = 4;

/** Query of `GET /api/subjects`. */
export const subjectsQuery = z.strictObject({
  q: words,
  status: z.enum(['all', 'alive', 'ended', 'unregistered']).default('all'),
  sort: z.enum(['recent', 'score', 'expiry', 'name']).default('recent'),
  ...pageOfList,
});
/** The subject travels as a query: as a part of the path, dots and strokes in it would be taken for folders. */
/** Query of `GET /api/subject`. */
export const subjectQuery = z.strictObject({
  id: subject,
  /** How far back, milliseconds. */
  span: z.coerce
    .number()
    .int()
    .min(60_000)
    .max(90 * 86_400_000)
    .default(3_600_000),
});

/** Subjects: a list to search, one with everything known of it, and what happens to one as it happens. */
export const addSubjectRoutes = (server: FastifyInstance, { model, config, now, stillIn }: RouteContext): void => {
  const { desk } = model;
  let streams = 0;
  server.get('/api/subjects', needs('viewer'), async (request) =>
    desk.register.find(parse(subjectsQuery, request.query)),
  );
  server.get('/api/subject', needs('viewer'), async (request) => {
    const { id, span } = parse(subjectQuery, request.query);
    const detail = await subjectDetail(model, id, now() - span, now());
    if (detail) return detail;
    throw new EbbtideError('NOT_FOUND', `Nobody has heard of the subject ${JSON.stringify(id)} in this time`, { id });
  });
  server.get('/api/subject/events', needs('viewer'), (request, reply) => {
    const { id } = parse(subjectQuery, request.query);
    if (streams >= config.clients * streamsPerPage)
      throw new Problem(
        429,
        'rate-limited',
        `${streams} pages follow subjects already, as many as console.clients allows`,
      );
    streams += 1;
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    raw.write('retry: 1000\n\n');
    const waiting: unknown[] = [];
    const stop = desk.listen((change) => {
      if ('id' in change && change.id === id) waiting.push(change);
    });
    const flush = setInterval(() => {
      if (waiting.length === 0) return;
      raw.write(`event: changes\ndata: ${JSON.stringify(waiting.splice(0))}\n\n`);
      // Whoever reads too slowly is cut off, and begins anew with what is known then
      if (raw.writableLength > queuedBytes) raw.destroy();
    }, flushMs).unref();
    const beat = setInterval(async () => {
      if (await stillIn(request)) raw.write(`event: beat\ndata: ${now()}\n\n`);
      else raw.end();
    }, beatMs).unref();
    raw.on('error', () => {});
    raw.on('close', () => {
      streams -= 1;
      stop();
      clearInterval(flush);
      clearInterval(beat);
    });
  });
};
