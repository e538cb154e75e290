import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { parse } from '../parse.ts';
import type { RouteContext } from '../routes.ts';
import type { Found } from '../view/desk.ts';
import { investigationPath, subjectPath } from '../view/paths.ts';

const viewer = { config: { role: 'viewer' } } as const;
const mostFound = 8;

/** How much of a list is asked for. */
export const pageOfList = {
  offset: z.coerce.number().int().min(0).max(10_000_000).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(100),
};
/** What is searched for. */
export const words = z.string().max(256).default('');

const queueQuery = z.strictObject({
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
  server.get('/api/queue', viewer, async (request) => desk.queue.find(parse(queueQuery, request.query)));
  server.get('/api/search', viewer, async (request) => {
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
