import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { EbbtideError } from '../../schemas/errors.ts';
import { parse } from './parse.ts';
import type { BehaviourPort } from './ports.ts';

/** A batch of the browser agent has 256 KiB at most, which JSON within JSON makes longer. */
const bodyLimit = 600_000;
const batch = z.string().min(2).max(262_144);
const signInBody = z.strictObject({ batch: batch.optional() });
const observeBody = z.strictObject({ batch });

/**
 * The API of the page about behaviour. Each user of the console acts for themselves alone.
 *
 * @param port - undefined where nobody can sign in here
 */
export const addBehaviourRoutes = (
  server: FastifyInstance,
  port: BehaviourPort | undefined,
  userOf: (request: FastifyRequest) => string,
): void => {
  const there = (): BehaviourPort => {
    if (port) return port;
    throw new EbbtideError('NOT_FOUND', 'Nobody can sign in here: start the demonstration with ebbtide up --demo');
  };
  server.get('/api/behaviour', async (request) => there().view(userOf(request)));
  server.post('/api/behaviour/sign-in', { bodyLimit }, async (request) =>
    there().signIn(userOf(request), parse(signInBody, request.body).batch),
  );
  server.post('/api/behaviour/session', { bodyLimit }, async (request, reply) =>
    reply.code(202).send({ accepted: await there().observe(userOf(request), parse(observeBody, request.body).batch) }),
  );
  server.post('/api/behaviour/forget', async (request) => there().forget(userOf(request)));
};
