import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resourceLayout } from '../../infra/jobs/layout.ts';
import { frame, TopicCodec } from '../../schemas/codec.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import { type Alert, ResourceTelemetrySchema } from '../../schemas/generated/index.ts';
import { Refusals } from '../../schemas/refusals.ts';
import { MemoryRegistry } from '../../schemas/registry.ts';
import { SampleTable } from '../../schemas/samples.ts';
import { TelemetryCodec } from '../../schemas/telemetry.ts';
import { topics } from '../../schemas/topics.ts';

const refused = new EbbtideError('SCHEMA_UNKNOWN', 'no such id');

describe('Refusals', () => {
  it('remembers no more than its capacity, and what was asked for lately longest', () => {
    const refusals = new Refusals({ capacity: 3, uses: 100_000 });
    for (let id = 0; id < 10_000; id++) {
      refusals.set(id, refused);
      assert.equal(refusals.get(0), refused);
    }
    assert.equal(refusals.size, 3);
    assert.ok(refusals.has(9_999) && !refusals.has(5_000));
  });

  it('forgets a refusal after so many uses, or when its time has passed', () => {
    let now = 0;
    const refusals = new Refusals({ uses: 2, forMs: 100, now: () => now });
    refusals.set(1, refused);
    assert.deepEqual([refusals.get(1), refusals.get(1), refusals.get(1)], [refused, refused, undefined]);
    refusals.set(1, refused);
    now = 100;
    assert.equal(refusals.get(1), undefined);
    assert.equal(refusals.size, 0);
  });
});

describe('a schema id that the registry learns of later', () => {
  it('is read by TopicCodec once the refusal has lapsed', async () => {
    let now = 0;
    const memory = new MemoryRegistry();
    let knows = false;
    const registry = {
      register: memory.register.bind(memory),
      byId: async (id: number) => {
        if (!knows) throw refused;
        return memory.byId(id === 77 ? 1 : id);
      },
    };
    const codec = await TopicCodec.open<Alert>(topics.alerts, registry, { forMs: 100, now: () => now });
    const alert: Alert = {
      alertId: 'a',
      subject: 's',
      pipeline: 'p',
      kind: 'k',
      severity: 'info',
      summary: '',
      decisionId: null,
      at: 1,
    };
    const bytes = frame(77, codec.encode(alert).subarray(5));
    await assert.rejects(codec.read(bytes), { code: 'SCHEMA_UNKNOWN' });
    knows = true;
    await assert.rejects(codec.read(bytes), { code: 'SCHEMA_UNKNOWN' });
    now = 100;
    assert.equal((await codec.read(bytes)).alertId, 'a');
  });

  it('is read by TelemetryCodec once the refusal has lapsed', async () => {
    let now = 0;
    const memory = new MemoryRegistry();
    const limits = { forMs: 100, now: () => now };
    const codec = await TelemetryCodec.open(memory, resourceLayout, topics.telemetryResource, limits);
    const bytes = Buffer.from(
      codec.records.encode({ credentialId: 'c', host: '', sentAt: 0, samples: [], clock: null }),
    );
    bytes.writeUInt32BE(2, 1);
    await codec.learn(bytes);
    const table = new SampleTable(codec.metrics);
    assert.throws(() => codec.readerOf(bytes)?.(bytes, 5, table), { code: 'SCHEMA_UNKNOWN' });
    await memory.register('other-value', { ...(ResourceTelemetrySchema as object), doc: 'another' } as never);
    assert.throws(() => codec.readerOf(bytes)?.(bytes, 5, table), { code: 'SCHEMA_UNKNOWN' });
    now = 100;
    assert.equal(codec.readerOf(bytes), undefined);
    await codec.learn(bytes);
    assert.equal(codec.readerOf(bytes)?.(bytes, 5, table), 'c');
  });
});
