import { constants, randomUUID } from 'node:crypto';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import fastify, { type FastifyRequest } from 'fastify';
import { answerProblems } from '../../http/answerProblems.ts';
import { parseBody } from '../../http/parseBody.ts';
import type { RateLimit } from '../../http/rate-limit.ts';
import type { Logger } from '../../log.ts';
import { traceRequests } from '../../tracing/traceRequests.ts';
import type { Tracing } from '../../tracing/types.ts';
import type { KeyhostMetrics } from './metrics.ts';
import type { Peers } from './peers.ts';
import type { Provisioner } from './provisioner.ts';
import { authenticationRequest, behaviourRequest, reissueRequest } from './requests.ts';

/** A batch has 256 KiB at most, which JSON within JSON makes longer. */
const bodyLimitBytes = 600_000;
const requestTimeoutMs = 30_000;

/** What the routes work with. */
export interface RouteParts {
  readonly provisioner: Provisioner;
  readonly peers: Peers;
  readonly rateLimit: RateLimit;
  readonly metrics: KeyhostMetrics;
  readonly log: Logger;
  readonly tracing?: Tracing | undefined;
}

type ById = { Params: { id: string } };

/** The key host's face to endpoints: mutual TLS 1.3 and nothing else. Neither bodies nor headers are logged. */
export const createRoutes = (
  tls: SecureContextOptions,
  { provisioner, peers, rateLimit, metrics, log, tracing }: RouteParts,
) => {
  const app = fastify({
    https: {
      ...tls,
      minVersion: 'TLSv1.3',
      requestCert: true,
      rejectUnauthorized: true,
      // A resumed session would not show its certificate again
      secureOptions: constants.SSL_OP_NO_TICKET,
    },
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    genReqId: () => randomUUID(),
    logger: false,
  });

  const endpointOf = async (request: FastifyRequest): Promise<string> => {
    const endpoint = await peers.identify(request.raw.socket as TLSSocket);
    rateLimit.take(endpoint, performance.now());
    return endpoint;
  };

  answerProblems(app, log);
  traceRequests(app, tracing, 'key host');
  app.addHook('onResponse', async (request, reply) => {
    const route = `${request.method} ${request.routeOptions.url ?? 'unknown'}`;
    metrics.requestSeconds.observe({ route, status: String(reply.statusCode) }, reply.elapsedTime / 1000);
  });

  app.post('/v1/authentications', async (request, reply) => {
    const endpoint = await endpointOf(request);
    const key = await provisioner.authenticate(endpoint, parseBody(authenticationRequest, request.body));
    metrics.keys.inc({ reason: key.reason });
    const { credentialId, reason, expiresAt } = key;
    log.info({ correlationId: request.id, endpoint, credentialId, reason, expiresAt }, 'key provided');
    return reply.status(201).send(key);
  });

  app.post<ById>('/v1/keys/:id/reissue', async (request, reply) => {
    const endpoint = await endpointOf(request);
    const key = await provisioner.reissue(endpoint, request.params.id, parseBody(reissueRequest, request.body));
    metrics.keys.inc({ reason: key.reason });
    return reply.status(201).send(key);
  });

  app.post<ById>('/v1/keys/:id/behaviour', async (request, reply) => {
    const endpoint = await endpointOf(request);
    const { batch } = parseBody(behaviourRequest, request.body);
    const accepted = await provisioner.observe(endpoint, request.params.id, batch);
    metrics.bursts.inc(accepted);
    return reply.status(202).send({ accepted });
  });

  app.get<ById>('/v1/keys/:id', async (request) => provisioner.status(await endpointOf(request), request.params.id));
  return app;
};
