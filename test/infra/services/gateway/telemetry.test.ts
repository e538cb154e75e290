import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import type { OutgoingMessage } from '../../../../infra/kafka/types.ts';
import { createGatewayMetrics } from '../../../../infra/services/gateway/metrics.ts';
import { Telemetry } from '../../../../infra/services/gateway/telemetry.ts';
import { TopicCodec } from '../../../../schemas/codec.ts';
import type { ApiTelemetry } from '../../../../schemas/generated/index.ts';
import { MemoryRegistry } from '../../../../schemas/registry.ts';
import { topics } from '../../../../schemas/topics.ts';
import { sampleApiTelemetry } from './records.ts';

const stage = async (offer: (message: OutgoingMessage) => boolean) => {
  const codec = await TopicCodec.open<ApiTelemetry>(topics.telemetryApi, new MemoryRegistry());
  const none = () => 0;
  const levels = { rows: none, overrides: none, ageMs: none, telemetryPending: none };
  const metrics = createGatewayMetrics(new Registry(), levels);
  const warnings: unknown[] = [];
  const telemetry = new Telemetry(codec, { offer }, metrics, { warn: (what: unknown) => warnings.push(what) });
  const counted = async () => {
    const [sent, dropped] = await Promise.all([metrics.telemetrySent.get(), metrics.telemetryDropped.get()]);
    return { sent: sent.values[0]?.value ?? 0, dropped: dropped.values[0]?.value ?? 0 };
  };
  return { codec, telemetry, counted, warnings };
};

test('Telemetry hands each record to Kafka at once, under the frontend credential', async () => {
  const messages: OutgoingMessage[] = [];
  const { codec, telemetry, counted } = await stage((message) => messages.push(message) > 0);
  const record = sampleApiTelemetry();
  telemetry.add(record);
  const [{ topic, key, value } = assert.fail('nothing was handed over')] = messages;
  assert.deepEqual([topic, key], [topics.telemetryApi.name, record.frontendCredential]);
  assert.deepEqual(value, codec.encode(record));
  assert.deepEqual(await counted(), { sent: 1, dropped: 0 });
});

test('Telemetry counts what the queue does not take, and what cannot be written, and goes on', async () => {
  let room = 3;
  const { telemetry, counted, warnings } = await stage(() => room-- > 0);
  for (let i = 0; i < 5; i++) telemetry.add(sampleApiTelemetry());
  assert.deepEqual(await counted(), { sent: 3, dropped: 2 });
  telemetry.add({ ...sampleApiTelemetry(), status: Number.NaN });
  assert.deepEqual(await counted(), { sent: 3, dropped: 3 });
  assert.deepEqual(warnings, [{ code: 'RECORD_OUT_OF_RANGE' }]);
});
