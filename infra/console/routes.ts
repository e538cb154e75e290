import type { FastifyInstance } from 'fastify';
import { addActionRoutes } from './routes/actions.ts';
import { addAlertRoutes } from './routes/alerts.ts';
import { addApprovalRoutes } from './routes/approvals.ts';
import { addBehaviourRoutes } from './routes/behaviour.ts';
import type { RouteContext } from './routes/context.ts';
import { addControlRoutes, openSettings } from './routes/control.ts';
import { addCredentialRoutes } from './routes/credentials.ts';
import { addInvestigationRoutes } from './routes/investigations.ts';
import { addLabelRoutes } from './routes/labels.ts';
import { addLiveRoutes } from './routes/live.ts';
import { addModelRoutes } from './routes/models.ts';
import { addPeopleRoutes } from './routes/people.ts';
import { addPolicyRoutes } from './routes/policies.ts';
import { addQueueRoutes } from './routes/queue.ts';
import { addSubjectRoutes } from './routes/subjects.ts';
import { addViewRoutes } from './routes/views.ts';

/** The console's API: what is read, and what can be done. Each route says which role it needs. */
export const addRoutes = async (server: FastifyInstance, context: RouteContext): Promise<void> => {
  const put = await openSettings(context);
  addLiveRoutes(server, context);
  await addLabelRoutes(server, context);
  addControlRoutes(server, context, put);
  addCredentialRoutes(server, context);
  addApprovalRoutes(server, context, put);
  addPolicyRoutes(server, context);
  addModelRoutes(server, context);
  addViewRoutes(server, context);
  addActionRoutes(server, context);
  addAlertRoutes(server, context, put);
  addQueueRoutes(server, context);
  addSubjectRoutes(server, context);
  addInvestigationRoutes(server, context);
  await addPeopleRoutes(server, context);
  addBehaviourRoutes(server, context);
};
