import { setTimeout as sleep } from 'node:timers/promises';
import { Controls } from '../../../operators/actuate/controls.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { ApiTelemetry } from '../../../schemas/generated/index.ts';
import { type ScopeDefinition, Scopes } from '../../../schemas/scopes.ts';
import { topics } from '../../../schemas/topics.ts';
import type { AppContext, Health, Running } from '../../context.ts';
import { listenAt, type PortTaken } from '../../http/listenAt.ts';
import { followThreats } from '../../threat/followThreats.ts';
import { Authorizer } from './authorizer.ts';
import type { GatewayConfig } from './config.ts';
import { startGrpcServer } from './grpc/server.ts';
import { startHttpServer } from './http/server.ts';
import { Identifier, readHashKey } from './identify.ts';
import { createGatewayMetrics } from './metrics.ts';
import { Routes } from './routes.ts';
import { Definitions } from './table/definitions.ts';
import { followTable } from './table/follow.ts';
import { Overrides } from './table/overrides.ts';
import { RowTable } from './table/rows.ts';
import { Telemetry } from './telemetry.ts';

const longestCloseMs = 5_000;

/** What {@link startGateway} is told. */
export interface GatewayOptions {
  readonly gateway: GatewayConfig;
  /** Takes any free port where the configured one is taken, and is told so. @default the configured one is insisted on */
  readonly portTaken?: PortTaken;
  readonly scopes: Readonly<Record<string, ScopeDefinition>>;
  /** Where the key of hashes is made when the configuration names none. */
  readonly defaultHashKeyFile: string;
  /** Wall clock, epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** The gateway's decision service while it runs. */
export interface RunningGateway extends Running {
  /** URL for HTTP. */
  readonly address: string;
  /** `host:port` for gRPC. */
  readonly grpcAddress: string;
}

/**
 * Start the service that decides requests for Envoy, nginx and services. It answers from the start, and until it has
 * read the translation table as each route says: closed by default.
 *
 * @throws {EbbtideError} `CONFIG_INVALID` where routes, keys or ports cannot work, or what Kafka failed with
 * @example
 * const gateway = await startGateway(context, { gateway: config.gateway, scopes: config.scopes, defaultHashKeyFile });
 * gateway.address; // 'http://127.0.0.1:7072'
 */
export const startGateway = async (context: AppContext, options: GatewayOptions): Promise<RunningGateway> => {
  const { kafka, registry, log, tracing } = context;
  const { gateway: config, defaultHashKeyFile } = options;
  const routes = new Routes(config.routes);
  const key = await readHashKey(config.hashKeyFile ?? defaultHashKeyFile, config.hashKeyFile === undefined);
  const identifier = new Identifier(config, key);
  const now = options.now ?? Date.now;
  const rows = new RowTable();
  const controls = new Controls();
  const overrides = new Overrides(new Scopes(options.scopes), config.clockSkewMs, (...of) => controls.killed(...of));
  const definitions = new Definitions(options.scopes, (scopes) => overrides.define(scopes), now);
  const table = await followTable(context, { rows, overrides, definitions, controls });
  const threats = await followThreats(context);
  // Requests are decided without them
  threats.failed.catch((err) => log.error({ err }, 'threat indicators are followed no more'));
  const metrics = createGatewayMetrics(context.metrics, {
    rows: () => rows.size,
    overrides: () => overrides.size,
    ageMs: () => table.ageMs(),
    telemetryPending: () => producer.waiting(),
  });
  const producer = await kafka.unacknowledged({
    lingerMs: config.telemetry.flushMs,
    queueMessages: config.telemetry.buffer,
    onLost: (messages) => metrics.telemetryDropped.inc(messages),
  });
  const codec = await TopicCodec.open<ApiTelemetry>(topics.telemetryApi, registry);
  const telemetry = new Telemetry(codec, producer, metrics, log, tracing);
  const parts = { routes, identifier, rows, overrides, table, threats, telemetry, metrics, config, log, now };
  const authorizer = new Authorizer(parts);
  const onError = (error: unknown) => log.error({ err: error }, 'a decision failed');
  const health = async (): Promise<Health> => {
    const seconds = (table.ageMs() / 1000).toFixed(1);
    if (!table.loaded) return { ready: false, detail: 'The translation table is being read' };
    if (!authorizer.ready)
      return {
        ready: false,
        detail: `Kafka was last heard of ${seconds} s ago; routes that fail open go on with what was read last`,
      };
    return {
      ready: true,
      detail: `${rows.size} rows and ${overrides.size} overrides, complete ${seconds} s ago; ${config.routes.length} routes`,
    };
  };

  const opened: { close(): Promise<void> }[] = [];
  const close = async () => {
    await Promise.allSettled(opened.map((server) => server.close()));
    // A producer waits half a minute for a broker that is away
    const late = sleep(longestCloseMs, undefined, { ref: false });
    await Promise.race([late, Promise.allSettled([table.close(), threats.close(), producer.close()])]);
  };
  const listen = async <T extends { port: number; close(): Promise<void> }>(
    key: string,
    port: number,
    start: (port: number) => Promise<T>,
  ): Promise<T> => {
    try {
      const server = await listenAt(start, port, options.portTaken);
      opened.push(server);
      return server;
    } catch (cause) {
      await close();
      throw new EbbtideError(
        'CONFIG_INVALID',
        `The gateway cannot listen as ${key} says: ${(cause as Error).message}; set it to another port, or to 0 for any`,
        { key },
        cause,
      );
    }
  };
  const shared = { host: config.host, withReasons: config.reasonsHeader, onError };
  const http = await listen('gateway.port', config.port, (port) =>
    startHttpServer({ ...shared, port, authorizer, identifier, health }),
  );
  const grpc = await listen('gateway.grpcPort', config.grpcPort, (port) =>
    startGrpcServer({
      ...shared,
      port,
      check: (check) => authorizer.check(check),
      ready: () => authorizer.ready,
      credentialHeaders: identifier.headers,
    }),
  );
  const address = `http://${config.host}:${http.port}`;
  const grpcAddress = `${config.host}:${grpc.port}`;
  table.caughtUp.then(() => log.info({ address, grpcAddress, rows: rows.size }, 'gateway is ready')).catch(() => {});
  return { name: 'gateway', address, grpcAddress, failed: table.failed, health, close };
};
