import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Press, typingFeatures, typingNames } from '../../../models/biometric/keyClasses.ts';
import { namesOf, phraseSample, specifications } from '../../../models/biometric/specifications.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';

const press = (of: Press['of'], down: number, hold = 0.1): Press => ({ of, down, up: down + hold });

test('typingFeatures() are medians by classes, pauses left out, and name no key', () => {
  const features = typingFeatures([
    press('letter', 0),
    press('letter', 0.2, 0.3),
    press('letter', 0.4),
    press('space', 0.6),
    press('edit', 9, 0.2),
  ]);
  assert.ok(Math.abs(features['downDown.letter-letter']! - 0.2) < 1e-9);
  assert.ok(Math.abs(features['upDown.letter-letter']! - 0) < 1e-9);
  assert.equal(features.overlaps, 1 / 3);
  assert.equal(features.edits, 0.2);
  assert.ok(!('downDown.space-letter' in features));
  assert.ok(Math.abs(features.rate! - 5) < 1e-9);
  for (const name of Object.keys(features)) assert.ok(typingNames.includes(name), name);
  assert.deepEqual(typingFeatures([]), {});
});

test('every specification has a hash of its own and names', () => {
  const hashes = Object.values(specifications).map(({ hash }) => hash);
  assert.equal(new Set(hashes).size, hashes.length);
  for (const name of Object.keys(specifications) as (keyof typeof specifications)[])
    assert.ok(namesOf(name, 7).length >= 3);
});

test('phraseSample() takes a phrase’s features in whatever order, and refuses others', () => {
  const sample = phraseSample({ 'hold.1': 0.2, 'hold.0': 0.1, 'upDown.1': 0.1, 'downDown.1': 0.3 });
  assert.deepEqual([...sample], [Math.log(0.1), Math.log(0.3), Math.log(2), Math.log(0.2)]);
  const refused = (features: Record<string, number>, code: 'RECORD_MALFORMED' | 'RECORD_OUT_OF_RANGE') =>
    assert.throws(
      () => phraseSample(features),
      (error) => isEbbtideError(error, code),
    );
  refused({ 'hold.0': 1, 'hold.1': 1 }, 'RECORD_MALFORMED');
  refused({ 'hold.1': 1 }, 'RECORD_MALFORMED');
  refused({ 'hold.0': Number.NaN }, 'RECORD_OUT_OF_RANGE');
});
