import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NEVER, of } from 'rxjs';
import { accessRecord } from '../../../../infra/agents/access/reading.ts';
import { shownProvisioning } from '../../../../infra/console/policies/shownProvisioning.ts';
import { statistics } from '../../../../infra/jobs/accessModels.ts';
import { openProvisioningPreview, type ProvisioningLimits } from '../../../../infra/replay/preprovision/preview.ts';
import { provisioningFigures } from '../../../../infra/replay/preprovision/view.ts';
import type { TrialWish } from '../../../../infra/replay/trial.ts';
import { controlRecord } from '../../../../schemas/control.ts';
import { type PreprovisionPolicy, parsePreprovisionPolicy } from '../../../../schemas/preprovisionPolicy.ts';
import { daily, dayMs, hourMs, logOf, t0 } from './accesses.ts';

const days = 21;
/** Ada comes at half past nine each day, Bob at a quarter past two. */
const records = [...daily('ada', 'build-7', days, 9.5 * hourMs), ...daily('bob', 'web-1', days, 14.25 * hourMs)];
const inForce = parsePreprovisionPolicy({});
const never = parsePreprovisionPolicy({ minChance: 1 });
const wish = {
  ...{ policy: never, inForce, from: t0 + 14 * dayMs, to: t0 + days * dayMs },
  stopping: NEVER,
  progressed: () => {},
};
const model = async () => statistics('UTC');

const tryOn = (
  log = logOf(records),
  more: Partial<TrialWish<PreprovisionPolicy>> = {},
  limits: ProvisioningLimits = {},
) => openProvisioningPreview(log, model, limits)({ ...wish, ...more });

test('openProvisioningPreview() tells what a draft would have prepared, hit and missed, beside the policy in force', async () => {
  const shares: number[] = [];
  const preview = await tryOn(logOf(records), { progressed: (done, all) => shares.push(done / all) });
  const { figures, users, differences, warnings, span } = shownProvisioning(preview, { draft: never, inForce }, wish);
  // Both are expected in the hour before theirs too, in which nobody comes
  assert.deepEqual(
    [figures.visits, figures.againstPrepared, figures.againstHits, figures.againstMisses, figures.againstWasted],
    [14, 28, 14, 0, 14],
  );
  assert.deepEqual([figures.prepared, figures.hits, figures.misses, figures.hitRatePercent], [0, 0, 14, 0]);
  // Seven times an hour for nobody and half an hour, or a quarter, until they come
  assert.equal(figures.againstUnusedMinutes, 7 * (60 + 30) + 7 * (60 + 15));
  assert.equal(figures.againstUnusedMinutesPerHit, figures.againstUnusedMinutes! / 14);
  assert.deepEqual([figures.differingDecisions, figures.differingSubjects], [28, 2]);
  const nothing = { prepared: 0, hits: 0, unusedMinutes: 0 };
  assert.deepEqual(users, [
    { user: 'ada', visits: 7, differing: 14, draft: nothing, inForce: { prepared: 14, hits: 7, unusedMinutes: 630 } },
    { user: 'bob', visits: 7, differing: 14, draft: nothing, inForce: { prepared: 14, hits: 7, unusedMinutes: 525 } },
  ]);
  const [last] = differences;
  assert.deepEqual([last!.subject, last!.name, last!.draft], ['bob', 'bob/web-1', null]);
  assert.equal(last!.at, t0 + 20 * dayMs + 14 * hourMs);
  assert.deepEqual([last!.inForce!.action, last!.inForce!.newTtlMs], ['prepare', hourMs]);
  assert.match(last!.inForce!.reason, /% likely; used after 15 min/);
  assert.match(differences[1]!.inForce!.reason, /nobody came/);
  assert.deepEqual(span, { from: wish.from, to: wish.to });
  assert.match(warnings.join(), /model statistics/);
  assert.equal(shares.at(-1), shares.length > 0 ? (shares.length - 1) / shares.length : 0);
  const same = await tryOn(logOf(records), { policy: inForce });
  assert.deepEqual(same.differences, []);
});

