import assert from 'node:assert/strict';
import { test } from 'node:test';
import { followGate } from '../../../infra/provision/followGate.ts';
import type { Credential } from '../../../schemas/generated/index.ts';
import { topics } from '../../../schemas/topics.ts';
import { decide, kafkaRig } from '../vault/rig.ts';

test('the gate must know what was decided before it began, and read no scores that count no more', async (t) => {
  const rig = await kafkaRig(t);
  await rig.decide(decide({ credentialId: 'dave', ttlMs: 0 } as Credential, 'revoke'));
  const asked = new Map<string, unknown>();
  const tail: typeof rig.kafka.tail = (options) => {
    for (const topic of options.topics) asked.set(topic, options.from);
    return rig.kafka.tail(options);
  };
  const kafka = Object.assign(Object.create(rig.kafka), { tail });
  const at = Date.now();
  const gate = await followGate({ ...rig.context(), kafka }, { riskMaxAgeMs: 60_000 }, () => at);
  t.after(() => gate.close());
  assert.equal(gate.risk.riskOf({ user: 'dave', vm: 'web-1' }), 100);
  const recent = { sinceMs: at - 60_000 };
  assert.deepEqual(
    [topics.scores, topics.decisions, topics.control, topics.credentials].map(({ name }) => asked.get(name)),
    [recent, recent, 'beginning', 'beginning'],
  );
});
