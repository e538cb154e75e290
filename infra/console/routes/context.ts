import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { AlertDesk } from '../../alerts/desk.ts';
import type { Actor, AuditLog } from '../../audit.ts';
import type { AppContext } from '../../context.ts';
import type { Producer } from '../../kafka/types.ts';
import type { CredentialActions } from '../actions/credentialActions.ts';
import type { ConsoleConfig } from '../config.ts';
import type { Model } from '../model.ts';
import type { Approvals } from '../people/approvals.ts';
import { personOf } from '../people/guard.ts';
import type { Role } from '../people/roles.ts';
import type { ApiTokens } from '../people/tokens.ts';
import type { PolicyBook } from '../policies/book.ts';
import type { ConsolePorts } from '../ports.ts';
import { longestId } from '../view/paths.ts';

/** What the routes work on. */
export interface RouteContext {
  readonly app: AppContext;
  readonly config: ConsoleConfig;
  readonly model: Model;
  readonly ports: ConsolePorts;
  readonly producer: Producer;
  readonly audit: AuditLog;
  readonly credentials: CredentialActions;
  readonly tokens: ApiTokens;
  readonly approvals: Approvals;
  readonly policies: PolicyBook;
  readonly alerts: AlertDesk;
  readonly now: () => number;
  /** Whether whoever asked has not been turned out since. */
  stillIn(request: FastifyRequest): Promise<boolean>;
}

/** Options of a route that needs a role. */
export const needs = (role: Role) => ({ config: { role } }) as const;

/** How much of a list is asked for, in a query. */
export const pageOfList = {
  offset: z.coerce.number().int().min(0).max(10_000_000).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(100),
};
/** What is searched for: words that must all be found. */
export const words = z.string().max(256).default('');

/** Whoever asks, for the record. */
export const actorOf = (request: FastifyRequest): Actor => {
  const { id, name, role, how } = personOf(request);
  return { id, name, role, how, address: request.ip };
};

/**
 * Check what was sent.
 *
 * @throws {EbbtideError} `REQUEST_INVALID`, naming each member and what was expected
 */
export const parse = <T extends z.ZodType>(schema: T, body: unknown): z.output<T> => {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; ');
  throw new EbbtideError('REQUEST_INVALID', `Request does not fit: ${problems}`, { problems });
};

/** Name of whom something is about. */
export const subject = z.string().min(1).max(longestId);
/** Why, where that may be left out. */
export const reason = z.string().trim().max(500).default('');
/** Why, where that must be said. */
export const neededReason = z.string().trim().min(1, 'say why: it is kept for the record').max(500);
