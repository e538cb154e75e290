import assert from 'node:assert/strict';
import { randomUUID, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import type { AppContext } from '../../../../infra/context.ts';
import type { Kafka } from '../../../../infra/kafka/types.ts';
import { keyhostMounts } from '../../../../infra/vault/prepareKeyhost.ts';
import { topics } from '../../../../schemas/topics.ts';
import { openBao } from '../../../services/openbao.ts';
import { requireOrSkip } from '../../../services/require.ts';
import { kafkaRig, type PreparedVault, prepareVault } from '../../vault/rig.ts';
import { ask, batchOf, certificateRequest, endpointIdentity, startHost, typist } from './rig.ts';

/** Keys that Vault has signed: the end of each, and whether it has revoked it. */
const signed = async (vault: PreparedVault) => {
  const { data } = await vault.root.list<{ keys: string[] }>(`${keyhostMounts.keys}/certs`);
  const found: { end: number; revoked: boolean }[] = [];
  for (const serial of data.keys) {
    const { data } = await vault.root.read<{ certificate: string; revocation_time: number }>(
      `${keyhostMounts.keys}/cert/${serial}`,
    );
    const certificate = new X509Certificate(data.certificate);
    if (!certificate.ca) found.push({ end: Date.parse(certificate.validTo), revoked: data.revocation_time > 0 });
  }
  return found;
};

test('of a key host that fails between signing and the register no key stays valid, and the next one ends no later', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  const vault = await prepareVault(t, await openBao(t));
  const kafka = await kafkaRig(t);
  const context = kafka.context();
  let failing = true;
  const failingKafka = Object.create(context.kafka, {
    producer: {
      value: async (...options: Parameters<Kafka['producer']>) => {
        const producer = await context.kafka.producer(...options);
        return Object.create(producer, {
          close: { value: () => producer.close() },
          send: {
            value: (messages: Parameters<typeof producer.send>[0]) =>
              failing && messages.some(({ topic }) => topic === topics.credentials.name)
                ? Promise.reject(new Error('the register is away'))
                : producer.send(messages),
          },
        });
      },
    },
  }) as Kafka;
  const host = await startHost(t, vault, { ...context, kafka: failingKafka } satisfies AppContext);
  const identity = await endpointIdentity(vault);
  const csr = certificateRequest(vault.folder);
  const anna = typist(0.25, 3);
  const batch = batchOf(Array.from({ length: 12 }, anna));
  const request = { requestId: randomUUID(), user: 'anna@example', csr, strong: true, batch };
  const signIn = (address = host.address) => ask(address, identity, 'POST', '/v1/authentications', request);

  assert.equal((await signIn()).status, 500);
  const [lost, ...others] = await signed(vault);
  assert.equal(others.length, 0);
  assert.equal(lost?.revoked, true, 'what nobody was given opens nothing');

  await t.test('the same request to another process gives a key that ends when the first would have', async () => {
    failing = false;
    await host.close();
    const next = await startHost(t, vault, kafka.context());
    const { status, body } = await signIn(next.address);
    assert.equal(status, 201, JSON.stringify(body));
    assert.deepEqual([body.reason, body.faults, body.expiresAt], ['learning', [], lost!.end]);
    const learned = await ask(next.address, identity, 'GET', `/v1/keys/${body.credentialId}`);
    assert.deepEqual((learned.body as unknown as { enrolled: object }).enrolled, { keystroke: 12 }, 'nothing is lost');
    assert.deepEqual((await signed(vault)).map(({ revoked }) => revoked).toSorted(), [false, true]);
  });
});
