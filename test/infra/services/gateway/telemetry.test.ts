import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createGatewayMetrics } from '../../../../infra/services/gateway/metrics.ts';
import { Telemetry } from '../../../../infra/services/gateway/telemetry.ts';
import { TopicCodec } from '../../../../schemas/codec.ts';
import type { ApiTelemetry } from '../../../../schemas/generated/index.ts';
import { MemoryRegistry } from '../../../../schemas/registry.ts';
import { topics } from '../../../../schemas/topics.ts';
import { sampleApiTelemetry } from './records.ts';

const stage = async (send: (count: number) => Promise<void>, buffer: number) => {
  const codec = await TopicCodec.open<ApiTelemetry>(topics.telemetryApi, new MemoryRegistry());
  const metrics = createGatewayMetrics(new Registry(), {
    rows: () => 0,
    overrides: () => 0,
    ageMs: () => 0,
    telemetryPending: () => 0,
  });
  const producer = { send: (messages: readonly unknown[]) => send(messages.length), close: async () => {} };
  const telemetry = new Telemetry(codec, producer, metrics, pino({ level: 'silent' }), { buffer, flushMs: 1 });
  const value = async (name: 'telemetrySent' | 'telemetryDropped') => (await metrics[name].get()).values[0]?.value ?? 0;
  return { telemetry, value };
};

test('Telemetry hands everything over in small slices, larger ones where much waits', async () => {
  const slices: number[] = [];
  const { telemetry, value } = await stage(async (count) => void slices.push(count), 100_000);
  for (let i = 0; i < 10_000; i++) telemetry.add(sampleApiTelemetry());
  await telemetry.close();
  assert.equal(
    slices.reduce((sum, count) => sum + count, 0),
    10_000,
  );
  assert.ok(Math.max(...slices) <= 625, `${Math.max(...slices)} at once`);
  assert.equal(await value('telemetrySent'), 10_000);
  assert.equal(telemetry.pending, 0);
});

test('Telemetry drops and counts what its buffer does not hold while Kafka is away, and what Kafka refuses', async () => {
  let release = (_: Error) => {};
  const away = new Promise<void>((_, reject) => {
    release = reject;
  });
  away.catch(() => {});
  const { telemetry, value } = await stage(() => away, 100);
  for (let i = 0; i < 250; i++) telemetry.add(sampleApiTelemetry());
  assert.equal(await value('telemetryDropped'), 150);
  release(new Error('refused'));
  await telemetry.close();
  assert.equal(await value('telemetryDropped'), 250);
});
