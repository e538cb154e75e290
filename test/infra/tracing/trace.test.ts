import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { traceTelemetry } from '../../../infra/agents/host/traced.ts';
import type { AppContext } from '../../../infra/context.ts';
import { startActuate } from '../../../infra/jobs/actuate.ts';
import { lifecycleConfigSchema } from '../../../infra/jobs/config.ts';
import { startLifecycle } from '../../../infra/jobs/lifecycle.ts';
import type { Message, Producer } from '../../../infra/kafka/types.ts';
import { tracingConfig } from '../../../infra/tracing/config.ts';
import { openTracing } from '../../../infra/tracing/open.ts';
import { withExemplars } from '../../../infra/tracing/tracedHistogram.ts';
import { actuatorConfig } from '../../../infra/vault/config.ts';
import { resourceMetrics } from '../../../models/features/resource.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { ResourceTelemetry } from '../../../schemas/generated/index.ts';
import { parseLifecyclePolicy } from '../../../schemas/policy.ts';
import { topics } from '../../../schemas/topics.ts';
import { variantOfShipped } from '../../models/registry/variant.ts';
import { closingAfter } from '../../services/closing.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { openBao } from '../../services/openbao.ts';
import { requireOrSkip } from '../../services/require.ts';
import { issueToken, kafkaRig, opens, prepareVault, until } from '../vault/rig.ts';
import { endsBefore, receiver, type ToldSpan } from './receiver.ts';

const windowMs = 500;
const policy = parseLifecyclePolicy({
  ...{ mode: 'enforce', windowMs, graceMs: 0, low: 0, moderate: 0.0001, high: 0.0001, strikes: 1 },
  ...{ silenceMs: 600_000, cooldownMs: 0 },
});

/** Telemetry of a function, quiet and then wild, until stopped. */
const flowTelemetry = (producer: Producer, codec: TopicCodec<ResourceTelemetry>, subject: string) => {
  const none = Object.fromEntries(resourceMetrics.map((metric) => [metric, null]));
  let flowing = true;
  const flown = (async () => {
    for (let step = 0; flowing; step++) {
      const wild = step > 60 ? 40 : 0;
      const time = Date.now();
      const sample = {
        ...none,
        time,
        custom: {},
        cpuCores: 0.2 + (step % 5) / 100 + wild,
        memoryBytes: 1e8,
        threads: 4,
      };
      const record = { credentialId: subject, host: 'h', sentAt: time, samples: [sample], clock: null };
      const value = codec.encode(record as never);
      await producer.send([{ topic: topics.telemetryResource.name, key: subject, value }]);
      await sleep(100);
    }
  })();
  const stop = () => {
    flowing = false;
    return flown;
  };
  return stop;
};

