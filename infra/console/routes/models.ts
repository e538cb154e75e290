import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { EbbtideError } from '../../../schemas/errors.ts';
import { personOf } from '../people/guard.ts';
import type { ModelsPort } from '../ports.ts';
import { actorOf, neededReason, needs, parse, type RouteContext } from './context.ts';

const name = z.string().min(1).max(128);
/** Query of `GET /api/models/version` and `GET /api/models/report`. */
export const versionQuery = z.strictObject({ kind: name, version: name });
/** Query of `GET /api/models/differences`. */
export const diffQuery = z.strictObject({ kind: name, before: name, after: name });
/** Body of `POST /api/models/promote`. */
export const promoteBody = z.strictObject({ kind: name, version: name, expect: name.optional(), reason: neededReason });
/** Body of `POST /api/models/rollback`. */
export const rollbackBody = z.strictObject({ kind: name, expect: name.optional(), reason: neededReason });

/** Versions of models: a list, one, two compared; promotion and its way back. */
export const addModelRoutes = (server: FastifyInstance, { ports, audit }: RouteContext): void => {
  const models = (): ModelsPort => {
    if (ports.models) return ports.models;
    throw new EbbtideError('SERVICE_MISSING', 'This console knows no registry of models; set models.registry');
  };
  server.get('/api/models', needs('viewer'), async () => ({ kinds: await models().kinds() }));
  server.get('/api/models/version', needs('viewer'), async (request) => {
    const { kind, version } = parse(versionQuery, request.query);
    return { manifest: await models().version(kind, version) };
  });
  server.get('/api/models/report', needs('viewer'), async (request) => {
    const { kind, version } = parse(versionQuery, request.query);
    return { report: await models().report(kind, version) };
  });
  server.get('/api/models/differences', needs('viewer'), async (request) => {
    const { kind, before, after } = parse(diffQuery, request.query);
    return { differences: await models().differences(kind, before, after) };
  });
  for (const [path, schema] of [
    ['/api/models/promote', promoteBody],
    ['/api/models/rollback', rollbackBody],
  ] as const)
    server.post(path, needs('administrator'), async (request) => {
      const wish = { version: null, ...parse(schema, request.body) };
      const deed = { action: 'model', subject: wish.kind, reason: wish.reason };
      return audit.around(actorOf(request), deed, async (told) => {
        const pointed = await models().point({ ...wish, by: personOf(request).name });
        await told(`Champion ${pointed.champion}, challenger ${pointed.challenger ?? 'none'}`);
        return pointed;
      });
    });
};
