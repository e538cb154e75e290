import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RowBinaryBatch } from '../../../infra/clickhouse/rowBatch.ts';
import { archivedTopics } from '../../../infra/clickhouse/tables.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import { topics } from '../../../schemas/topics.ts';
import { openBao } from '../../services/openbao.ts';
import { until } from '../vault/rig.ts';
import { provisionRig } from './rig.ts';

test('no secret, and nothing that gives access to one, may be in logs, topics or rows of the archive', async (t) => {
  const rig = await provisionRig(t, await openBao(t));
  const bytes: Buffer[] = [];
  const rows = new RowBinaryBatch('test');
  const names: string[] = Object.values(topics).map(({ name }) => name);
  const tail = await rig.kafka.kafka.tail({ topics: names, from: 'beginning' });
  t.after(() => tail.close());
  const codecs = new Map<string, TopicCodec<unknown>>();
  for (const { topic } of archivedTopics) codecs.set(topic.name, await TopicCodec.open(topic, rig.kafka.registry));
  void (async () => {
    for await (const messages of tail.batches())
      for (const message of messages) {
        bytes.push(message.key ?? Buffer.alloc(0), message.value ?? Buffer.alloc(0));
        if (message.value) rows.add(message, await codecs.get(message.topic)!.read(message.value));
      }
  })();
  const alice = await rig.user('alice');
  const engine = await rig.engine();
  const delivery = await rig.delivery();
  const hidden = new Map<string, string>([
    ["the user's token", alice.token],
    ["the user's identity", alice.identity],
    ["the user's password", 'alice-password'],
  ]);
  const keep = async (what: string, sealed: unknown) => {
    const { credential } = await alice.open(sealed);
    hidden.set(`${what}: sealed`, String(sealed).split('\n')[2]!);
    if (credential.password) hidden.set(`${what}: password`, credential.password);
    if (credential.privateKey) hidden.set(`${what}: private key`, credential.privateKey.split('\n')[3]!);
  };
  for (const vm of ['web-1', 'box-1']) {
    await rig.want('alice', vm);
    await rig.step(`alice/${vm}`, 'preProvisioned');
    const path = `ebbtide-provisions/data/pairs/alice/${vm}`;
    const { data } = await rig.vault.root.read<{ data: { wrapping: string } }>(path);
    hidden.set(`${vm}: wrapping token`, data.data.wrapping);
    await keep(`${vm}, prepared`, (await delivery.get(vm, alice.token)).body.sealed);
    await keep(`${vm}, generated`, (await delivery.get(vm, alice.token)).body.sealed);
  }
  // Failures quote what they failed on
  await delivery.get('web-1', alice.token, { recipient: alice.identity });
  await delivery.get('web-1', null, { auth: { method: 'userpass', username: 'alice', password: 'alice-password!' } });
  await delivery.call('PUT', '/v1/keys', alice.token, { recipient: alice.recipient, sshPublicKey: alice.identity });
  await rig.step('alice/box-1', 'delivered', ({ served }) => served === 'generated');
  await until('the records', () => bytes.length > 12 && [...rows.byTable()].length > 0);
  await engine.close();
  const written = [...rows.byTable()].map(({ body }) => Buffer.from(body).toString('latin1'));
  const places: Record<string, string> = {
    logs: rig.kafka.lines.join('\n'),
    topics: Buffer.concat(bytes).toString('latin1'),
    archive: written.join('\n'),
  };
  assert.match(places.logs!, /credential prepared/);
  assert.match(places.topics!, /alice\/web-1/);
  assert.match(places.archive!, /alice\/web-1/);
  assert.equal(hidden.size, 3 + 2 + 4 * 2);
  for (const [place, text] of Object.entries(places))
    for (const [what, secret] of hidden) assert.equal(text.includes(secret), false, `${what} is in the ${place}`);
});
