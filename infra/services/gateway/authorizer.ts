import { randomUUID } from 'node:crypto';
import type { ApiTelemetry } from '../../../schemas/generated/index.ts';
import type { ScopedRequest } from '../../../schemas/scopes.ts';
import { type ThreatMatch, threatFields } from '../../../schemas/threat.ts';
import type { Logger } from '../../log.ts';
import type { CallTraits } from '../../threat/feedTable.ts';
import type { GatewayConfig } from './config.ts';
import { pathAmbiguous, type Ruling, routeUnknown, rule, withoutCredential, withoutTable } from './decide.ts';
import { addressOf, boundedText, bytesOf, correlationIdOf, degreesOf, overridingMethodsOf } from './headers.ts';
import type { HeaderOf, Identifier } from './identify.ts';
import type { GatewayMetrics } from './metrics.ts';
import { plainPath } from './path.ts';
import type { Route, Routes } from './routes.ts';
import type { Freshness } from './table/follow.ts';
import type { Overrides } from './table/overrides.ts';
import type { RowTable } from './table/rows.ts';

/** A request to be decided, as a proxy tells of it. */
export interface Check {
  readonly method: string;
  readonly host: string;
  /** Path and query. */
  readonly target: string;
  readonly headerOf: HeaderOf;
  /** Address of who is connected to the proxy, where the proxy tells it beside the headers. */
  readonly peer?: string | undefined;
  /** Bytes of the request's body, where the proxy tells them beside the headers. */
  readonly bytes?: string | undefined;
}

/** What a service asks that knows itself what its caller wants. */
export interface ServiceCheck extends Pick<Check, 'headerOf' | 'peer'> {
  /** Resource as the service got it; without an operation, method and resource name it. */
  readonly request: Omit<ScopedRequest, 'operation'> & { readonly operation?: string | undefined };
  readonly credential: string | undefined;
}

/** The answer to a {@link Check}. */
export interface Answer {
  readonly ruling: Ruling;
  readonly correlationId: string;
  /** Identifier of the credential; undefined where there is none. */
  readonly credential: string | undefined;
  readonly service: string;
  readonly operation: string;
  /** Changes with the row and the override that it rests on; what is cached carries it. */
  readonly version: string;
  /** Until when it may be kept, epoch milliseconds. */
  readonly expiresAt: number;
}

/** What an {@link Authorizer} works with. */
export interface AuthorizerParts {
  readonly routes: Routes;
  readonly identifier: Identifier;
  readonly rows: RowTable;
  readonly overrides: Overrides;
  readonly table: Freshness;
  /** What a call matches, the most confident first. */
  readonly threats: { matches(traits: CallTraits, atMs: number): readonly ThreatMatch[] };
  readonly telemetry: { add(record: ApiTelemetry, traceparent?: string): void };
  readonly metrics: GatewayMetrics;
  readonly config: GatewayConfig;
  readonly log: Logger;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const nowhere: Route = { service: '', operation: '', open: false, shadow: false };

/** Decides requests from memory alone: route, credential, row, override, scope; then counts, logs and tells of it. */
export class Authorizer {
  readonly #parts: AuthorizerParts;
  #logged = 0;
  #suppressed = 0;
  #secondOfLog = 0;

  constructor(parts: AuthorizerParts) {
    this.#parts = parts;
  }

  /** Whether requests can be decided now. */
  get ready(): boolean {
    const { table, config } = this.#parts;
    return table.loaded && table.ageMs() <= config.staleAfterMs;
  }