test('one trace must show where the time to revoke went, from telemetry to Vault and its effect', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  const closing = closingAfter(t);
  const otlp = await receiver(t);
  const vault = await prepareVault(t, await openBao(t));
  const kafka = await kafkaRig(t);
  const { token, credential } = await issueToken(vault);
  await kafka.register(credential);
  const effects: Message[] = [];
  const tail = await kafka.kafka.tail({ topics: [topics.effects.name], from: 'beginning' });
  closing.push(() => tail.close());
  void (async () => {
    for await (const messages of tail.batches()) effects.push(...messages);
  })();

  const folder = join(temporaryFolder(t), 'model');
  const model = await variantOfShipped(folder, 'v1', (manifest) => ({
    ...manifest,
    parameters: { ...manifest.parameters, minHistory: 3, severityDecades: 1 },
  }));
  const traced = async (process: string): Promise<AppContext> => {
    const context = { ...kafka.context(), tracing: await otlp.open(process, closing) };
    withExemplars(context.metrics);
    return context;
  };
  const lifecycle = await startLifecycle(
    await traced('run lifecycle'),
    { brokers: kafka.kafka.brokers },
    lifecycleConfigSchema.parse({ instanceId: 'one', clockMs: 100, model }),
    policy,
  );
  closing.push(() => lifecycle.close());
  const actuating = await traced('run actuate');
  const actuator = await startActuate(actuating, {
    vault: vault.configs.actuator,
    actuator: actuatorConfig.parse({ backoffMs: 50 }),
  });
  closing.push(() => actuator.close());
  const codec = await TopicCodec.open<ResourceTelemetry>(topics.telemetryResource, kafka.registry);
  const agent = traceTelemetry(kafka.producer, await otlp.open('agent', closing));
  const stop = flowTelemetry(agent, codec, credential.credentialId);
  closing.push(stop);
  const effect = await until('the revocation', () => kafka.effects.find(({ action }) => action === 'revoke'));
  await stop();
  assert.equal(effect.outcome, 'enforced');
  assert.equal(await opens(vault, token), false);

  const acted = await until('its span', () => otlp.spans().find(({ name }) => name === 'actuate revoke'));
  const order = [
    ['agent sends telemetry', 'agent', undefined],
    ['lifecycle decides', 'run lifecycle', 'agent sends telemetry'],
    ['actuate revoke', 'run actuate', 'lifecycle decides'],
    ['vault revoke', 'run actuate', 'actuate revoke'],
    ['effect written', 'run actuate', 'actuate revoke'],
  ] as const;
  const trace = await until('the whole trace', () => {
    const ofIt = otlp.spans().filter(({ traceId }) => traceId === acted.traceId);
    return order.every(([name]) => ofIt.some((span) => span.name === name)) && ofIt;
  });
  const named = (name: string) => trace.find((span) => span.name === name)!;
  for (const [name, process, parent] of order) {
    const span = named(name);
    assert.equal(span.process, process);
    assert.equal(span.parentSpanId || undefined, parent && named(parent).spanId, name);
    assert.ok(BigInt(span.startTimeUnixNano) <= BigInt(span.endTimeUnixNano));
  }
  const starts = order.map(([name]) => BigInt(named(name).startTimeUnixNano));
  assert.deepEqual(
    [...starts].sort((a, b) => Number(a - b)),
    starts,
    'spans begin in this order',
  );
  assert.ok(endsBefore(named('vault revoke'), named('actuate revoke'), 'ends'));
  const id = named('actuate revoke').attributes.find(({ key }) => key === 'ebbtide.decision.id');
  assert.deepEqual(id?.value, { stringValue: effect.decisionId });
  await until('its effect with the span', () =>
    effects.some(
      ({ headers }) =>
        headers?.[0]?.traceparent?.toString() === `00-${acted.traceId}-${named('effect written').spanId}-01`,
    ),
  );
  assert.match(
    await actuating.metrics.metrics(),
    new RegExp(`latency_seconds_bucket\\{.*action="revoke".*# \\{trace_id="${acted.traceId}"\\}`),
  );
  const all = otlp.requests.map(({ body }) => body).join();
  assert.ok(!all.includes(token), 'no secret leaves');

  if (process.env.EBBTIDE_SHOW_TRACE) for (const line of waterfall(trace)) t.diagnostic(line);
});

test('what is not sampled must carry no header, and without a receiver there is no tracing', async (t) => {
  assert.equal(await openTracing(tracingConfig.parse({}), 'test'), undefined);
  const { open, requests } = await receiver(t);
  const sent: object[] = [];
  const producer: Producer = { send: async (messages) => void sent.push(...messages), close: async () => {} };
  const tracing = await open('agent', [], 0);
  await traceTelemetry(producer, tracing).send([{ topic: 'x', key: 'k', value: null }]);
  assert.deepEqual(sent, [{ topic: 'x', key: 'k', value: null }]);
  assert.equal(
    tracing.causeOf([{ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00' }]),
    undefined,
  );
  for (const rubbish of ['', 'x', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`])
    assert.equal(tracing.causeOf([{ traceparent: rubbish }]), undefined, rubbish);
  assert.equal(tracing.causeOf([]), undefined);
  await tracing.close();
  assert.equal(requests.length, 0);
});

/** A trace as text. */
const waterfall = (trace: readonly ToldSpan[]): string[] => {
  const ms = (nanos: string) => Number(BigInt(nanos) / 1000n) / 1000;
  const sorted = [...trace].sort((a, b) => ms(a.startTimeUnixNano) - ms(b.startTimeUnixNano));
  const began = ms(sorted[0]!.startTimeUnixNano);
  const length = Math.max(...trace.map(({ endTimeUnixNano }) => ms(endTimeUnixNano))) - began;
  return sorted.map(({ name, process, startTimeUnixNano, endTimeUnixNano }) => {
    const [from, to] = [ms(startTimeUnixNano) - began, ms(endTimeUnixNano) - began];
    const bar =
      ' '.repeat(Math.round((from / length) * 40)) + '█'.repeat(Math.max(1, Math.round(((to - from) / length) * 40)));
    return `${name.padEnd(22)} ${process.padEnd(14)} ${from.toFixed(1).padStart(8)} ${(to - from).toFixed(1).padStart(8)} ms  ${bar}`;
  });
};
