import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Found } from '../view/desk.ts';
import { investigationPath, subjectPath } from '../view/paths.ts';
import { needs, pageOfList, parse, type RouteContext, words } from './context.ts';

const mostFound = 8;

/** Query of `GET /api/queue`. */
export const queueQuery = z.strictObject({
  state: z.enum(['waiting', 'labelled', 'all']).default('waiting'),
  q: words,
  action: z.enum(['', 'revoke', 'shorten', 'narrow', 'alert']).default(''),
  pipeline: z.string().max(64).default(''),
  mode: z.enum(['', 'shadow', 'enforce']).default(''),
  outcome: z.enum(['', 'enforced', 'advisory', 'impossible', 'skipped', 'unknown']).default(''),
  least: z.coerce.number().min(0).max(1).default(0),
  ...pageOfList,
});

/** The queue, and the search over everything. */
export const addQueueRoutes = (server: FastifyInstance, { model }: RouteContext): void => {
  const { desk } = model;
  server.get('/api/queue', needs('viewer'), async (request) => desk.queue.find(parse(queueQuery, request.query)));
  server.get('/api/search', needs('viewer'), async (request) => {
    const { q } = parse(z.strictObject({ q: words }), request.query);
    const page = { offset: 0, limit: mostFound };
    const subjects = desk.register.find({ q, status: 'all', sort: 'recent', ...page }).entries.map(
      ({ id, name, instance, role, status }): Found => ({
        kind: 'subject',
        title: name,
        about: [instance || (name === id ? '' : id), role, status].filter(Boolean).join(' · '),
        path: subjectPath(id),
      }),
    );
    const investigations = desk.investigations.find({ q, status: 'all', assignee: '', ...page }).entries.map(
      ({ id, title, status, assignee }): Found => ({
        kind: 'investigation',
        title,
        about: [status, assignee].filter(Boolean).join(' · '),
        path: investigationPath(id),
      }),
    );
    return { found: [...subjects, ...investigations] };
  });
};
