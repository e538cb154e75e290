import assert from 'node:assert/strict';
import { test } from 'node:test';
import { archiveTyping } from '../../../infra/clickhouse/typing.ts';
import { keysOf, keystrokeFeatures, timingNames } from '../../../models/biometric/keystrokes.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import { inventedTyping } from '../../models/biometric/people.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { messageOf, preparedArchive } from './support.ts';

test('archiveTyping() gives training the phrase that most people typed, in order of time', async (t) => {
  const archive = await preparedArchive(t, (await clickHouse(t)).url);
  const typing = inventedTyping(4, 12);
  const names = timingNames(keysOf(typing.timings));
  const rows = archive.newBatch('test');
  let offset = 0;
  const burst = (user: string, time: number, features: Record<string, number>, more: object = {}): void =>
    rows.add(messageOf('telemetry.biometric', offset++), {
      user,
      session: 's',
      time,
      modality: 'keystroke',
      features,
      featureHash: keystrokeFeatures.hash,
      purpose: 'authentication',
      ...more,
    });
  const featuresOf = (seconds: Float64Array, repetition: number) =>
    Object.fromEntries(names.map((name, i) => [name, seconds[repetition * typing.timings + i]!]));
  typing.typists.forEach(({ name, seconds, repetitions }) => {
    // The archive is told the last first
    for (let i = repetitions - 1; i >= 0; i--) burst(name, 1000 + i, featuresOf(seconds, i));
  });
  const one = typing.typists[0]!;
  // Another phrase, another specification, another modality, another time
  for (let i = 0; i < 60; i++) burst(one.name, 1000 + i, { 'hold.0': 0.1 });
  burst(one.name, 1000, featuresOf(one.seconds, 0), { featureHash: 'another' });
  burst(one.name, 1000, featuresOf(one.seconds, 0), { modality: 'touch' });
  burst(one.name, 99_000, featuresOf(one.seconds, 0));
  await archive.insert(rows);

  const found = await archiveTyping(archive, { fromMs: 0, toMs: 5000 });
  assert.deepEqual(found.typing, typing);
  assert.match(JSON.stringify(found.lineage), /FROM telemetry_biometric/);
  await assert.rejects(archiveTyping(archive, { fromMs: 5000, toMs: 6000 }), (error) =>
    isEbbtideError(error, 'DATA_MISSING'),
  );
});
