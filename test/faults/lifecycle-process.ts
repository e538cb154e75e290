/**
 * One instance of the lifecycle job in a process of its own, to be killed: `lifecycle-process.js '<JobArguments>'`.
 *
 * The first line on standard input lets it begin; each further one asks for its health, which it says as JSON on
 * standard output. SIGTERM ends it in order.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Registry } from 'prom-client';
import { startLifecycle } from '../../infra/jobs/lifecycle.ts';
import { connectKafka } from '../../infra/kafka/connect.ts';
import { connectRegistry } from '../../infra/kafka/registry.ts';
import { createLogger } from '../../infra/log.ts';
import type { LifecyclePolicy } from '../../schemas/policy.ts';

/** What the process is started with. */
export interface JobArguments {
  readonly brokers: string;
  readonly registryUrl: string;
  readonly groupId: string;
  readonly instanceId: string;
  readonly sessionTimeoutMs: number;
  readonly batchSize: number;
  readonly policy: LifecyclePolicy;
}

const lines = createInterface({ input: process.stdin });
lines.once('close', () => process.exit(1));
await once(lines, 'line');
const { brokers, registryUrl, policy, ...rest } = JSON.parse(process.argv[2]!) as JobArguments;
const kafka = await connectKafka({ brokers });
const log = createLogger('lifecycle');
const running = await startLifecycle(
  { kafka, registry: connectRegistry({ url: registryUrl }), metrics: new Registry(), log },
  kafka.cluster,
  // The input brings its own clock, so that every run of it gives the same
  { ...rest, commitEveryMs: 5, clockMs: 0, model: 'shipped' },
  policy,
);
process.once('SIGTERM', async () => {
  await running.close();
  await kafka.close();
  process.exit(0);
});
lines.on('line', async () => process.stdout.write(`${JSON.stringify(await running.health())}\n`));
