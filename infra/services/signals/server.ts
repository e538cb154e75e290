import { randomUUID } from 'node:crypto';
import fastify, { type FastifyInstance } from 'fastify';
import { deliveryMethods } from '../../../schemas/securityEvents.ts';
import { problemOf } from '../../http/problem.ts';
import type { Logger } from '../../log.ts';
import type { signalsMetrics } from './metrics.ts';
import { type PushRouteParts, pushRoute } from './receiver/pushRoute.ts';
import type { SigningKey } from './signingKey.ts';
import { pollRoute } from './transmitter/pollRoute.ts';
import { type TransmitterRouteParts, transmitterRoutes } from './transmitter/routes.ts';

/** What the server of shared signals works with. */
export interface SignalsServerParts {
  readonly transmitter: TransmitterRouteParts;
  readonly receiver: Pick<PushRouteParts, 'receiver' | 'tokens' | 'maxBytes' | 'onTaken'>;
  readonly jwks: SigningKey['jwks'];
  readonly metrics: ReturnType<typeof signalsMetrics>;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const bodyLimitBytes = 4_000_000;

/** The HTTP face of shared signals. Neither bodies nor headers are logged. */
export const createSignalsServer = async (parts: SignalsServerParts): Promise<FastifyInstance> => {
  const { transmitter, receiver, jwks, metrics, log, signal } = parts;
  const app = fastify({
    bodyLimit: bodyLimitBytes,
    genReqId: () => randomUUID(),
    logger: false,
    forceCloseConnections: true,
  });
  app.addHook('onSend', async (request, reply) => {
    reply
      .header('x-correlation-id', request.id)
      .header('cache-control', 'no-store')
      .header('x-content-type-options', 'nosniff');
  });
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error, request.id);
    const { code, message } = error as { code?: string; message?: string };
    log[problem.status >= 500 ? 'error' : 'info']({ correlationId: request.id, code, message }, 'request refused');
    if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
    if (problem.code === 'insufficient_scope') reply.header('www-authenticate', 'Bearer error="insufficient_scope"');
    return reply.status(problem.status).type('application/problem+json').send(problem);
  });

  const metadata = () => {
    const { issuer } = transmitter.transmitter.parts;
    return {
      spec_version: '1_0',
      issuer,
      jwks_uri: `${issuer}/ssf/jwks.json`,
      delivery_methods_supported: [deliveryMethods.push, deliveryMethods.poll],
      configuration_endpoint: `${issuer}/ssf/streams`,
      status_endpoint: `${issuer}/ssf/status`,
      add_subject_endpoint: `${issuer}/ssf/subjects/add`,
      remove_subject_endpoint: `${issuer}/ssf/subjects/remove`,
      verification_endpoint: `${issuer}/ssf/verify`,
      authorization_schemes: [
        ...(transmitter.transmitter.parts.config.authorizationServers.length > 0
          ? [{ spec_urn: 'urn:ietf:rfc:6749' }]
          : []),
        { spec_urn: 'urn:ietf:rfc:6750' },
      ],
      default_subjects: 'ALL',
    };
  };
  app.get('/.well-known/ssf-configuration', async () => metadata());
  // Where the issuer has a path, it comes after the well-known one
  app.get('/.well-known/ssf-configuration/*', async () => metadata());
  app.get('/ssf/jwks.json', async () => jwks);
  transmitterRoutes(app, transmitter);
  pollRoute(app, {
    ...transmitter,
    log,
    signal,
    onAnswer: (outcome, count) => metrics.delivered('poll', outcome, count),
  });
  await pushRoute(app, { ...receiver, log });
  return app;
};
