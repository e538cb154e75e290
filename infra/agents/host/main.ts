/**
 * The host agent as a process of its own, kept under 60 MB: `infra/agents/host/ebbtide-agent
 * [--config ebbtide.yaml]`, which starts it with Node's options for a small footprint.
 *
 * `build.mjs` bundles this file, since Node's loader of ES modules alone takes 3 MB; it runs unbundled just as well.
 *
 * It loads no more than it needs all the time. What is needed once (checking the configuration, asking the registry)
 * is done by a child process that ends; see prepare.ts.
 */
import { execFile, spawnSync } from 'node:child_process';
import { dirname, extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EbbtideError, isEbbtideError } from '../../../schemas/errors.ts';
import type { Producer } from '../../kafka/types.ts';
import { HostAgent } from './agent.ts';
import { serveAgent } from './http.ts';
import { leanLog } from './lean-log.ts';
import { openLeanProducer } from './lean-producer.ts';
import type { PreparedAgent } from './prepare.ts';

// Bundled it stands apart from the other files, and as CommonJS it cannot ask for its own URL.
const main = process.argv[1]!;
const bundled = main.endsWith('.cjs');
const prepare = bundled
  ? join(dirname(main), '../infra/agents/host/prepare.js')
  : join(dirname(main), `prepare${extname(main)}`);
const longestPreparationMs = 30_000;
// The child is not lean, and would die of the agent's limits; from source it needs the loader of TypeScript.
const childFlags = main.endsWith('.ts') ? process.execArgv : [];

const configFile = (): string[] => {
  const at = process.argv.indexOf('--config');
  const named = at >= 0 ? process.argv[at + 1] : undefined;
  return named === undefined ? [] : [named];
};

const readConfig = (): PreparedAgent => {
  const child = spawnSync(process.execPath, [...childFlags, prepare, 'config', ...configFile()], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: longestPreparationMs,
  });
  if (child.status !== 0) process.exit(child.status ?? 1);
  return JSON.parse(child.stdout.toString()) as PreparedAgent;
};

const schemaId = (schema: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      [...childFlags, prepare, 'schema-id', ...configFile()],
      { timeout: longestPreparationMs },
      (error, answer, complaint) =>
        error
          ? reject(new EbbtideError('KAFKA_UNAVAILABLE', (complaint.trim() || error.message).slice(0, 500)))
          : resolve(Number(answer)),
    );
    child.stdin!.end(schema);
  });

/** OpenTelemetry takes some megabytes, and is loaded where something is traced alone: it stays out of the bundle. */
const traced = async (producer: Producer, tracing: NonNullable<PreparedAgent['tracing']>): Promise<Producer> => {
  const module = join(dirname(prepare), `traced${extname(prepare)}`);
  const { agentTracing } = (await import(pathToFileURL(module).href)) as typeof import('./traced.ts');
  return agentTracing(producer, tracing);
};

const run = async (): Promise<void> => {
  const { agent: config, kafka, http, topic, schema, tracing } = readConfig();
  const log = leanLog('agent');
  const agent = new HostAgent({
    topic,
    schema,
    config,
    spoolFolder: config.spoolFolder,
    log,
    schemaId,
    connect: async () => {
      const producer = await openLeanProducer(kafka, config.sendTimeoutMs - 1000);
      return tracing ? await traced(producer, tracing) : producer;
    },
  });
  await agent.start();
  const server = await serveAgent(agent, http);
  log.info({ address: server.address }, 'health and metrics are served');
  let closing = false;
  const close = async (signal: NodeJS.Signals) => {
    if (closing) process.exit(130);
    closing = true;
    log.info({ signal }, 'agent stops');
    await server.close();
    await agent.close();
    process.exit(0);
  };
  process.on('SIGTERM', close).on('SIGINT', close);
};

run().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(isEbbtideError(error, 'CONFIG_INVALID') ? 2 : 1);
});
