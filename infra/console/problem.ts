import type { FastifyReply } from 'fastify';
import { type ErrorCode, isEbbtideError } from '../../schemas/errors.ts';
import { type OwnAnswers, problemOf } from '../http/problem.ts';

/** What the console tells people in full: they act on it. */
const told: readonly (readonly [ErrorCode, number])[] = [
  ['CONFLICT', 409],
  ['REGISTRY_CONFLICT', 409],
  ['POLICY_INVALID', 400],
  ['DATA_MISSING', 404],
  ['SERVICE_MISSING', 501],
  ['MODEL_DAMAGED', 500],
  ['MODEL_INCOMPATIBLE', 409],
  ['REGISTRY_UNAVAILABLE', 503],
  ['KAFKA_UNAVAILABLE', 503],
  ['CLICKHOUSE_UNAVAILABLE', 503],
  ['CLICKHOUSE_REJECTED', 500],
  ['VAULT_UNAVAILABLE', 503],
  ['VAULT_SEALED', 503],
  ['VAULT_FORBIDDEN', 502],
  ['VAULT_NOT_FOUND', 502],
  ['VAULT_REJECTED', 502],
];
const own: OwnAnswers = new Map(told);

/** Where a policy is wrong, so that a form can say so there. */
const problemsOf = (error: unknown) =>
  isEbbtideError(error, 'POLICY_INVALID') && error.details.problems ? { problems: error.details.problems } : {};

/** Answer an error as `application/problem+json`, in the shape of every service, with the status that its code stands for. */
export const sendProblem = (reply: FastifyReply, error: unknown): FastifyReply => {
  const { id } = reply.request;
  const problem = { ...problemOf(error, id, own), ...problemsOf(error) };
  if (problem.status === 429) void reply.header('retry-after', '1');
  return reply.code(problem.status).header('x-correlation-id', id).type('application/problem+json').send(problem);
};
