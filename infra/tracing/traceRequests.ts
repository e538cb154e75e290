import type { FastifyInstance } from 'fastify';
import { within } from './currentSpan.ts';
import type { Tracing } from './types.ts';

/**
 * Trace the requests of a server: each goes on with the W3C `traceparent` that it brings, else it may begin a trace, as
 * often as is sampled. What is asked of Vault and written to Kafka meanwhile is part of it. Where tracing is off, nothing
 * is added. Before routes are.
 *
 * @param service - begins the spans' names, which are `<service> <method> <route>`
 */
export const traceRequests = (app: FastifyInstance, tracing: Tracing | undefined, service: string): void => {
  if (!tracing) return;
  app.addHook('onRequest', (request, reply, done) => {
    const { traceparent } = request.headers;
    const name = `${service} ${request.method} ${request.routeOptions.url ?? 'unknown'}`;
    const span = typeof traceparent === 'string' ? tracing.causeOf([{ traceparent }])?.child(name) : tracing.root(name);
    if (!span) return done();
    reply.raw.once('close', () => span.end({ 'http.response.status_code': reply.statusCode }));
    within(span, done);
  });
};
