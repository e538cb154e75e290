import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { EbbtideError } from '../../../schemas/errors.ts';
import { needs, parse, type RouteContext } from './context.ts';

/** Query of the views. */
export const viewQuery = z.strictObject({
  /** How far back, milliseconds. */
  span: z.coerce
    .number()
    .int()
    .min(300_000)
    .max(90 * 86_400_000)
    .default(86_400_000),
});

/** Sums of the archive for the pages of scope, pre-provisioning and key lifespans, and the health of models. */
export const addViewRoutes = (server: FastifyInstance, { ports, model, now }: RouteContext): void => {
  for (const [path, view] of [
    ['/api/scope', 'scope'],
    ['/api/provisioning', 'provisioning'],
    ['/api/keys', 'keys'],
    ['/api/models/health', 'models'],
  ] as const)
    server.get(path, needs('viewer'), async (request) => {
      const { span } = parse(viewQuery, request.query);
      if (!ports.views)
        throw new EbbtideError('SERVICE_MISSING', 'There is no archive to read from; set clickhouse.url');
      if (model.desk.archive.state === 'away')
        throw new EbbtideError('CLICKHOUSE_UNAVAILABLE', 'The archive does not answer; try again in a moment');
      const to = now();
      return { from: to - span, to, view: await ports.views[view](to - span, to) };
    });
};
