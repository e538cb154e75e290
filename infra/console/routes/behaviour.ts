import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { EbbtideError } from '../../../schemas/errors.ts';
import { personOf } from '../people/guard.ts';
import type { BehaviourPort } from '../ports.ts';
import { actorOf, needs, parse, type RouteContext } from './context.ts';

/** A batch of the browser agent has 256 KiB at most, which JSON within JSON makes longer. */
const bodyLimit = 600_000;
const batch = z.string().min(2).max(262_144);
/** Body of `POST /api/behaviour/sign-in`. */
export const signInBody = z.strictObject({ batch: batch.optional() });
/** Body of `POST /api/behaviour/session`. */
export const observeBody = z.strictObject({ batch });

/** The API of the page about behaviour. Each user of the console acts for themselves alone. */
export const addBehaviourRoutes = (server: FastifyInstance, { ports, audit }: RouteContext): void => {
  const there = (): BehaviourPort => {
    if (ports.behaviour) return ports.behaviour;
    throw new EbbtideError('NOT_FOUND', 'Nobody can sign in here: start the demonstration with ebbtide up --demo');
  };
  const userOf = (request: FastifyRequest) => personOf(request).id;
  const open = needs('viewer');
  server.get('/api/behaviour', open, async (request) => there().view(userOf(request)));
  server.post('/api/behaviour/sign-in', { ...open, bodyLimit }, async (request) =>
    there().signIn(userOf(request), parse(signInBody, request.body).batch),
  );
  server.post('/api/behaviour/session', { ...open, bodyLimit }, async (request, reply) =>
    reply.code(202).send({ accepted: await there().observe(userOf(request), parse(observeBody, request.body).batch) }),
  );
  server.post('/api/behaviour/forget', open, async (request) => {
    const port = there();
    const actor = actorOf(request);
    // Not the pseudonym: the record would tell forever whose it is
    return audit.around(actor, { action: 'eraseUser', subject: actor.id }, () => port.forget(actor.id));
  });
};
