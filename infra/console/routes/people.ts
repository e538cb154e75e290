import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { TopicCodec } from '../../../schemas/codec.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { ApiToken } from '../../../schemas/generated/index.ts';
import { topics } from '../../../schemas/topics.ts';
import { personOf } from '../people/guard.ts';
import type { Person } from '../people/person.ts';
import { rights, roles } from '../people/roles.ts';
import { makeToken, revokedToken } from '../people/tokens.ts';
import { actorOf, needs, parse, type RouteContext } from './context.ts';

const dayMs = 86_400_000;
/** Body of `POST /api/tokens`. */
export const tokenBody = z.strictObject({
  name: z.string().trim().min(1).max(100),
  role: z.enum(roles),
  days: z.int().min(1).max(366),
});
/** Body of `POST /api/tokens/revoke`. */
export const revokeBody = z.strictObject({ tokenId: z.string().min(1).max(64) });

/** Who asks, and the API tokens of machines. */
export const addPeopleRoutes = async (server: FastifyInstance, context: RouteContext): Promise<void> => {
  const { app, audit, producer, tokens, approvals, config, now } = context;
  const codec = await TopicCodec.open<ApiToken>(topics.tokens, app.registry);
  const write = (record: ApiToken) =>
    producer.send([{ topic: topics.tokens.name, partition: 0, key: record.tokenId, value: codec.encode(record) }]);

  server.get('/api/me', needs('viewer'), async (request) => {
    const { id, name, role, how } = personOf(request);
    const { revokeEntity, leaveShadow } = config.approvals;
    return {
      id,
      name,
      role,
      how,
      may: rights[role],
      // A proxy in front signs out at its own address
      canSignOut: how === 'link' || how === 'oidc',
      approvals: { on: revokeEntity || leaveShadow, waiting: approvals.waiting },
    };
  });
  server.get('/api/tokens', needs('administrator'), async () => ({
    tokens: tokens.list().map(({ hash: _hash, ...shown }) => shown),
  }));
  server.post('/api/tokens', needs('administrator'), async (request, reply) => {
    const { name, role, days } = parse(tokenBody, request.body);
    const person = assertPerson(personOf(request));
    const { token, record } = makeToken({ name, role, lifeMs: days * dayMs, by: person.id }, now());
    const details = { made: record.tokenId, name, role, expiresAt: record.expiresAt };
    await audit.around(actorOf(request), { action: 'token', subject: record.tokenId, details }, () => write(record));
    tokens.apply(record.tokenId, record);
    const { hash: _hash, ...shown } = record;
    return reply.code(201).send({ token, record: shown });
  });
  server.post('/api/tokens/revoke', needs('administrator'), async (request) => {
    const { tokenId } = parse(revokeBody, request.body);
    const record = revokedToken(tokens.get(tokenId), assertPerson(personOf(request)).id, now());
    const details = { revoked: tokenId, name: record.name };
    await audit.around(actorOf(request), { action: 'token', subject: tokenId, details }, () => write(record));
    tokens.apply(tokenId, record);
    return { tokenId, revokedAt: record.revokedAt };
  });
};

/** One that was stolen must not outlive itself by making another. */
const assertPerson = (person: Person): Person => {
  if (person.how !== 'token') return person;
  throw new EbbtideError('FORBIDDEN', 'An API token makes and revokes none: sign in as a person');
};
