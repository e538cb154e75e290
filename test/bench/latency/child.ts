/**
 * One process of the latency benchmark, forked by it: `lifecycle` and `actuate` run the pipelines as shipped, `load`
 * sends telemetry: recordings of real machines, and for those that go astray what was recorded of a real anomaly.
 */
import { Registry } from 'prom-client';
import type { AppContext } from '../../../infra/context.ts';
import { startActuate } from '../../../infra/jobs/actuate.ts';
import { lifecycleConfigSchema } from '../../../infra/jobs/config.ts';
import { startLifecycle } from '../../../infra/jobs/lifecycle.ts';
import { connectKafka } from '../../../infra/kafka/connect.ts';
import type { OutgoingMessage } from '../../../infra/kafka/types.ts';
import { createLogger } from '../../../infra/log.ts';
import { actuatorConfig, type VaultConfig } from '../../../infra/vault/config.ts';
import { listRecordings } from '../../../models/data/index.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { ResourceTelemetry } from '../../../schemas/generated/index.ts';
import { topics } from '../../../schemas/topics.ts';
import { credentialName } from '../throughput/load.ts';
import { latencyPolicy, type Stage, samplesOf, sharedRegistry } from './stage.ts';

const [role, stageText, vaultText] = process.argv.slice(2) as [string, string, string];
const stage = JSON.parse(stageText) as Stage;
const { brokers } = stage;
const tell = (message: object) => process.connected && process.send?.(message, () => {});
const kafka = await connectKafka({ brokers });
const context: AppContext = {
  kafka,
  registry: await sharedRegistry(),
  metrics: new Registry(),
  log: createLogger('bench'),
};
const usage = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
process.on('message', async (word) => {
  if (word === 'usage') tell({ cpuSeconds: usage() });
  if (word === 'metrics') tell({ metrics: await context.metrics.getMetricsAsJSON() });
});
process.on('disconnect', () => process.exit());

const tickMs = 5;
/** Something really went wrong with this machine; the model has never seen it. */
const anomaly = 'smd-2-8-anomaly';

const sendLoad = async () => {
  const { credentials, astray, rate, per, calmMs, everyMs } = stage;
  const codec = await TopicCodec.open<ResourceTelemetry>(topics.telemetryResource, context.registry);
  const producer = await kafka.producer({ lingerMs: 1 });
  const calm = listRecordings('benign').map(({ name }) => samplesOf(name));
  const { from: first, to: end } = listRecordings().find((it) => it.name === anomaly)!.anomaly!;
  const astrayReels = [samplesOf(anomaly, first, end)];
  const names = Array.from({ length: credentials }, (_, i) => credentialName(i));
  const rows = Int32Array.from({ length: credentials }, (_, i) => i * 37);
  const intervalMs = (1000 * credentials) / rate;
  const began = Date.now();
  const strayAt = (credential: number) =>
    credential < astray ? began + calmMs + credential * everyMs : Number.POSITIVE_INFINITY;

  const messageOf = (credential: number, now: number): OutgoingMessage => {
    const from = now >= strayAt(credential) ? astrayReels : calm;
    const reel = from[credential % from.length]!;
    const samples = Array.from({ length: per }, (_, i) => {
      const sample = reel[rows[credential]!++ % reel.length]!;
      return { ...sample, time: Math.round(now - (per - 1 - i) * intervalMs) };
    });
    const credentialId = names[credential]!;
    const value = codec.encode({ credentialId, host: 'bench', sentAt: now, samples, clock: null });
    return { topic: topics.telemetryResource.name, key: credentialId, value };
  };
  let sent = 0;
  let unsent = 0;
  setInterval(() => {
    const now = Date.now();
    const due = Math.floor(((now - began) * rate) / per / 1000);
    // A generator that was kept from its core does not catch up by a burst: that would be another load.
    const messages = Math.min(due - sent - unsent, Math.ceil((rate / per / 1000) * 50));
    unsent = due - sent - messages;
    producer
      .send(Array.from({ length: messages }, (_, i) => messageOf((sent + i) % credentials, now)))
      .catch((error: Error) => tell({ error: error.message }));
    sent += messages;
  }, tickMs);
  setInterval(() => tell({ sent: sent * per, unsent: unsent * per }), 200);
  tell({ ready: true, began });
};

if (role === 'load') await sendLoad();
else if (role === 'lifecycle') {
  const config = lifecycleConfigSchema.parse({ instanceId: 'bench-0' });
  const running = await startLifecycle(context, { brokers }, config, latencyPolicy(stage));
  const timer = setInterval(async () => {
    if (!(await running.health()).detail.startsWith('Holds 4')) return;
    clearInterval(timer);
    tell({ ready: true });
  }, 100);
} else {
  await startActuate(context, { vault: JSON.parse(vaultText) as VaultConfig, actuator: actuatorConfig.parse({}) });
  tell({ ready: true });
}
