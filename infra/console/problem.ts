import type { FastifyReply } from 'fastify';
import { type ErrorCode, isEbbtideError } from '../../schemas/errors.ts';
import { Problem } from '../http/problem.ts';

const statuses: Partial<Record<ErrorCode, number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  REQUEST_INVALID: 400,
  CONFLICT: 409,
  KAFKA_UNAVAILABLE: 503,
  VAULT_UNAVAILABLE: 503,
  VAULT_SEALED: 503,
  VAULT_FORBIDDEN: 502,
  POLICY_INVALID: 400,
  SERVICE_MISSING: 501,
};

/** Answer an error as `application/problem+json`, with the status that its code stands for. */
export const sendProblem = (reply: FastifyReply, error: unknown): FastifyReply => {
  const known = isEbbtideError(error);
  const isProblem = error instanceof Problem;
  const claimed = isProblem ? error.status : (error as { statusCode?: number }).statusCode;
  const status = known
    ? (statuses[error.code] ?? 500)
    : claimed !== undefined && claimed >= 400 && claimed < 500
      ? claimed
      : 500;
  const title = known ? error.code : isProblem ? error.code : status < 500 ? 'REQUEST_INVALID' : 'INTERNAL';
  const members = isProblem ? error.members : {};
  const detail = status < 500 || known ? (error as Error).message : 'The console failed; its log says more';
  if (status === 429) void reply.header('retry-after', '1');
  return reply
    .code(status)
    .type('application/problem+json')
    .send({ ...members, title, status, detail });
};
