import { z } from 'zod';
import { reasonsOf } from '../answers.ts';
import type { Answer, Authorizer } from '../authorizer.ts';
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
export const authorize = (
  body: AuthorizeRequest,
  authorizer: Authorizer,
  identifier: Identifier,
): Answer | Promise<Answer> => {
  const { service, operation, resource, headers, frontendCredential, path, host, address: peer } = body;
  const headerOf: HeaderOf = (wanted) => (Object.hasOwn(headers, wanted) ? headers[wanted] : undefined);
  if (service === undefined)
    return authorizer.check({ method: body.method, host, target: path!, headerOf, peer }, frontendCredential);
  const request = { service, method: body.method, operation, resource };
  const decide = (credential: string | undefined) => authorizer.checkService({ request, credential, headerOf, peer });
  const credential = frontendCredential ?? identifier.identify(headerOf);
  return credential instanceof Promise ? credential.then(decide) : decide(credential);
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
