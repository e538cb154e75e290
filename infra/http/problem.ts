import { type EbbtideError, type ErrorCode, isEbbtideError } from '../../schemas/errors.ts';

/** An answer that refuses, in the form of RFC 9457. */
export interface ProblemBody {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** What to switch over. */
  readonly code: string;
  readonly correlationId: string;
  readonly [member: string]: unknown;
}

/** A refusal with its HTTP status; `detail` and `members` are shown to the caller. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly code: string;
  readonly members: Readonly<Record<string, unknown>>;

  constructor(status: number, code: string, detail: string, members: Readonly<Record<string, unknown>> = {}) {
    super(detail);
    this.status = status;
    this.code = code;
    this.members = members;
  }
}

/** Statuses of codes that a service answers in their own words; their code is theirs in lower case, with hyphens. */
export type OwnAnswers = ReadonlyMap<ErrorCode, number>;

const titles: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not authenticated',
  403: 'Refused',
  404: 'Not found',
  409: 'Conflict',
  413: 'Too large',
  415: 'Not JSON',
  429: 'Too many requests',
  500: 'Failed',
  501: 'Not configured',
  502: 'Vault refused',
  503: 'Not available now',
};

/**
 * The answer to a request that failed. What went wrong inside, and Vault's words, stay in the log; the correlation id
 * leads there.
 *
 * @param own - what the service answers otherwise than the others do
 */
export const problemOf = (error: unknown, correlationId: string, own: OwnAnswers = new Map()): ProblemBody => {
  const { status, code, detail, members } = describe(error, own);
  return { ...members, type: 'about:blank', title: titles[status] ?? 'Refused', status, detail, code, correlationId };
};

const describe = (
  error: unknown,
  own: OwnAnswers,
): { status: number; code: string; detail: string; members?: Readonly<Record<string, unknown>> } => {
  if (error instanceof Problem)
    return { status: error.status, code: error.code, detail: error.message, members: error.members };
  if (isEbbtideError(error)) {
    const status = own.get(error.code);
    return status === undefined
      ? ofEbbtide(error)
      : { status, code: error.code.toLowerCase().replaceAll('_', '-'), detail: error.message };
  }
  const { statusCode, message } = error as { statusCode?: number; message?: string };
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return { status: statusCode, code: 'request-invalid', detail: message ?? 'The request cannot be understood' };
  return {
    status: 500,
    code: 'internal',
    detail: 'Something failed inside; the log has more under the correlation id',
  };
};

const ofEbbtide = (error: EbbtideError): { status: number; code: string; detail: string } => {
  switch (error.code) {
    case 'REQUEST_INVALID':
      return { status: 400, code: 'request-invalid', detail: error.message };
    case 'UNAUTHENTICATED':
      return { status: 401, code: 'unauthenticated', detail: error.message };
    case 'FORBIDDEN':
      return { status: 403, code: 'forbidden', detail: error.message };
    case 'NOT_FOUND':
      return { status: 404, code: 'not-found', detail: error.message };
    case 'VAULT_SEALED':
    case 'VAULT_UNAVAILABLE':
    case 'VAULT_RATE_LIMITED':
      return { status: 503, code: 'vault-unavailable', detail: 'Vault does not serve now; try again later' };
    case 'KAFKA_UNAVAILABLE':
      return {
        status: 503,
        code: 'register-unavailable',
        detail: 'The credential could not be registered and was taken back; try again later',
      };
    case 'VAULT_FORBIDDEN':
    case 'VAULT_NOT_FOUND':
    case 'VAULT_REJECTED':
      return {
        status: 502,
        code: 'vault-refused',
        detail: 'Vault refused to do this; the log has more under the correlation id',
      };
    default:
      return {
        status: 500,
        code: 'internal',
        detail: 'Something failed inside; the log has more under the correlation id',
      };
  }
};
