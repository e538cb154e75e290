import { type FastifyInstance, type FastifyRequest, fastify } from 'fastify';
import { TopicCodec } from '../../schemas/codec.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { Approval, Investigation } from '../../schemas/generated/index.ts';
import { topics } from '../../schemas/topics.ts';
import { openAlertDesk } from '../alerts/desk.ts';
import { AuditLog } from '../audit.ts';
import type { AppContext, Running } from '../context.ts';
import { healthOf } from '../http/health.ts';
import { RateLimit } from '../http/rate-limit.ts';
import type { Message, Producer } from '../kafka/types.ts';
import { CredentialActions } from './actions/credentialActions.ts';
import { gatherKnowledge } from './actions/knowledge.ts';
import { type Asset, inlineSources, loadAssets } from './assets.ts';
import { backfill } from './backfill.ts';
import type { ConsoleConfig } from './config.ts';
import { Desk } from './desk/desk.ts';
import { touchesOf } from './desk/touches.ts';
import { follow } from './follow.ts';
import { consoleMetrics } from './metrics.ts';
import { followDemo, Model } from './model.ts';
import { Approvals } from './people/approvals.ts';
import { Door } from './people/door.ts';
import { guardRoutes } from './people/guard.ts';
import type { Person } from './people/person.ts';
import { assertSameSite } from './people/sameSite.ts';
import { ApiTokens, recogniseOnceKnown } from './people/tokens.ts';
import { PolicyBook } from './policies/book.ts';
import type { ConsolePorts } from './ports.ts';
import { sendProblem } from './problem.ts';
import { addRoutes } from './routes.ts';
import { longestId, pagePaths } from './view/paths.ts';

const tickMs = 1_000;
/** How long an answer waits for what the actuator says. */
const effectWaitMs = 5_000;
const open = { config: { role: 'public' } } as const;
const unlimited = new Set(['/health/live', '/health/ready', '/metrics']);
/** @param scripts - sources of scripts beside the console's own files */
const contentPolicy = (scripts: string): string =>
  `default-src 'none'; script-src 'self'${scripts}; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'`;
/** A console that runs. */
export interface RunningConsole extends Running {
  readonly address: string;
  /** The address to open: works once, then there is another. With `access: proxy`, the plain address. */
  readonly link: string;
}

/**
 * Start the console: its page, its live events, the few actions it has, `/health` and `/metrics`, on one port.
 *
 * @param now - the clock, epoch milliseconds
 * @throws {EbbtideError} `CONFIG_INVALID` when no port is free, `SERVICE_MISSING` when the page is not built
 * @example
 * const console = await startConsole(context, consoleConfig.parse({}), { parts: () => parts });
 * open(console.link);
 */
