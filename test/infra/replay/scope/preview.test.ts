import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NEVER, of } from 'rxjs';
import type { ApiCallArchive } from '../../../../infra/clickhouse/apiCalls.ts';
import { shownScope } from '../../../../infra/console/policies/shown.ts';
import { openScopePreview } from '../../../../infra/replay/scope/preview.ts';
import { defaultScopeModel } from '../../../../models/scope/model.ts';
import { policyParsers } from '../../../../schemas/control.ts';
import type { ApiTelemetry } from '../../../../schemas/generated/index.ts';
import { callAt, t0 } from '../../../models/scope/calls.ts';

/** Somebody who reads orders, and somebody who is refused everything else. */
const calls: ApiTelemetry[] = Array.from({ length: 600 }, (_, index) =>
  callAt(
    t0 + index * 1_000,
    index % 2
      ? { frontendCredential: 'app' }
      : {
          frontendCredential: 'thief',
          service: `service-${index % 9}`,
          operation: `GET /secrets/${index}`,
          status: 403,
        },
  ),
);
const within = (from: number, to: number) => calls.filter(({ time }) => time >= from && time < to);
const source: ApiCallArchive = {
  count: async (from, to) => within(from, to).length,
  async *calls(from, to) {
    yield* within(from, to);
  },
};
const policies = {
  draft: policyParsers.scope({ ranges: [{ upTo: 100, scope: 'default' }] }),
  inForce: policyParsers.scope({}),
};
const wish = { policy: policies.draft, inForce: policies.inForce, from: t0, to: t0 + 3_600_000, stopping: NEVER };

test('openScopePreview() tells of each caller what the draft would have made of it, beside the policy in force', async () => {
  const told: number[] = [];
  const preview = openScopePreview(source, async () => defaultScopeModel);
  const outcome = await preview({ ...wish, progressed: (done, all) => told.push(done / all) });
  const { figures, differences, courses } = shownScope(outcome, policies, wish.to);
  assert.deepEqual([figures.callers, figures.calls, figures.restricted], [2, 600, 0]);
  assert.equal(figures.againstRestricted, 1);
  assert.equal(figures.differingSubjects, 1);
  const [thief] = differences;
  assert.equal(thief!.subject, 'thief');
  assert.deepEqual([thief!.draft!.newScope, thief!.inForce!.newScope !== 'default'], ['default', true]);
  assert.deepEqual(courses, []);
  assert.ok(told.every((share) => share >= 0 && share <= 1));
});

test('openScopePreview() takes the latest of too many, ends when another draft comes, and says where there is nothing', async () => {
  const preview = openScopePreview(source, async () => defaultScopeModel, 100);
  const progressed = () => {};
  const { from, draft } = await preview({ ...wish, progressed });
  assert.equal(from, t0 + 500_000);
  assert.equal(
    draft.reduce((sum, one) => sum + one.calls, 0),
    100,
  );
  await assert.rejects(preview({ ...wish, progressed, stopping: of(0) }), { code: 'CANCELLED' });
  await assert.rejects(preview({ ...wish, progressed, to: t0 }), { code: 'DATA_MISSING' });
});

test('openScopePreview() closes the model that it opened, whether it ended well or not', async () => {
  let [opened, closed] = [0, 0];
  const model = async () => {
    opened += 1;
    return {
      ...defaultScopeModel,
      close: async () => {
        closed += 1;
      },
    };
  };
  const preview = openScopePreview(source, model, 100);
  await preview({ ...wish, progressed: () => {} });
  await assert.rejects(preview({ ...wish, progressed: () => {}, stopping: of(0) }), { code: 'CANCELLED' });
  assert.deepEqual([opened, closed], [2, 2]);
});
