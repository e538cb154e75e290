import fastify from 'fastify';
import { MemoryRegistry } from '../../../schemas/registry.ts';
import { consoleConfig } from '../../console/config.ts';
import type { RouteContext } from '../../console/routes/context.ts';
import { addRoutes } from '../../console/routes.ts';
import { createLogger } from '../../log.ts';
import { createDeliveryRoutes } from '../../services/delivery/routes.ts';
import { createRoutes as createKeyhostRoutes } from '../../services/keyhost/routes.ts';
import { createSignalsServer } from '../../services/signals/server.ts';
import { createRoutes as createTokenRoutes } from '../../services/token/routes.ts';
import { version } from '../../version.ts';
import { consoleApi } from './console.ts';
import { type Api, openapiDocument } from './document.ts';
import { type Route, routesOf } from './routesOf.ts';
import { deliveryApi, gatewayApi, keyhostApi, tokenApi } from './services.ts';
import { signalsApi } from './signals.ts';

/** Stands for what handlers work with: routes are looked at, and none is asked. */
const nothing = (more: object = {}) => ({ log: createLogger('docs'), ...more }) as never;

const makers: Readonly<Record<string, readonly [api: Api, make: () => unknown]>> = {
  token: [tokenApi, () => createTokenRoutes(nothing())],
  delivery: [deliveryApi, () => createDeliveryRoutes(nothing())],
  keyhost: [keyhostApi, () => createKeyhostRoutes({}, nothing())],
  signals: [
    signalsApi,
    () =>
      createSignalsServer(
        nothing({
          transmitter: { transmitter: { parts: { streams: {}, config: {} } } },
          receiver: { tokens: {}, receiver: {} },
          metrics: {},
          jwks: { keys: [] },
        }),
      ),
  ],
  console: [
    consoleApi,
    () =>
      addRoutes(fastify(), {
        app: { registry: new MemoryRegistry(), log: createLogger('docs') },
        config: consoleConfig.parse({}),
        model: { desk: {} },
        ports: {},
      } as unknown as RouteContext),
  ],
};

/** The gateway's own HTTP server knows no routes: what it answers is told here, and a test asks it. */
const gatewayRoutes: readonly Route[] = Object.keys(gatewayApi.operations).map((key) => {
  const [method = '', path = ''] = key.split(' ');
  return { method, path, role: undefined };
});

/** `docs/openapi/*.json`: each API's document out of the routes that its service answers. */
export const openapiFiles = async (): Promise<Readonly<Record<string, string>>> => {
  const files: Record<string, string> = {};
  const put = (name: string, api: Api, routes: readonly Route[]) => {
    files[`docs/openapi/${name}.json`] = `${JSON.stringify(openapiDocument(api, routes, version()), null, 2)}\n`;
  };
  for (const [name, [api, make]] of Object.entries(makers)) put(name, api, await routesOf(make));
  put('gateway', gatewayApi, gatewayRoutes);
  return files;
};
