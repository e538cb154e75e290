import { randomUUID } from 'node:crypto';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { answerProblems } from '../../http/answerProblems.ts';
import { parseBody } from '../../http/parseBody.ts';
import { problemOf } from '../../http/problem.ts';
import type { RateLimit } from '../../http/rate-limit.ts';
import type { Logger } from '../../log.ts';
import { traceRequests } from '../../tracing/traceRequests.ts';
import type { Tracing } from '../../tracing/types.ts';
import type { Callers } from './callers.ts';
import type { TokenServiceMetrics } from './metrics.ts';
import { holderRequest, issueRequest, type LoginMaterial } from './requests.ts';
import type { TokenService } from './service.ts';

/** Login material and names are small. */
const bodyLimitBytes = 16_384;
const requestTimeoutMs = 30_000;

/** What the routes work with. */
export interface RouteParts {
  readonly service: TokenService;
  readonly callers: Callers;
  readonly rateLimit: RateLimit;
  readonly metrics: TokenServiceMetrics;
  readonly log: Logger;
  readonly tracing?: Tracing | undefined;
}

type ById = { Params: { id: string } };

/** The HTTP face of the token service. Neither bodies nor headers are logged. */
export const createRoutes = ({ service, callers, rateLimit, metrics, log, tracing }: RouteParts): FastifyInstance => {
  const app = fastify({
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    genReqId: () => randomUUID(),
    logger: false,
  });

  const identify = async (request: FastifyRequest, auth: LoginMaterial | undefined) => {
    // Before anything is asked of Vault: guessing must not cost it anything
    rateLimit.take(`address/${request.ip}`, performance.now());
    const caller = await callers.authenticate(request.headers.authorization, auth);
    rateLimit.take(`caller/${caller.name}`, performance.now());
    return caller;
  };

  answerProblems(app, log);
  traceRequests(app, tracing, 'token service');
  app.addHook('onResponse', async (request, reply) => {
    const labels = {
      route: `${request.method} ${request.routeOptions.url ?? 'unknown'}`,
      status: String(reply.statusCode),
    };
    metrics.requestSeconds.observe(labels, reply.elapsedTime / 1000);
  });

  app.post('/v1/credentials', async (request, reply) => {
    const body = parseBody(issueRequest, request.body);
    const caller = await identify(request, body.auth);
    const { credential, secret } = await service.issue(caller, body, log.child({ correlationId: request.id }));
    metrics.issued.inc({ kind: credential.kind });
    const { credentialId, event, instance } = credential;
    log.info(
      {
        correlationId: request.id,
        caller: caller.name,
        credentialId,
        function: credential.function,
        event,
        instance,
        kind: credential.kind,
      },
      'credential issued',
    );
    const renew = `/v1/credentials/${encodeURIComponent(credentialId)}/renew`;
    return reply
      .status(201)
      .header('location', `/v1/credentials/${encodeURIComponent(credentialId)}`)
      .send({ ...service.fresh(credential), ...secret, renew });
  });

  app.post<ById>('/v1/credentials/:id/renew', async (request) => {
    const body = parseBody(holderRequest, request.body);
    const caller = await identify(request, body.auth);
    const credential = service.find(caller, request.params.id);
    try {
      const view = await service.renew(credential, log.child({ correlationId: request.id }));
      metrics.renewals.inc({ result: 'granted' });
      return view;
    } catch (error) {
      metrics.renewals.inc({ result: problemOf(error, '').code });
      throw error;
    }
  });

  app.get<ById>('/v1/credentials/:id', async (request) => {
    const caller = await identify(request, undefined);
    return service.status(service.find(caller, request.params.id));
  });
  return app;
};
