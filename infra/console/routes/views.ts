import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { EbbtideError } from '../../../schemas/errors.ts';
import { SharedReads } from '../desk/sharedReads.ts';
import type { Versioned } from '../view/desk.ts';
import { needs, parse, type RouteContext, subject } from './context.ts';

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

/** Query of `GET /api/access`. The user travels as a query, as subjects do. */
export const accessQuery = viewQuery.extend({ user: subject });

/** Sums of the archive for the pages of scope, pre-provisioning and key lifespans, the health of models, and profiles of users. */
export const addViewRoutes = (server: FastifyInstance, { ports, model, now }: RouteContext): void => {
  type Views = NonNullable<typeof ports.views>;
  const shared = new SharedReads(now);
  /** @param key - whose they are, where they are somebody's */
  const sums = async <T>(
    what: Versioned,
    span: number,
    read: (views: Views, from: number, to: number) => Promise<T>,
    key = '',
  ) => {
    const { views } = ports;
    const { versions } = model.desk;
    if (!views) throw new EbbtideError('SERVICE_MISSING', 'There is no archive to read from; set clickhouse.url');
    if (model.desk.archive.state === 'away') {
      versions.retry(what);
      throw new EbbtideError('CLICKHOUSE_UNAVAILABLE', 'The archive does not answer; try again in a moment');
    }
    return shared.get(JSON.stringify([what, span, key]), versions.view()[what], async () => {
      const to = now();
      try {
        return { from: to - span, to, view: await read(views, to - span, to) };
      } catch (error) {
        // Pages ask once more when they are told to, in a while
        versions.retry(what);
        throw error;
      }
    });
  };
  for (const [path, what, view] of [
    ['/api/scope', 'scope', 'scope'],
    ['/api/provisioning', 'provisioning', 'provisioning'],
    ['/api/keys', 'keys', 'keys'],
    ['/api/models/health', 'modelHealth', 'models'],
  ] as const)
    server.get(path, needs('viewer'), async (request) => {
      const { span } = parse(viewQuery, request.query);
      return sums<unknown>(what, span, (views, from, to) => views[view](from, to));
    });
  // When named people work is shown to those alone who look into what they did
  server.get('/api/access', needs('analyst'), async (request) => {
    const { span, user } = parse(accessQuery, request.query);
    return sums('access', span, (views, from, to) => views.access(user, from, to), user);
  });
};
