import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NEVER, of } from 'rxjs';
import type { GrantedKey } from '../../../../infra/clickhouse/grantedKeys.ts';
import { shownKeys } from '../../../../infra/console/policies/shown.ts';
import { openKeyPreview } from '../../../../infra/replay/keylife/preview.ts';
import { keyhostConfig } from '../../../../infra/services/keyhost/config.ts';
import { parseKeylifePolicy } from '../../../../schemas/keylifePolicy.ts';
import { keyOf, keysOf, t0 } from './keys.ts';

const hourMs = 3_600_000;
const config = keyhostConfig.parse({});
const inForce = parseKeylifePolicy({});
const { lifespans } = inForce;
/** The longest life takes a risk of no more than 0.05. */
const stricter = parseKeylifePolicy({
  lifespans: { ...lifespans, classes: [...lifespans.classes.slice(0, 2), { above: 0.05, lifespanMs: 6 * hourMs }] },
});
const wish = { policy: stricter, inForce, from: t0, to: t0 + 24 * hourMs, stopping: NEVER, progressed: () => {} };
const tryOn = (keys: readonly GrantedKey[], more: Partial<typeof wish> = {}) =>
  openKeyPreview(keysOf(keys), config)({ ...wish, ...more });

test('openKeyPreview() tells how many keys would have lived how long, and of which people', async () => {
  const outcome = await tryOn([
    keyOf(0, { risk: 0.01 }),
    keyOf(1, { risk: 0.1 }),
    keyOf(4, { risk: 0.15 }),
    keyOf(2, { risk: 0.7, ttlMs: hourMs }),
  ]);
  const { figures, lives, differences, span } = shownKeys(outcome, wish);
  assert.deepEqual(lives, [
    { lifeMs: 24 * hourMs, draft: 1, inForce: 3 },
    { lifeMs: 6 * hourMs, draft: 2, inForce: 0 },
    { lifeMs: hourMs, draft: 1, inForce: 1 },
  ]);
  assert.deepEqual([figures.keys, figures.people, figures.differingKeys, figures.differingSubjects], [4, 3, 2, 1]);
  assert.deepEqual([figures.keyHours, figures.againstKeyHours], [37, 73]);
  const [one] = differences;
  assert.deepEqual([one!.name, one!.subject, one!.at], ['pseudonym-1', 'key-4', t0 + 4 * 60_000]);
  assert.deepEqual([one!.draft!.newTtlMs, one!.inForce!.newTtlMs], [6 * hourMs, 24 * hourMs]);
  assert.equal(one!.draft!.reason, 'Risk 0.15');
  assert.deepEqual(span, { from: t0, to: t0 + 4 * 60_000 });
});

test('openKeyPreview() grants as the key host does: rotation, uncalibrated verifiers, kinds that nobody can revoke', async () => {
  const keys = [
    keyOf(0, { risk: 0.01, heard: ['scroll.statistical'] }),
    keyOf(1, { risk: 0.01, revocable: false }),
    keyOf(2, { risk: 0.01 }),
  ];
  const { draft } = await tryOn(keys, { policy: parseKeylifePolicy({ rotateAfterMs: 2 * hourMs }) });
  assert.deepEqual(
    draft,
    new Map([
      [config.learningLifespanMs, 1],
      [300_000, 1],
      [2 * hourMs, 1],
    ]),
  );
});

test('openKeyPreview() leaves keys out of which nothing was compared, whichever policy they were granted by', async () => {
  const nothing = { risk: null, heard: [] };
  // Granted in doubt by a policy whose shortest life was longer, and while their user was being learned
  const keys = [keyOf(0, { ...nothing, ttlMs: 600_000 }), keyOf(1, { ...nothing, ttlMs: hourMs }), keyOf(2)];
  const outcome = await tryOn(keys);
  const { figures, lives, span, warnings } = shownKeys(outcome, wish);
  assert.equal(outcome.uncompared, 2);
  assert.deepEqual(lives, [
    { lifeMs: 24 * hourMs, draft: 0, inForce: 1 },
    { lifeMs: 6 * hourMs, draft: 1, inForce: 0 },
  ]);
  assert.deepEqual([figures.keys, figures.people, figures.keyHours], [1, 1, 6]);
  assert.deepEqual(span, { from: t0, to: t0 + 2 * 60_000 });
  assert.match(warnings.join(' '), /nothing was compared are left out, .*: 2\./);
});

test('openKeyPreview() says so where it stops at the latest keys', async () => {
  const keys = [keyOf(0), keyOf(1), keyOf(2)];
  const cut = shownKeys(await openKeyPreview(keysOf(keys), config, 2)(wish), wish);
  assert.equal(cut.figures.keys, 2);
  assert.match(cut.warnings.join(' '), /No more than the latest 2 keys are tried/);
  const whole = shownKeys(await openKeyPreview(keysOf(keys), config, 4)(wish), wish);
  assert.doesNotMatch(whole.warnings.join(' '), /No more than/);
});

test('openKeyPreview() says where there is nothing, and ends when another draft comes', async () => {
  await assert.rejects(tryOn([]), { code: 'DATA_MISSING' });
  const asked = openKeyPreview(
    {
      each: async (_from, _to, _most, _visit, signal) => signal!.throwIfAborted(),
    },
    config,
  );
  await assert.rejects(asked({ ...wish, stopping: of(0) }), { code: 'CANCELLED' });
});
