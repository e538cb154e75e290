import { randomUUID } from 'node:crypto';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { answerProblems } from '../../http/answerProblems.ts';
import { parseBody } from '../../http/parseBody.ts';
import type { RateLimit } from '../../http/rate-limit.ts';
import type { Logger } from '../../log.ts';
import type { DeliveryMetrics } from './metrics.ts';
import type { Replays } from './replays.ts';
import { credentialRequest, keysRequest, type UserMaterial } from './requests.ts';
import type { DeliveryService } from './service.ts';
import type { Users } from './users.ts';

/** Login material and keys are small. */
const bodyLimitBytes = 16_384;
const requestTimeoutMs = 30_000;

/** What the routes work with. */
export interface DeliveryRouteParts {
  readonly service: DeliveryService;
  readonly users: Users;
  /** Of each user. */
  readonly rateLimit: RateLimit;
  /** Of each address, which may be a proxy or office of many users. */
  readonly addressLimit: RateLimit;
  readonly replays: Replays;
  readonly metrics: DeliveryMetrics;
  readonly log: Logger;
  /** Certificate and key to serve HTTPS with. */
  readonly https: { readonly cert: string; readonly key: string } | undefined;
}

type ByMachine = { Params: { vm: string } };

/** The HTTP face of the delivery service. Neither bodies nor headers are logged. */
export const createDeliveryRoutes = (parts: DeliveryRouteParts): FastifyInstance => {
  const { service, users, rateLimit, addressLimit, replays, metrics, log } = parts;
  const app = fastify({
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    genReqId: () => randomUUID(),
    logger: false,
    https: parts.https ?? null,
  }) as unknown as FastifyInstance;

  const identify = async (request: FastifyRequest, auth: UserMaterial | undefined): Promise<string> => {
    // Before anything is asked of Vault: guessing must not cost it anything
    addressLimit.take(request.ip, performance.now());
    const user = await users.authenticate(request.headers.authorization, auth);
    rateLimit.take(user, performance.now());
    return user;
  };

  answerProblems(app, log, ({ code }) => metrics.requests.inc({ result: code }));

  app.post<ByMachine>('/v1/credentials/:vm', async (request) => {
    const { auth, recipient, sshPublicKey } = parseBody(credentialRequest, request.body);
    const user = await identify(request, auth);
    const key = request.headers['idempotency-key'] as string | undefined;
    replays.take(user, key, performance.now());
    const given = { ...(recipient ? { recipient } : {}), ...(sshPublicKey ? { sshPublicKey } : {}) };
    const delivery = await service.deliver({ user, vm: request.params.vm }, given).catch((error: unknown) => {
      replays.release(user, key);
      throw error;
    });
    const { vm, method, served, decisionId } = delivery;
    metrics.requests.inc({ result: served });
    log.info({ correlationId: request.id, user, vm, method, served, decisionId }, 'credential handed over');
    return delivery;
  });

  app.get<ByMachine>('/v1/credentials/:vm', async (request) => {
    const user = await identify(request, undefined);
    return service.status({ user, vm: request.params.vm });
  });

  app.put('/v1/keys', async (request, reply) => {
    const { auth, recipient, sshPublicKey } = parseBody(keysRequest, request.body);
    const user = await identify(request, auth);
    await service.enrol(user, { recipient, ...(sshPublicKey ? { sshPublicKey } : {}) });
    log.info({ correlationId: request.id, user }, 'public key enrolled');
    return reply.status(204).send();
  });

  app.addHook('onResponse', async (request, reply) => {
    if (request.method !== 'POST') return;
    const served = reply.statusCode < 300 ? 'handedOver' : 'refused';
    metrics.seconds.observe({ served }, reply.elapsedTime / 1000);
  });
  return app;
};
