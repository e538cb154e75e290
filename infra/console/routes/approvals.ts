import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Setting } from '../../../schemas/control.ts';
import { everything } from '../../audit.ts';
import { personOf } from '../people/guard.ts';
import { actorOf, needs, parse, type RouteContext } from './context.ts';
import type { PutSetting } from './control.ts';
import { actOnEntity, type EntityWish } from './credentials.ts';

/** Body of what decides on an approval. */
export const decideBody = z.strictObject({
  approvalId: z.string().min(1).max(64),
  note: z.string().trim().max(500).default(''),
});

/** What leaves shadow mode: the mode itself, or a policy that has it. */
const settingOf = (request: string): Pick<Setting, 'kind' | 'pipeline' | 'value'> => {
  const { pipeline, policy } = JSON.parse(request) as { pipeline?: string; policy?: unknown };
  return pipeline === undefined ? { kind: 'mode', value: 'enforce' } : { kind: 'policy', pipeline, value: policy };
};

/** Requests that two people must agree on. */
export const addApprovalRoutes = (server: FastifyInstance, context: RouteContext, put: PutSetting): void => {
  const { approvals, audit } = context;
  server.get('/api/approvals', needs('viewer'), async (request) => ({
    approvals: approvals.list().map(({ askedByOwner, request: _request, ...shown }) => ({
      ...shown,
      own: shown.askedBy === personOf(request).id || askedByOwner === personOf(request).owner,
    })),
  }));
  server.post('/api/approvals/decline', needs('operator'), async (request) => {
    const { approvalId, note } = parse(decideBody, request.body);
    const deed = { action: 'approval', subject: approvalId, reason: note, details: { decided: 'declined' } };
    return audit.around(actorOf(request), deed, async (told) => {
      const approval = await approvals.decide(personOf(request), approvalId, 'declined', note);
      await told('Declined');
      return { approval };
    });
  });
  server.post('/api/approvals/approve', needs('operator'), async (request) => {
    const { approvalId, note } = parse(decideBody, request.body);
    const person = personOf(request);
    const actor = actorOf(request);
    const deed = { action: 'approval', subject: approvalId, reason: note, details: { decided: 'approved' } };
    return audit.around(actor, deed, async (told) => {
      const approval = await approvals.decide(person, approvalId, 'approved', note);
      const why = `${approval.reason} (asked by ${approval.askedByName}, approved by ${person.name})`;
      try {
        const done =
          approval.kind === 'leaveShadow'
            ? await put(request, { ...settingOf(approval.request), reason: why })
            : await actOnEntity(context, actor, person, {
                ...(JSON.parse(approval.request) as EntityWish),
                reason: why,
              });
        await approvals.conclude(approval, 'done', note);
        await told(
          `Done as ${approval.askedByName} asked for ${everything === approval.subject ? 'all' : approval.subject}`,
        );
        return { approval, done };
      } catch (error) {
        await approvals.conclude(approval, 'failed', (error as Error).message);
        throw error;
      }
    });
  });
};