  /**
   * Decide a request. A promise only where a signature has to be checked first.
   *
   * @param known - identifier of the credential, where it has been established already
   */
  check(check: Check, known?: string): Answer | Promise<Answer> {
    const began = performance.now();
    const path = plainPath(check.target);
    if (path === undefined) return this.#conclude(check, began, nowhere, undefined, pathAmbiguous);
    const { routes, identifier } = this.#parts;
    const own = routes.find(check.method, check.host, path);
    if (!own) return this.#conclude(check, began, nowhere, undefined, routeUnknown);
    const methods = [check.method, ...overridingMethodsOf(check.headerOf, check.method)];
    const found = methods.map((method) => (method === check.method ? own : routes.find(method, check.host, path)));
    const requests = found.map((one, i): ScopedRequest | undefined =>
      one?.service === own.service
        ? { service: one.service, method: methods[i]!, operation: one.operation, resource: path }
        : undefined,
    );
    // No header makes a route laxer than the one that it leads to
    const route = { ...own, open: found.every((one) => one?.open), shadow: found.every((one) => one?.shadow) };
    const credential = known ?? identifier.identify(check.headerOf);
    if (credential instanceof Promise)
      return credential.then((verified) => this.#decide(check, began, route, requests, verified));
    return this.#decide(check, began, route, requests, credential);
  }

  /** Decide what a service asks that names service and operation itself: enforced, and closed while the table is not known. */
  checkService({ request, credential, ...from }: ServiceCheck): Answer {
    const began = performance.now();
    const { service, method, resource } = request;
    const check: Check = { method, host: '', target: resource, ...from };
    const path = plainPath(resource);
    const operation = request.operation ?? `${method} ${path ?? resource}`;
    const route: Route = { service, operation, open: false, shadow: false };
    if (path === undefined) return this.#conclude(check, began, route, undefined, pathAmbiguous);
    const requests = [method, ...overridingMethodsOf(check.headerOf, method)].map((one) => ({
      service,
      method: one,
      operation: request.operation ?? `${one} ${path}`,
      resource: path,
    }));
    return this.#decide(check, began, route, requests, credential);
  }

  #decide(
    check: Check,
    began: number,
    route: Route,
    requests: readonly (ScopedRequest | undefined)[],
    credential: string | undefined,
  ): Answer {
    const { rows, overrides, table, now } = this.#parts;
    // What has been read once still counts where a route fails open: who was blocked stays so while Kafka is away
    if (!this.ready && !(table.loaded && route.open))
      return this.#conclude(check, began, route, credential, withoutTable(route));
    if (credential === undefined) return this.#conclude(check, began, route, undefined, withoutCredential(route));
    const found = rows.find(credential, route.service);
    const override = overrides.find(credential, now());
    const ruling = rule({ scopes: overrides.scopes, route, requests, credential, found, override });
    return this.#conclude(check, began, route, credential, ruling);
  }

  #conclude(check: Check, began: number, route: Route, credential: string | undefined, ruling: Ruling): Answer {
    const { metrics, config, now } = this.#parts;
    const at = now();
    const { row, override, status, because } = ruling;
    const answer: Answer = {
      ruling,
      correlationId: correlationIdOf(check.headerOf) ?? randomUUID(),
      credential,
      service: route.service,
      operation: route.operation,
      version: `${row ? row.version.toString(16).padStart(8, '0') : '0'}-${override ? override.version : '0'}`,
      expiresAt: Math.min(at + config.cacheMs, override?.expiresAt ?? Number.POSITIVE_INFINITY),
    };
    metrics.decided(status, because);
    if (ruling.wouldRefuse && status === 200) metrics.wouldRefuse.inc();
    if (ruling.wouldRefuse) this.#logDenial(answer);
    // What nobody knows is no key of telemetry: anybody could make up any number of them
    if (credential !== undefined && because !== 'credentialUnknown' && because !== 'notReady')
      this.#tell(check, answer, at);
    metrics.seconds.observe((performance.now() - began) / 1000);
    return answer;
  }

  #tell({ headerOf, peer, bytes }: Check, { ruling, credential, service, operation }: Answer, at: number): void {
    const { telemetry, threats, config } = this.#parts;
    const { latitude, longitude } = config.place;
    const address = addressOf(headerOf, peer, config.trustedProxies);
    const userAgent = boundedText(headerOf('user-agent'), 256);
    const record: ApiTelemetry = {
      frontendCredential: credential!,
      service,
      operation,
      time: at,
      status: ruling.status,
      requestBytes: bytesOf(bytes ?? headerOf('content-length')),
      responseBytes: 0,
      durationMs: 0,
      address,
      latitude: latitude === undefined ? null : degreesOf(headerOf(latitude), 90),
      longitude: longitude === undefined ? null : degreesOf(headerOf(longitude), 180),
      scope: ruling.scope?.name ?? '',
      denied: ruling.status !== 200,
      errorCode: ruling.status === 200 ? '' : ruling.because,
      userAgent,
      group: ruling.row?.profile.group ?? '',
      ...threatFields(threats.matches({ address, userAgent }, at)),
      clock: null,
    };
    telemetry.add(record, headerOf('traceparent'));
  }

  /** Denials may come by the thousand; a second's log holds some, and the number of the others. */
  #logDenial({ ruling, correlationId, credential, service, operation, version }: Answer): void {
    const { log, config, now } = this.#parts;
    const second = Math.floor(now() / 1000);
    if (second !== this.#secondOfLog) {
      if (this.#suppressed > 0) log.warn({ suppressed: this.#suppressed }, 'more refusals than are logged');
      this.#secondOfLog = second;
      this.#logged = 0;
      this.#suppressed = 0;
    }
    if (this.#logged >= config.denialsLoggedPerSecond) {
      this.#suppressed++;
      return;
    }
    this.#logged++;
    const { status, because, scope, override } = ruling;
    log.info(
      {
        correlationId,
        status,
        because,
        credential,
        service,
        operation,
        scope: scope?.name,
        version,
        decisionId: override?.decisionId,
        reasons: override?.reasons,
      },
      status === 200 ? 'would be refused' : 'refused',
    );
  }
}
