import { correlationHeader, headersOf, refusalBody } from '../answers.ts';
import type { Answer, Check } from '../authorizer.ts';
import type { CheckRequest, CheckResponse, HeaderOption } from './messages.ts';

const overwrite = 2;
const permissionDenied = 7;
const unauthenticated = 16;
const unavailable = 14;
const statusCodes = { 401: unauthenticated, 403: permissionDenied, 503: unavailable } as const;

const set = (key: string, value: string): HeaderOption => ({ header: { key, value }, appendAction: overwrite });

/** The request that Envoy asks about. */
export const checkOf = ({ attributes }: CheckRequest): Check => {
  const http = attributes?.request?.http;
  const headers = http?.headers ?? {};
  return {
    method: http?.method ?? '',
    host: http?.host ?? '',
    target: http?.path ?? '',
    headerOf: (name) => (Object.hasOwn(headers, name) ? headers[name] : undefined),
    peer: attributes?.source?.address?.socketAddress?.address,
  };
};

/**
 * @param credentialHeaders - headers with credentials of callers, which the backend does not see
 * @param withReasons - whether administrators want the reasons in a header
 */
export const responseOf = (
  answer: Answer,
  credentialHeaders: readonly string[],
  withReasons: boolean,
): CheckResponse => {
  const { status } = answer.ruling;
  const { correlationId } = answer;
  if (status !== 200)
    return {
      status: { code: statusCodes[status] },
      deniedResponse: {
        status: { code: status },
        headers: [
          set('content-type', 'application/problem+json'),
          set(correlationHeader, correlationId),
          ...(status === 401 ? [set('www-authenticate', 'Bearer')] : []),
          ...(status === 503 ? [set('retry-after', '1')] : []),
        ],
        body: refusalBody(status, correlationId),
      },
    };
  const headers: HeaderOption[] = [];
  // An empty one is removed, so that nothing that the caller sent stands in its place
  const headersToRemove = [...credentialHeaders];
  for (const [name, value] of headersOf(answer, withReasons)) {
    if (value === '') headersToRemove.push(name);
    else headers.push(set(name, value));
  }
  return { status: { code: 0 }, okResponse: { headers, headersToRemove } };
};
