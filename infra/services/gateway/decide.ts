import type { Scope, ScopedRequest, Scopes } from '../../../schemas/scopes.ts';
import type { Route } from './routes.ts';
import type { Override } from './table/overrides.ts';
import type { Found, Row } from './table/rows.ts';

/** Why a request is answered as it is; callers see less of it. */
export type Because =
  | 'allowed'
  | 'pathAmbiguous'
  | 'routeUnknown'
  | 'notReady'
  | 'credentialMissing'
  | 'credentialUnknown'
  | 'notEntitled'
  | 'outOfScope';

/** What is decided about a request. */
export interface Ruling {
  /** What is answered: allowed, or refused with 401, 403 or 503. */
  readonly status: 200 | 401 | 403 | 503;
  readonly because: Because;
  /** Whether it would be refused if its route and its override enforced, and its route failed closed. */
  readonly wouldRefuse: boolean;
  /** Effective scope; undefined where none could be told. */
  readonly scope: Scope | undefined;
  /** Reference of the backend credential for that scope, empty where there is none. */
  readonly reference: string;
  readonly row: Row | undefined;
  /** The override that counted, or would count if it were not in shadow mode. */
  readonly override: Override | undefined;
}

const refusal = (because: Because, status: 401 | 403 | 503): Ruling => ({
  status,
  because,
  wouldRefuse: true,
  scope: undefined,
  reference: '',
  row: undefined,
  override: undefined,
});

/** A request whose path could mean different things, or that no route is for. */
export const pathAmbiguous = refusal('pathAmbiguous', 403);
export const routeUnknown = refusal('routeUnknown', 403);
const notReady = refusal('notReady', 503);
const credentialMissing = refusal('credentialMissing', 401);
const credentialUnknown = refusal('credentialUnknown', 403);
const notEntitled = refusal('notEntitled', 403);

const inShadow = (ruling: Ruling, { shadow }: Route): Ruling =>
  shadow && ruling.status !== 200 ? { ...ruling, status: 200 } : ruling;

/** While the table is not known, or too old for a route that fails closed, the route says what happens. */
export const withoutTable = (route: Route): Ruling =>
  route.open ? { ...notReady, status: 200 } : inShadow(notReady, route);

/** Nobody can be told apart without a credential. */
export const withoutCredential = (route: Route): Ruling => inShadow(credentialMissing, route);

/** What a ruling rests on. */
export interface Grounds {
  readonly scopes: Scopes;
  readonly route: Route;
  /**
   * The request, and what it becomes by each header that asks the backend for another method; undefined where no route of
   * the service is for that.
   */
  readonly requests: readonly (ScopedRequest | undefined)[];
  readonly credential: string;
  readonly found: Found;
  readonly override: Override | undefined;
}

/**
 * Rule on a request: the effective scope is the more restrictive of what the row entitles to and what the override in
 * force leaves; it must allow the request, and all that headers could make of it.
 */
export const rule = ({ scopes, route, requests, credential, found, override }: Grounds): Ruling => {
  if (found === 'unknown-credential') return inShadow(credentialUnknown, route);
  if (found === 'no-row') return inShadow(notEntitled, route);
  const entitled = scopes.namedOrBlocked(found.profile.defaultScope);
  const scope = override?.enforced ? scopes.meet(entitled, override.scope) : entitled;
  const allows = (by: Scope) => requests.every((request) => request !== undefined && by.allows(request));
  const allowed = allows(scope);
  return {
    status: allowed || route.shadow ? 200 : 403,
    because: allowed ? 'allowed' : 'outOfScope',
    wouldRefuse: !allowed || (override !== undefined && !override.enforced && !allows(override.scope)),
    scope,
    reference: allowed || route.shadow ? referenceFor(found, scope, credential) : '',
    row: found,
    override,
  };
};

/**
 * The backend credential for a scope: the one for exactly that scope, else for a part of it, else for the default scope
 * of the row, which the gateway's own judgement narrows. That of `default` is for rows of that scope alone.
 */
const referenceFor = ({ profile }: Row, scope: Scope, credential: string): string => {
  const of = profile.backendCredentials;
  const name = [scope.name, ...scope.parts, profile.defaultScope].find((one) => Object.hasOwn(of, one));
  const found = name === undefined ? '' : of[name]!;
  return found.includes('{credential}') ? found.replaceAll('{credential}', encodeURIComponent(credential)) : found;
};
