import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Running } from '../../../infra/context.ts';
import { type Visitor, visitors, writeHabits } from '../../../infra/demo/people.ts';
import { demoTargets } from '../../../infra/demo/policy.ts';
import { openVaultUsers } from '../../../infra/demo/vaultUser.ts';
import { makePeople, startVisits } from '../../../infra/demo/visits.ts';
import { preprovisionConfigSchema } from '../../../infra/jobs/config.ts';
import { startPreprovision } from '../../../infra/jobs/preprovision.ts';
import { parsePreprovisionPolicy } from '../../../schemas/preprovisionPolicy.ts';
import { openBao } from '../../services/openbao.ts';
import { provisionRig } from '../provision/rig.ts';
import { until } from '../vault/rig.ts';

test('people of the demonstration find ready what the pipeline foresaw, and the rest is made for them', async (t) => {
  const server = await openBao(t);
  const rig = await provisionRig(t, server);
  const context = rig.kafka.context();
  // They come at once when the test lets them
  const people: readonly Visitor[] = visitors.map(({ comesAfterS, ...visitor }) => ({
    ...visitor,
    ...(comesAfterS !== undefined && comesAfterS < 1_000 ? { comesAfterS: 0 } : {}),
  }));
  await writeHabits(context, Date.now());
  const made = await makePeople(await openVaultUsers(server, 'ebbtide-users', context.log), people);
  await rig.engine({ targets: demoTargets });
  const running = await startPreprovision(
    context,
    { brokers: rig.kafka.kafka.brokers },
    preprovisionConfigSchema.parse({ instanceId: 'one', clockMs: 200 }),
    parsePreprovisionPolicy({ mode: 'enforce', windowHours: 2 }),
  );
  // Before the brokers, which hooks would close first
  const closing: Running[] = [running];
  try {
    for (const { user, vm, hoursAfter, isHabit } of visitors)
      if (isHabit && hoursAfter === 0) await rig.step(`${user}/${vm}`, 'preProvisioned');

    const delivery = await rig.delivery({ targets: demoTargets });
    const visits = await startVisits(context, delivery.address!, made);
    closing.unshift(visits);
    await until('all who come to be served', async () => /^3 were served$/.test((await visits.health()).detail));
    const served = (pair: string) => rig.step(pair, 'delivered').then((record) => record.served);
    assert.deepEqual(
      [await served('demo-ada/build-7'), await served('demo-grace/db-orders'), await served('demo-ken/db-orders')],
      ['preProvisioned', 'preProvisioned', 'generated'],
    );
  } finally {
    for (const one of closing) await one.close();
  }
});
