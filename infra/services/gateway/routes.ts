import findMyWay, { type HTTPMethod } from 'find-my-way';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { RouteConfig } from './config.ts';

/** Where a request goes. */
export interface Route {
  readonly service: string;
  readonly operation: string;
  readonly open: boolean;
  readonly shadow: boolean;
}

/** As long as a path may be: a segment that is longer than the router takes would fall to another route. */
const maxParamLength = 8192;

/** Without port, and without the dot of a name that is given from the root on. */
const plainHost = (host: string): string => host.replace(/:\d+$/, '').replace(/\.$/, '').toLowerCase();

/** Finds the route of a request by host, method and path. Literal segments go before templates, those before `**`. */
export class Routes {
  readonly #router = findMyWay({
    caseSensitive: true,
    ignoreTrailingSlash: false,
    ignoreDuplicateSlashes: false,
    maxParamLength,
  });

  /** @throws {EbbtideError} `CONFIG_INVALID` where two routes are for the same requests */
  constructor(routes: readonly RouteConfig[]) {
    for (const { host, path, methods, service, operation, onFailure, mode } of routes)
      for (const method of methods) {
        const route: Route = {
          service,
          operation: operation ?? `${method} ${path}`,
          open: onFailure === 'open',
          shadow: mode === 'shadow',
        };
        const template = path.replace(/\{(\w+)\}/g, ':$1').replace(/\*\*$/, '*');
        const options = host === '*' ? {} : { constraints: { host: plainHost(host) } };
        try {
          this.#router.on(method as HTTPMethod, template, options, () => {}, route);
        } catch (cause) {
          throw new EbbtideError(
            'CONFIG_INVALID',
            `gateway.routes: ${method} ${path} on host ${host} stands there twice or cannot be read: ${(cause as Error).message}`,
            { host, path, method },
            cause,
          );
        }
      }
  }

  /**
   * @param host - with or without a port
   * @param path - plain, without query
   */
  find(method: string, host: string, path: string): Route | undefined {
    const found = this.#router.find(method as HTTPMethod, path, { host: plainHost(host) });
    // An empty segment stands for nothing
    for (const parameter in found?.params) if (parameter !== '*' && found.params[parameter] === '') return undefined;
    return found?.store as Route | undefined;
  }
}