export const startConsole = async (
  context: AppContext,
  config: ConsoleConfig,
  ports: ConsolePorts,
  now: () => number = Date.now,
): Promise<RunningConsole> => {
  const assets = await loadAssets();
  const producer = await context.kafka.producer();
  const steps = await TopicCodec.open<Investigation>(topics.investigations, context.registry);
  const alerts = await openAlertDesk(context, producer, now);
  const approvals = await openApprovals(context, producer, config, now);
  const desk = new Desk({
    config,
    alerts,
    approvals,
    ports,
    log: context.log,
    now,
    write: (step) =>
      producer.send([{ topic: topics.investigations.name, partition: 0, key: step.stepId, value: steps.encode(step) }]),
  });
  const model = new Model(config, ports, desk, now);
  const audit = await AuditLog.open(context, producer, now);
  const policies = new PolicyBook();
  const tokens = new ApiTokens(now);
  const heard = (record: unknown, message: Message): void => {
    for (const touch of touchesOf(message.topic, record)) desk.versions.touch(touch, message);
  };
  const knowledge = await gatherKnowledge(context, tokens, approvals, heard);
  const byToken = recogniseOnceKnown(tokens, knowledge.complete);
  const server = fastify({
    bodyLimit: 16_384,
    forceCloseConnections: true,
    logger: false,
    trustProxy: [...config.trustedProxies],
    // An identifier may be escaped to nine times its length
    routerOptions: { maxParamLength: 9 * longestId },
  });
  const door = new Door({
    config,
    log: context.log,
    now,
    linkUsed: (next) => ports.linkUsed?.(next),
    told: (action, { id, name, role, how }, request) =>
      audit.note({ id, name, role, how, address: request.ip }, { action, subject: id }, 'done'),
  });
  const index = assets.get('/')!;
  protect(server, config, index);
  guardRoutes(server, {
    recognise: async (request, reply) =>
      request.headers.authorization === undefined
        ? request.headers['x-ebbtide-idle'] === undefined
          ? door.enter(request, reply)
          : door.recognise(request)
        : byToken(request.headers.authorization),
    turnAway: door.turnAway,
    admitted: changeLimit(config),
    refused: (request, { id, name, role, how }, needed) =>
      audit.note(
        { id, name, role, how, address: request.ip },
        { action: 'access', subject: request.routeOptions.url ?? '', details: { method: request.method, needed } },
        'refused',
      ),
  });
  server.setErrorHandler((error, request, reply) => {
    if (!(error instanceof EbbtideError))
      context.log.error({ err: error, url: request.url.split('?')[0], correlationId: request.id }, 'Request failed');
    return sendProblem(reply, error);
  });
  server.setNotFoundHandler((request, reply) =>
    sendProblem(reply, new EbbtideError('NOT_FOUND', `There is nothing at ${request.url.split('?')[0]}`)),
  );
  server.get('/health/live', open, async () => ({ live: true }));
  server.get('/health/ready', open, async (_request, reply) => {
    const health = await healthOf(ports.parts());
    return reply.code(health.ready ? 200 : 503).send(health);
  });
  server.get('/metrics', open, async (_request, reply) =>
    reply.type(context.metrics.contentType).send(await context.metrics.metrics()),
  );
  door.addRoutes(server);
  const served = new Map<string, Asset>([...assets, ...pagePaths.map((path) => [path, index] as const)]);
  for (const [path, asset] of served)
    server.get<{ Querystring: { key?: string } }>(path, open, async (request, reply) => {
      if (asset === index && (await door.answer(request, reply))) return reply;
      if (request.headers['if-none-match'] === asset.etag) return reply.code(304).send();
      return reply.header('etag', asset.etag).header('cache-control', 'no-cache').type(asset.type).send(asset.body);
    });
  await addRoutes(server, {
    app: context,
    config,
    model,
    ports,
    producer,
    audit,
    credentials: await CredentialActions.open(context, { producer, knowledge, now, waitMs: effectWaitMs }),
    tokens,
    approvals,
    policies,
    alerts,
    now,
    stillIn: async (request) =>
      (request.headers.authorization === undefined
        ? await door.recognise(request)
        : byToken(request.headers.authorization)) !== undefined,
  });
  const address = await listen(server, config);
  door.open(address);

  const following = await follow(context, config.from, now, {
    change: (change) => model.change(change),
    control: (control) => {
      policies.apply(control);
      model.control(control);
    },
    credential: (credential, at) => desk.credential(credential, at),
    step: (step) => desk.investigations.take(step),
    action: (event) => desk.record.take(event),
    heard,
  });
  const demo = followDemo(model, ports, context.log);
  let caughtUp = false;
  void following.registerRead.then(
    async () => {
      caughtUp = true;
      await Promise.all([backfill(model, ports, config, now(), context.log), desk.fill()]);
    },
    () => {},
  );
  consoleMetrics(context.metrics, { model, following, approvals, audit });
  const tick = setInterval(() => void healthOf(ports.parts()).then(({ parts }) => model.tick(parts)), tickMs).unref();
  return {
    name: 'console',
    address,
    get link() {
      return door.link ?? config.publicUrl ?? address;
    },
    health: async () => ({
      ready: caughtUp,
      detail: caughtUp
        ? `${model.view.lanes.size} credentials shown to ${model.hub.size} pages`
        : 'Reading the register of credentials',
    }),
    failed: Promise.race([following.failed, knowledge.failed, alerts.failed]),
    close: async () => {
      clearInterval(tick);
      demo?.unsubscribe();
      model.hub.close();
      await server.close();
      await Promise.all([following.close(), knowledge.close(), alerts.close()]);
      await producer.close();
    },
  };
};

const openApprovals = async (
  { registry }: AppContext,
  producer: Producer,
  { approvals: { expireMs } }: ConsoleConfig,
  now: () => number,
): Promise<Approvals> => {
  const codec = await TopicCodec.open<Approval>(topics.approvals, registry);
  const { name: topic } = topics.approvals;
  const write = (step: Approval) =>
    producer.send([{ topic, partition: 0, key: step.approvalId, value: codec.encode(step) }]);
  return new Approvals({ write, expireMs, now });
};

/** How often each person may change something. */
const changeLimit = ({ limits: { changesPerSecond: perSecond, changesBurst: burst } }: ConsoleConfig) => {
  const people = new RateLimit({ perSecond, burst });
  return (request: FastifyRequest, person: Person): void => {
    if (request.method !== 'GET' && request.method !== 'HEAD') people.take(person.id, performance.now());
  };
};

/** Headers of every answer, and what is refused whoever asks. */
const protect = (server: FastifyInstance, config: ConsoleConfig, index: Asset): void => {
  const policy = contentPolicy(inlineSources(index));
  const { addressPerSecond: perSecond, addressBurst: burst } = config.limits;
  const addresses = new RateLimit({ perSecond, burst });
  server.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'content-security-policy': policy,
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': 'camera=(), geolocation=(), microphone=()',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cache-control': 'no-store',
      ...(config.publicUrl?.startsWith('https:') && { 'strict-transport-security': 'max-age=31536000' }),
    });
    if (unlimited.has(request.routeOptions.url ?? '')) return;
    addresses.take(request.ip, performance.now());
    assertSameSite(request, config);
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