test('openProvisioningPreview() weighs the thresholds of a draft: a longer window, a cap, a lower risk', async () => {
  const figuresOf = async (change: object, log = logOf(records)) => {
    const policy = parsePreprovisionPolicy(change);
    return shownProvisioning(await tryOn(log, { policy }), { draft: policy, inForce }, wish).figures;
  };
  const long = await figuresOf({ windowHours: 4 });
  assert.ok(long.unusedMinutes! > long.againstUnusedMinutes!, JSON.stringify(long));
  assert.equal(long.hits, 14);
  const capped = await figuresOf({ budget: { actions: 1, perMs: 2 * dayMs } });
  assert.ok(capped.withheld! > 0 && capped.prepared! < capped.againstPrepared!, JSON.stringify(capped));
  // Bob is a risk of 20 on one day, for a day
  const said = {
    pipeline: 'lifecycle',
    windowEnd: t0 + 16 * dayMs,
    risk: 20,
    learning: false,
    role: 'champion',
  } as const;
  const risky = await figuresOf({ maxRisk: 10 }, logOf(records, { risks: [{ user: 'bob', said }] }));
  assert.deepEqual([risky.withheld, risky.againstWithheld, risky.hits, risky.againstHits], [2, 0, 13, 14]);
});

test('openProvisioningPreview() heeds kill switches of then, and what a machine was', async () => {
  const at = t0 + 15 * dayMs;
  const control = [
    controlRecord({ kind: 'killSwitch', value: true, by: 'ann', reason: 'drill', expiresAt: at + dayMs }, at),
  ];
  const stopped = await tryOn(logOf(records, { control }));
  const figures = provisioningFigures(stopped);
  assert.deepEqual([figures.againstHits, figures.againstMisses, figures.againstWithheld], [12, 2, 4]);
  const archived = accessRecord({ user: '', vm: 'web-1', kind: 'vmState', vmState: 'archived', time: at });
  const gone = provisioningFigures(await tryOn(logOf([...records, archived])));
  assert.deepEqual([gone.againstHits, gone.againstMisses], [7 + 1, 6]);
});

test('openProvisioningPreview() leaves users out of too many, and says where it was cut short', async () => {
  const half = await tryOn(logOf(records), {}, { mostPairHours: 21 * 24 + 1 });
  assert.deepEqual([half.oneIn, half.users.map(({ user }) => user)], [2, ['ada']]);
  const policies = { draft: never, inForce };
  assert.match(shownProvisioning(half, policies, wish).warnings.join(), /one user in 2 is tried/);
  let late = 0;
  const cut = await tryOn(logOf(records), {}, { mostMs: 0, now: () => late++ });
  // A day is decided at least
  assert.equal(cut.cutAt, wish.from + dayMs);
  assert.equal(cut.to, cut.cutAt);
  assert.match(shownProvisioning(cut, policies, wish).warnings.join(), /cut short at 2026-01-20 00:00 UTC/);
  assert.equal(provisioningFigures(cut).visits, 2);
  const few = await tryOn(logOf(records), {}, { mostListed: 3 });
  assert.deepEqual([few.differences.length, provisioningFigures(few).differingDecisions], [3, 28]);
});

test('openProvisioningPreview() says where nobody came, ends when another draft comes, and closes its model', async () => {
  await assert.rejects(tryOn(logOf([])), { code: 'DATA_MISSING' });
  let closed = 0;
  const closing = async () => ({ ...(await model()), close: async () => void closed++ });
  const attempt = openProvisioningPreview(logOf(records), closing);
  await assert.rejects(attempt({ ...wish, stopping: of(0) }), { code: 'CANCELLED' });
  await attempt(wish);
  assert.equal(closed, 2);
});
