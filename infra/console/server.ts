import { userInfo } from 'node:os';
import { type FastifyInstance, type FastifyRequest, fastify } from 'fastify';
import { EbbtideError } from '../../schemas/errors.ts';
import type { AppContext, Running } from '../context.ts';
import { healthOf } from '../http/health.ts';
import { assertSameSite, LinkAccess } from './access.ts';
import { type Asset, loadAssets } from './assets.ts';
import { backfill } from './backfill.ts';
import type { ConsoleConfig } from './config.ts';
import { follow } from './follow.ts';
import { consoleMetrics } from './metrics.ts';
import { followDemo, Model } from './model.ts';
import type { ConsolePorts } from './ports.ts';
import { sendProblem } from './problem.ts';
import { addRoutes } from './routes.ts';
import { longestId, pagePaths } from './view/paths.ts';

const tickMs = 1_000;
const contentPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
const publicPaths = new Set(['/health/live', '/health/ready', '/metrics']);
const turnedAway = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Ebbtide</title><h1>Open the link that Ebbtide printed</h1><p>This console opens with the address that Ebbtide printed when it started, once for each browser. If it has been used, the terminal shows the next one.</p></html>`;

/** A console that runs. */
export interface RunningConsole extends Running {
  readonly address: string;
  /** The address to open: works once, then there is another. With `access: proxy`, the plain address. */
  readonly link: string;
}

/**
 * Start the console: its page, its live events, the few actions it has, `/health` and `/metrics`, on one port.
 *
 * @throws {EbbtideError} `CONFIG_INVALID` when no port is free, `SERVICE_MISSING` when the page is not built
 * @example
 * const console = await startConsole(context, consoleConfig.parse({}), { parts: () => parts });
 * open(console.link);
 */
export const startConsole = async (
  context: AppContext,
  config: ConsoleConfig,
  ports: ConsolePorts,
): Promise<RunningConsole> => {
  const now = () => Date.now();
  const assets = await loadAssets();
  const model = new Model(config, ports, now);
  const server = fastify({
    bodyLimit: 16_384,
    forceCloseConnections: true,
    logger: false,
    // An identifier may be escaped to nine times its length
    routerOptions: { maxParamLength: 9 * longestId },
  });
  const access: { link?: LinkAccess } = {};
  const userOf = (request: FastifyRequest): string | undefined =>
    config.access === 'proxy'
      ? request.headers[config.userHeader.toLowerCase()]?.toString()
      : access.link?.userOf(request);

  guard(server, config, userOf);
  server.setErrorHandler((error, request, reply) => {
    if (!(error instanceof EbbtideError))
      context.log.error({ err: error, url: request.url.split('?')[0] }, 'Request failed');
    return sendProblem(reply, error);
  });
  server.setNotFoundHandler((request, reply) =>
    sendProblem(reply, new EbbtideError('NOT_FOUND', `There is nothing at ${request.url.split('?')[0]}`)),
  );
  server.get('/health/live', async () => ({ live: true }));
  server.get('/health/ready', async (_request, reply) => {
    const health = await healthOf(ports.parts());
    return reply.code(health.ready ? 200 : 503).send(health);
  });
  server.get('/metrics', async (_request, reply) =>
    reply.type(context.metrics.contentType).send(await context.metrics.metrics()),
  );
  const index = assets.get('/')!;
  const served = new Map<string, Asset>([...assets, ...pagePaths.map((path) => [path, index] as const)]);
  for (const [path, asset] of served)
    server.get<{ Querystring: { key?: string } }>(path, async (request, reply) => {
      if (path === '/' && typeof request.query.key === 'string') {
        const cookie = access.link?.exchange(request.query.key);
        if (cookie) ports.linkUsed?.(access.link!.link);
        else if (userOf(request) === undefined)
          return reply.code(401).type('text/html; charset=utf-8').send(turnedAway);
        return (cookie ? reply.header('set-cookie', cookie) : reply).redirect('/', 303);
      }
      if (asset === index && userOf(request) === undefined)
        return reply.code(401).type('text/html; charset=utf-8').send(turnedAway);
      if (request.headers['if-none-match'] === asset.etag) return reply.code(304).send();
      return reply.header('etag', asset.etag).header('cache-control', 'no-cache').type(asset.type).send(asset.body);
    });
  const producer = await context.kafka.producer();
  await addRoutes(server, {
    app: context,
    model,
    ports,
    producer,
    historyMs: config.historyMs,
    now,
    userOf: (request) => userOf(request) ?? userInfo().username,
  });
  const address = await listen(server, config);
  if (config.access === 'link') access.link = new LinkAccess(address, config.linkFile);

  const following = await follow(context, config.from, now, {
    change: (change) => model.change(change),
    control: (control) => model.control(control),
  });
  const demo = followDemo(model, ports, context.log);
  let caughtUp = false;
  void following.registerRead.then(
    async () => {
      caughtUp = true;
      await backfill(model, ports, config, now(), context.log);
    },
    () => {},
  );
  consoleMetrics(context.metrics, model, following);
  const tick = setInterval(() => void healthOf(ports.parts()).then(({ parts }) => model.tick(parts)), tickMs).unref();
  return {
    name: 'console',
    address,
    get link() {
      return access.link?.link ?? address;
    },
    health: async () => ({
      ready: caughtUp,
      detail: caughtUp
        ? `${model.view.lanes.size} credentials shown to ${model.hub.size} pages`
        : 'Reading the register of credentials',
    }),
    failed: following.failed,
    close: async () => {
      clearInterval(tick);
      demo?.unsubscribe();
      model.hub.close();
      await server.close();
      await Promise.all([following.close(), producer.close()]);
    },
  };
};

const guard = (
  server: FastifyInstance,
  config: ConsoleConfig,
  userOf: (request: FastifyRequest) => string | undefined,
): void => {
  server.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'content-security-policy': contentPolicy,
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': 'camera=(), geolocation=(), microphone=()',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cache-control': 'no-store',
    });
    const path = request.url.split('?')[0]!;
    if (publicPaths.has(path)) return;
    assertSameSite(request, config.allowedHosts);
    if (path.startsWith('/api/') && userOf(request) === undefined)
      throw new EbbtideError('UNAUTHENTICATED', 'This browser has not been let in: open the link that Ebbtide printed');
  });
};

const listen = async (server: FastifyInstance, { host, port, portTries }: ConsoleConfig): Promise<string> => {
  for (let next = port; ; next += 1) {
    try {
      return await server.listen({ host, port: next });
    } catch (error) {
      const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (taken && port !== 0 && next + 1 < port + portTries && next < 65_535) continue;
      throw new EbbtideError(
        'CONFIG_INVALID',
        taken
          ? `Ports ${port} to ${next} on ${host} are taken; set console.port to a free one, or to 0 for any`
          : `Cannot listen on ${host}:${next}: ${(error as Error).message}`,
        { host, port },
        error,
      );
    }
  }
};
