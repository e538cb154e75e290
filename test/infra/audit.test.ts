import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Actor, AuditLog } from '../../infra/audit.ts';
import type { Producer } from '../../infra/kafka/types.ts';
import { createLogger } from '../../infra/log.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import type { AuditEvent } from '../../schemas/generated/index.ts';
import { MemoryRegistry } from '../../schemas/registry.ts';
import { topics } from '../../schemas/topics.ts';

const ann: Actor = { id: 'ann', name: 'Ann', role: 'operator', how: 'oidc', address: '192.0.2.1' };
const deed = { action: 'revoke', subject: 'cred-1' };

/** A record that takes the first few events and then no more. */
const rig = async (takes: number) => {
  const registry = new MemoryRegistry();
  const codec = await TopicCodec.open<AuditEvent>(topics.actions, registry);
  const events: AuditEvent[] = [];
  const producer = {
    async send([message]: readonly { readonly value: Buffer }[]) {
      if (events.length >= takes) throw new Error('The broker is away');
      events.push(codec.decode(message!.value));
    },
  } as unknown as Producer;
  const audit = await AuditLog.open({ registry, log: createLogger('test') }, producer, () => 1);
  return { audit, outcomes: () => events.map(({ outcome, result }) => [outcome, result]) };
};

test('AuditLog must not call failed what was done, though that could not be recorded', async () => {
  for (const tells of [false, true]) {
    const { audit, outcomes } = await rig(1);
    const made = await audit.around(ann, deed, async (told) => {
      if (tells) await told('life enforced');
      return 'revoked';
    });
    assert.equal(made, 'revoked');
    assert.deepEqual(outcomes(), [['asked', '']]);
    assert.equal(audit.unrecorded, 1);
  }
});

test('AuditLog must do nothing that it cannot record, and record what failed', async () => {
  const none = await rig(0);
  await assert.rejects(
    none.audit.around(ann, deed, async () => assert.fail('Must not be done')),
    /broker is away/,
  );
  const { audit, outcomes } = await rig(9);
  await assert.rejects(
    audit.around(ann, deed, async () => {
      throw new Error('Vault refused');
    }),
    /Vault refused/,
  );
  await audit.around(ann, deed, async () => 1);
  await audit.around(ann, deed, (told) => told('twice'));
  assert.deepEqual(outcomes(), [
    ['asked', ''],
    ['failed', 'Vault refused'],
    ['asked', ''],
    ['done', ''],
    ['asked', ''],
    ['done', 'twice'],
  ]);
});
