import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { silenceSetting } from '../../alerts/silences.ts';
import { personOf } from '../people/guard.ts';
import {
  actorOf,
  neededReason,
  needs,
  pageOfList,
  parse,
  type RouteContext,
  reason,
  subject,
  words,
} from './context.ts';
import type { PutSetting } from './control.ts';

const longestSilenceMs = 30 * 86_400_000;

/** Query of `GET /api/alerts`. */
export const listQuery = z.strictObject({
  state: z.enum(['open', 'acknowledged', 'resolved', 'all']).default('all'),
  severity: z.enum(['', 'critical', 'warning', 'info']).default(''),
  q: words,
  ...pageOfList,
});
/** Body of `POST /api/alerts/acknowledge`. */
export const acknowledgeBody = z.strictObject({ alertId: z.string().min(1).max(2_048), reason });
/** Body of `POST /api/alerts/silence`. */
export const silenceBody = z.strictObject({
  subject,
  kinds: z.string().min(1).max(128).default('*'),
  forMs: z.int().min(1_000).max(longestSilenceMs),
  reason: neededReason,
});
/** Body of `POST /api/alerts/unsilence`. */
export const unsilenceBody = z.strictObject({ subject, reason });
/** Body of `POST /api/alerts/test`. */
export const testBody = z.strictObject({
  severity: z.enum(['info', 'warning', 'critical']).default('critical'),
  subject: subject.default('ebbtide'),
});

/** Who was told of alerts; acknowledging, silencing and testing. */
export const addAlertRoutes = (server: FastifyInstance, context: RouteContext, put: PutSetting): void => {
  const { alerts, audit, now } = context;
  server.get('/api/alerts', needs('viewer'), async (request) => ({
    silences: alerts.silences(),
    ...alerts.find(parse(listQuery, request.query)),
  }));
  server.post('/api/alerts/acknowledge', needs('analyst'), async (request) => {
    const { alertId, reason: why } = parse(acknowledgeBody, request.body);
    const about = alerts.standing(alertId)?.alert.subject ?? alertId;
    const deed = { action: 'acknowledge', subject: about, reason: why, details: { alertId } };
    await audit.around(actorOf(request), deed, () => alerts.acknowledge(alertId, personOf(request).name, why));
    return { alertId, acknowledged: true };
  });
  server.post('/api/alerts/silence', needs('operator'), async (request) =>
    put(request, silenceSetting(parse(silenceBody, request.body), now())),
  );
  server.post('/api/alerts/unsilence', needs('operator'), async (request) =>
    put(request, silenceSetting({ ...parse(unsilenceBody, request.body), kinds: '*', forMs: 0 }, now())),
  );
  server.post('/api/alerts/test', needs('operator'), async (request, reply) => {
    const wish = parse(testBody, request.body);
    const deed = { action: 'testAlert', subject: wish.subject, details: { severity: wish.severity } };
    const alert = await audit.around(actorOf(request), deed, () =>
      alerts.test({ ...wish, by: personOf(request).name }),
    );
    return reply.code(202).send({ alert });
  });
};
