import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision, Signal } from '../../../../schemas/generated/index.ts';
import { deliveryMethods, eventTypes } from '../../../../schemas/securityEvents.ts';
import { topics } from '../../../../schemas/topics.ts';
import { testContext, until } from '../../../services/context.ts';
import { temporaryFolder } from '../../../services/folder.ts';
import { privateKafka } from '../../../services/kafka.ts';
import { requireOrSkip } from '../../../services/require.ts';
import { audience, credentialOf, revoked, startService, token, tokenFile } from './rig.ts';

const inside = { allowHttp: true, allowPrivateAddress: true };

test('what one party revokes must become a decision at the other, over Kafka, by poll and by push', async (t) => {
  if (!(await requireOrSkip(t, 'java'))) return;
  const { brokers } = await privateKafka(t);
  const context = await testContext(t, brokers);
  const decisions = await context.records<Decision>(topics.decisions);
  const signals = await context.records<Signal>(topics.signals);
  await context.write(topics.credentials, [
    ...[credentialOf('cred-1'), credentialOf('cred-2')],
    credentialOf('cred-3', { entityId: 'cred-2' }),
  ]);

  const account = { tokenFile: tokenFile(t), ...inside };
  const sender = await startService(t, context, {
    groupId: 'sender',
    folder: temporaryFolder(t),
    transmitter: { receivers: [{ name: 'partner', audience: [audience], ...account }], longPollMs: 500 },
  });
  const peer = { name: 'sender', issuer: sender.address, ...inside };
  const receiver = await startService(t, context, {
    groupId: 'receiver',
    folder: temporaryFolder(t),
    receiver: {
      mode: 'enforce',
      audience: [audience],
      transmitters: [{ ...peer, pollTokenFile: tokenFile(t), pushTokenFile: tokenFile(t), pollMs: 100 }],
    },
  });
  const received = (event: string) => signals.filter((one) => one.direction === 'received' && one.event === event);

  // By poll: the receiver sets its stream up itself, and has it verified
  await until('the verification', () => received(eventTypes.verification).length > 0);
  await context.write(topics.effects, [revoked('cred-1')]);
  const polled = await until('the decision', () => decisions.find(({ subject }) => subject === 'cred-1'));
  assert.deepEqual(
    [polled.pipeline, polled.action, polled.mode, polled.withheld],
    ['signals', 'revoke', 'enforce', ''],
  );

  // By push: a second stream, whose tokens are others, about the same event
  const authorization = `Bearer ${token}`;
  const delivery = {
    method: deliveryMethods.push,
    endpoint_url: `${receiver.address}/ssf/events`,
    authorization_header: authorization,
  };
  const answer = await fetch(`${sender.address}/ssf/streams`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ delivery, events_requested: [eventTypes.sessionRevoked] }),
  });
  assert.equal(answer.status, 201);
  await context.write(topics.effects, [revoked('cred-2')]);
  await until('both tokens', () => received(eventTypes.sessionRevoked).length === 3);
  await until('their decisions', () =>
    ['cred-2', 'cred-3'].every((id) => decisions.some(({ subject }) => subject === id)),
  );
  assert.deepEqual([...new Set(decisions.map(({ subject }) => subject))].sort(), ['cred-1', 'cred-2', 'cred-3']);
  assert.deepEqual(
    received(eventTypes.sessionRevoked).map(({ issuer, outcome }) => [issuer, outcome]),
    [1, 2, 3].map(() => [sender.address, 'decided']),
  );
  await until('both to be ready', async () => (await sender.health()).ready && (await receiver.health()).ready);
  await until('everything delivered', async () => (await sender.health()).detail === '2 streams, 0 tokens undelivered');
});
