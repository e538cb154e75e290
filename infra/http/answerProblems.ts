import type { FastifyInstance, RawServerBase } from 'fastify';
import type { Logger } from '../log.ts';
import { type ProblemBody, problemOf } from './problem.ts';

const mediaType = 'application/problem+json';

/**
 * Let a service answer what fails, and what is not there, as problems (RFC 9457), log each refusal without bodies or
 * headers, and forbid caches to keep any answer.
 *
 * @param refused - hears of each request that failed
 */
export const answerProblems = <Server extends RawServerBase>(
  app: FastifyInstance<Server>,
  log: Logger,
  refused: (problem: ProblemBody) => void = () => {},
): void => {
  app.addHook('onSend', async (request, reply) => {
    reply
      .header('x-correlation-id', request.id)
      .header('cache-control', 'no-store')
      .header('x-content-type-options', 'nosniff');
  });
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error, request.id);
    const { code, message } = error as { code?: string; message?: string };
    const what = { correlationId: request.id, status: problem.status, code: problem.code, cause: code, message };
    log[problem.status >= 500 ? 'error' : 'info'](what, 'request refused');
    refused(problem);
    if (problem.status === 429) reply.header('retry-after', '1');
    return reply.status(problem.status).type(mediaType).send(problem);
  });
  app.setNotFoundHandler((request, reply) => {
    const nothing = Object.assign(new Error('There is nothing at this address'), { statusCode: 404 });
    return reply.status(404).type(mediaType).send(problemOf(nothing, request.id));
  });
};
