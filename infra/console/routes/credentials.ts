import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { Actor } from '../../audit.ts';
import type { CredentialOutcome } from '../actions/credentialActions.ts';
import { personOf } from '../people/guard.ts';
import type { Person } from '../people/person.ts';
import { actorOf, neededReason, needs, parse, type RouteContext, subject } from './context.ts';

/** Body of `POST /api/credentials/revoke` and `restore`. */
export const actBody = z.strictObject({ credentialId: subject, reason: neededReason });
const entityActions = ['revoke', 'disable', 'enable', 'deny', 'allow'] as const;
const harsh: readonly string[] = ['revoke', 'disable', 'deny'];
/** Body of `POST /api/credentials/entity`. */
export const entityBody = z.strictObject({
  credentialId: subject,
  action: z.enum(entityActions),
  reason: neededReason,
});

/** What is to be done to all credentials of an entity. */
export interface EntityWish {
  readonly entityId: string;
  readonly action: (typeof entityActions)[number];
  readonly reason: string;
}

/** What was done to an entity. */
export interface EntityDone {
  readonly action: EntityWish['action'];
  readonly outcomes: readonly CredentialOutcome[];
}

/** Act on an entity, on record. */
export const actOnEntity = (
  { audit, credentials, ports }: RouteContext,
  actor: Actor,
  person: Person,
  { entityId, action, reason }: EntityWish,
): Promise<EntityDone> =>
  audit.around(actor, { action: `${action}Entity`, subject: entityId, reason }, async (told) => {
    if (action === 'revoke') {
      const outcomes = await credentials.revokeEntity(person, entityId, reason);
      await told(`${outcomes.filter(({ outcome }) => outcome === 'enforced').length} of ${outcomes.length} revoked`);
      return { action, outcomes };
    }
    if (!ports.actOnEntity)
      throw new EbbtideError('SERVICE_MISSING', 'This console has no login at Vault; name one at vault.consoleLogin');
    if (harsh.includes(action)) credentials.assertNoneSpared(entityId);
    const { name } = await ports.actOnEntity(entityId, action);
    await told(`Entity ${name}: ${action} done`);
    return { action, outcomes: [] };
  });

/** What can be done to a credential, and to all of its entity. */
export const addCredentialRoutes = (server: FastifyInstance, context: RouteContext): void => {
  const { audit, credentials, approvals, config } = context;
  const act = <T extends CredentialOutcome | CredentialOutcome[]>(
    action: 'revoke' | 'restore',
    work: (person: Person, credentialId: string, why: string) => Promise<T>,
  ) =>
    server.post(`/api/credentials/${action}`, needs('operator'), async (request: FastifyRequest) => {
      const { credentialId, reason } = parse(actBody, request.body);
      return audit.around(actorOf(request), { action, subject: credentialId, reason }, async (told) => {
        const outcomes = [await work(personOf(request), credentialId, reason)].flat();
        await told(outcomes.map(({ what, outcome, detail }) => `${what} ${outcome}: ${detail}`).join('; '));
        return { outcomes };
      });
    });
  act('revoke', (person, id, why) => credentials.revoke(person, id, why));
  act('restore', (person, id, why) => credentials.restore(person, id, why));

  server.post('/api/credentials/entity', needs('operator'), async (request, reply) => {
    const { credentialId, action, reason } = parse(entityBody, request.body);
    const wish: EntityWish = { entityId: credentials.entityOf(credentialId), action, reason };
    if (!config.approvals.revokeEntity || !harsh.includes(action))
      return actOnEntity(context, actorOf(request), personOf(request), wish);
    const deed = { action: `${action}Entity`, subject: wish.entityId, reason, details: { approval: true } };
    const approval = await audit.around(actorOf(request), deed, async (told) => {
      const asked = await approvals.ask(personOf(request), {
        kind: 'revokeEntity',
        subject: `${action} all of the entity of ${credentialId}`,
        request: { ...wish },
        reason,
      });
      await told(`Waits for another person's approval as ${asked.approvalId}`);
      return asked;
    });
    return reply.code(202).send({ approval });
  });

  server.get('/api/credentials/standing', needs('viewer'), async (request) =>
    credentials.standing(parse(z.object({ credentialId: subject }), request.query).credentialId),
  );
};
