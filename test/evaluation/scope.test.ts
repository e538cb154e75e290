import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { dataSetsFolder } from '../../models/evaluation/index.ts';
import { readWebSessions } from '../../models/evaluation/webBotData.ts';
import { evaluateWebBot } from '../../pipelines/scope/evaluation/webBot.ts';

const folder = join(dataSetsFolder(), 'web-bot');
const skip = existsSync(folder) ? false : `the data set is not in ${folder}`;

suite('people and bots on a web service', () => {
  test('115 annotated sessions have logs', { skip }, () => {
    const sessions = readWebSessions(folder);
    const count = (visitor: string) => sessions.filter((one) => one.visitor === visitor).length;
    assert.deepEqual([count('human'), count('moderate'), count('advanced')], [35, 50, 30]);
    for (const { calls } of sessions) assert.ok(calls.every((call, i) => i === 0 || call.time >= calls[i - 1]!.time));
  });

  test('bots are told from people, and few people are restricted', { skip }, async () => {
    const { figures, tables, timelines } = await evaluateWebBot({
      folder,
      detectors: ['ebbtide', 'withoutCaching'],
      onProgress: () => undefined,
    });
    assert.ok(figures.aucModerate! >= 0.97, `moderate ${figures.aucModerate}`);
    assert.ok(figures.aucAdvanced! >= 0.8, `advanced ${figures.aucAdvanced}`);
    assert.ok(figures.aucModerateWithoutCaching! >= 0.97, `moderate ${figures.aucModerateWithoutCaching}`);
    assert.ok(figures.aucAdvancedWithoutCaching! >= 0.8, `advanced ${figures.aucAdvancedWithoutCaching}`);
    assert.ok(figures.falseRestrictionRate! <= 0.1, `people ${figures.falseRestrictionRate}`);
    assert.ok(figures.restrictedModerate! >= 0.7 && figures.restrictedAdvanced! >= 0.5);
    assert.equal(timelines.length, 115);
    assert.ok(tables.every(({ headings, rows }) => rows.every((row) => row.length === headings.length)));
  });
});
