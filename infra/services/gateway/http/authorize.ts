import { z } from 'zod';
import { reasonsOf } from '../answers.ts';
import type { Answer, Authorizer, Check } from '../authorizer.ts';
import type { HeaderOf, Identifier } from '../identify.ts';

const method = z.string().regex(/^[A-Z-]{0,32}$/, 'must be a method in capitals');
const name = z.string().min(1).max(256);

/** Body of `POST /v1/authorize`. */
export const authorizeRequest = z
  .strictObject({
    method: method.default('GET').describe('Method in capitals; empty where the call has none'),
    host: z.string().max(253).default('').describe('Host, for the routes'),
    path: z.string().min(1).max(8192).optional().describe('Path, for the routes'),
    service: name.optional().describe('Service, where no route is to tell it'),
    operation: name.optional().describe('Operation, beside service'),
    resource: z.string().max(8192).default('/').describe('Path within the service, beside service'),
    frontendCredential: z.string().min(1).max(1024).optional().describe('Identifier of the credential, if it is known'),
    headers: z
      .record(z.string().toLowerCase(), z.string())
      .default({})
      .describe('Headers of the request, among them the credential'),
    address: z.string().max(64).optional().describe("The caller's address"),
  })
  .refine(({ path, service }) => (path === undefined) !== (service === undefined), {
    path: ['path'],
    error: 'give either path, for the routes, or service',
  });

/** A validated {@link authorizeRequest}. */
export type AuthorizeRequest = z.output<typeof authorizeRequest>;

/** Decide what the body of `POST /v1/authorize` asks. */
export const authorize = async (
  body: AuthorizeRequest,
  authorizer: Authorizer,
  identifier: Identifier,
): Promise<Answer> => {
  const { service, operation, resource, headers, frontendCredential, path, host, address: peer } = body;
  const headerOf: HeaderOf = (wanted) => (Object.hasOwn(headers, wanted) ? headers[wanted] : undefined);
  const credential = frontendCredential ?? (await identifier.identify(headerOf));
  if (service === undefined) {
    const check: Check = { method: body.method, host, target: path!, headerOf, peer };
    return authorizer.check(check, frontendCredential);
  }
  const named = operation ?? `${body.method} ${resource}`;
  const request = { service, method: body.method, operation: named, resource };
  return authorizer.checkService({ request, credential, headerOf, peer });
};

/** What a service is told of a request that is allowed. */
export const allowedBody = (answer: Answer, withReasons: boolean): string =>
  JSON.stringify({
    allow: true,
    scope: answer.ruling.scope?.name ?? null,
    backendCredential: answer.ruling.reference || null,
    frontendCredential: answer.credential ?? null,
    service: answer.service,
    operation: answer.operation,
    version: answer.version,
    expiresAt: answer.expiresAt,
    correlationId: answer.correlationId,
    ...(withReasons ? { reasons: reasonsOf(answer) } : {}),
  });
