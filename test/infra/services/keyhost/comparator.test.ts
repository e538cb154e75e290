import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { trainComparator } from '../../../../models/biometric/comparator/train.ts';
import { timingNames } from '../../../../models/biometric/keystrokes.ts';
import { isEbbtideError } from '../../../../schemas/errors.ts';
import { inventedTyping } from '../../../models/biometric/people.ts';
import { openBao } from '../../../services/openbao.ts';
import { requireOrSkip } from '../../../services/require.ts';
import { kafkaRig, prepareVault } from '../../vault/rig.ts';
import { ask, batchOf, certificateRequest, endpointIdentity, startHost, typist } from './rig.ts';

const keys = 5;

test('a comparator of other people has its say beside the statistical verifier', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  const vault = await prepareVault(t, await openBao(t));
  const kafka = await kafkaRig(t);
  const comparator = join(vault.folder, 'comparator');
  await trainComparator({
    typing: inventedTyping(14, 60, keys),
    lineage: { kind: 'invented' },
    backend: 'wasm',
    epochs: 4,
    stepsPerEpoch: 15,
    batch: 64,
    version: 'v1',
    created: '2026-01-01T00:00:00.000Z',
    out: comparator,
  });
  const host = await startHost(t, vault, kafka.context(), { keyhost: { comparator } });
  const identity = await endpointIdentity(vault);
  const csr = certificateRequest(vault.folder);
  const signIn = async (user: string, phrases: readonly Record<string, number>[], strong = false) => {
    const batch = batchOf(phrases);
    const { body } = await ask(host.address, identity, 'POST', '/v1/authentications', {
      requestId: randomUUID(),
      user,
      csr,
      strong,
      batch,
    });
    return body as typeof body & { parts: Record<string, number>; enrolled: Record<string, number> };
  };
  /** Two people whom training has not seen. */
  const [anna, mallory] = inventedTyping(2, 60, keys, 77).typists.map(({ seconds }) =>
    Array.from({ length: 60 }, (_, i) =>
      Object.fromEntries(timingNames(keys).map((name, at, { length }) => [name, seconds[i * length + at]!])),
    ),
  ) as [Record<string, number>[], Record<string, number>[]];

  await t.test(
    'both verifiers tell the owner from a stranger, and the answer says what each of them said',
    async () => {
      await signIn('anna@example', anna.slice(0, 30), true);
      const own = await signIn('anna@example', anna.slice(30, 33));
      const foreign = await signIn('anna@example', mallory.slice(0, 3));
      assert.deepEqual(own.enrolled, { keystroke: 30 });
      for (const { reason, parts, risk } of [own, foreign]) {
        assert.equal(reason, 'assessed');
        assert.deepEqual(Object.keys(parts).toSorted(), ['keystroke.comparator', 'keystroke.statistical']);
        const logOdds = Object.values(parts).reduce((sum, part) => sum + part, 0);
        assert.ok(Math.abs(risk - 1 / (1 + Math.exp(-logOdds))) < 1e-9, 'parts sum to the risk');
      }
      for (const verifier of Object.keys(own.parts))
        assert.ok(own.parts[verifier]! < foreign.parts[verifier]!, `${verifier} tells them apart`);
      assert.ok(own.risk < 0.2 && foreign.risk > 0.8, `${own.risk} and ${foreign.risk}`);
    },
  );

  await t.test('of a phrase that it was not trained on it says nothing, and the other verifier decides', async () => {
    const other = typist(0.25, 3);
    const times = (count: number) => Array.from({ length: count }, () => other());
    await signIn('bert@example', times(12), true);
    const { reason, parts, risk } = await signIn('bert@example', times(1));
    assert.equal(reason, 'assessed');
    assert.deepEqual(Object.keys(parts), ['keystroke.statistical']);
    assert.ok(risk < 0.5, `${risk}`);
  });

  await t.test('a key host does not start with one that is damaged', async () => {
    writeFileSync(join(comparator, 'population.json'), '{}');
    await assert.rejects(startHost(t, vault, kafka.context(), { keyhost: { comparator } }), (error) =>
      isEbbtideError(error, 'MODEL_DAMAGED'),
    );
  });
});
