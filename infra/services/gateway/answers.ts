import type { Answer } from './authorizer.ts';

/** Headers that go to the backend with a request that is let through; each is always set, if only to nothing. */
export const answerHeaders = {
  credential: 'x-ebbtide-credential',
  scope: 'x-ebbtide-scope',
  reference: 'x-ebbtide-backend-credential',
  version: 'x-ebbtide-decision',
  expires: 'x-ebbtide-expires',
  reasons: 'x-ebbtide-reasons',
} as const;
/** Header with the correlation id, of every answer. */
export const correlationHeader = 'x-correlation-id';

const titles = {
  401: 'Not authenticated',
  403: 'Refused',
  503: 'Not available now',
} as const;
const words = {
  401: ['credential-missing', 'Send a valid credential'],
  403: ['forbidden', 'This credential may not do this now'],
  503: ['unavailable', 'Access cannot be decided now; try again later'],
} as const;

/** Headers of an answer that lets a request through, as names and values in turn. */
export const headersOf = (
  { ruling, correlationId, credential, version, expiresAt }: Answer,
  withReasons: boolean,
): [name: string, value: string][] => {
  const headers: [string, string][] = [
    [correlationHeader, correlationId],
    [answerHeaders.credential, headerText(credential ?? '')],
    [answerHeaders.scope, ruling.scope?.name ?? ''],
    [answerHeaders.reference, headerText(ruling.reference)],
    [answerHeaders.version, version],
    [answerHeaders.expires, String(expiresAt)],
  ];
  if (withReasons) headers.push([answerHeaders.reasons, headerText(reasonsOf({ ruling }).join('; '))]);
  return headers;
};

/** Why, for administrators. */
export const reasonsOf = ({ ruling }: Pick<Answer, 'ruling'>): string[] => [
  ruling.because,
  ...(ruling.override
    ? [`${ruling.override.enforced ? 'override' : 'shadow override'} ${ruling.override.scope.name}`]
    : []),
  ...(ruling.override?.reasons ?? []),
];

/** The body that a refused caller gets (RFC 9457): what to do, and an id to ask after; nothing of how it came about. */
export const refusalBody = (status: 401 | 403 | 503, correlationId: string): string => {
  const [code, detail] = words[status];
  return `{"type":"about:blank","title":"${titles[status]}","status":${status},"detail":"${detail}","code":"${code}","correlationId":"${correlationId}"}`;
};

/** Printable ASCII: what may stand in a header. */
const headerText = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 2048);
