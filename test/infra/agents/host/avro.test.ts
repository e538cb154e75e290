import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { encodeTelemetry } from '../../../../infra/agents/host/avro.ts';
import { crc32 } from '../../../../infra/agents/host/crc32.ts';
import { frame, TopicCodec } from '../../../../schemas/codec.ts';
import type { ResourceTelemetry } from '../../../../schemas/generated/ResourceTelemetry.ts';
import { MemoryRegistry } from '../../../../schemas/registry.ts';
import { topics } from '../../../../schemas/topics.ts';

const amount = fc.option(fc.double({ noNaN: true }));
const time = fc.integer({ min: -(2 ** 45), max: 2 ** 45 });
const sample = fc.record({
  time,
  cpuCores: amount,
  memoryBytes: amount,
  receivedBytes: amount,
  sentBytes: amount,
  readBytes: amount,
  writtenBytes: amount,
  apiCalls: amount,
  apiErrors: amount,
  dataReads: amount,
  dataWrites: amount,
  connections: amount,
  threads: amount,
  custom: fc.dictionary(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/), fc.double({ noNaN: true }), {
    noNullPrototype: true,
    maxKeys: 32,
  }),
});

test('encodeTelemetry must write what the schema and the Avro library write', async () => {
  const codec = await TopicCodec.open<ResourceTelemetry>(topics.telemetryResource, new MemoryRegistry());
  fc.assert(
    fc.property(
      fc.record({
        credentialId: fc.string({ unit: 'grapheme' }),
        host: fc.string({ maxLength: 255 }),
        sentAt: time,
        samples: fc.array(sample, { maxLength: 20 }),
      }),
      (telemetry) => {
        const framed = frame(codec.id, encodeTelemetry(telemetry));
        assert.deepEqual(framed, codec.encode({ ...telemetry, clock: null }));
      },
    ),
  );
});

test('encodeTelemetry must hold a thousand samples', async () => {
  const codec = await TopicCodec.open<ResourceTelemetry>(topics.telemetryResource, new MemoryRegistry());
  const [one] = fc.sample(sample, 1);
  const telemetry = { credentialId: 'c', host: 'h', sentAt: 0, samples: Array.from({ length: 1000 }, () => one!) };
  assert.equal(codec.decode(frame(codec.id, encodeTelemetry(telemetry))).samples.length, 1000);
});

test('crc32 must agree with zlib', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => assert.equal(crc32(bytes), zlibCrc32(bytes))));
});
