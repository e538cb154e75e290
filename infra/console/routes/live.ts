import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { EbbtideError } from '../../../schemas/errors.ts';
import { needs, parse, type RouteContext, subject } from './context.ts';

/** How soon a page is cut off whose session has ended. */
const stillInMs = 5_000;

/** What is shown: everything at once, what changes, and the past of one credential. */
export const addLiveRoutes = (server: FastifyInstance, { model, ports, config, now, stillIn }: RouteContext): void => {
  server.get('/api/state', needs('viewer'), async () => model.snapshot());
  server.get('/api/events', needs('viewer'), (request, reply) => {
    model.hub.join(reply.raw);
    reply.hijack();
    const check = setInterval(async () => {
      if (!(await stillIn(request))) reply.raw.end();
    }, stillInMs).unref();
    reply.raw.on('close', () => clearInterval(check));
  });
  server.get('/api/credentials/:id/history', needs('viewer'), async (request) => {
    const { id } = parse(z.object({ id: subject }), request.params);
    if (!ports.archive) throw new EbbtideError('NOT_FOUND', 'There is no archive to read the history from', { id });
    const to = now();
    const past = await model.desk.archive.attempt((archive) => archive.history(id, to - config.historyMs * 12, to));
    if (past) return past;
    throw new EbbtideError('CLICKHOUSE_UNAVAILABLE', 'The archive does not answer; try again in a moment', { id });
  });
  for (const action of ['misbehave', 'behave'] as const)
    server.post(`/api/demo/${action}`, needs('analyst'), async (request) => {
      if (!ports.demo)
        throw new EbbtideError('NOT_FOUND', 'This is no demonstration: start one with ebbtide up --demo');
      const { credentialId } = parse(z.strictObject({ credentialId: subject }), request.body);
      await ports.demo[action](credentialId);
      return { credentialId, action };
    });
};
