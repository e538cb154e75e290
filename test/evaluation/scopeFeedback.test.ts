import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { RetrainReport } from '../../models/feedback/report.ts';
import { sharedData } from '../services/require.ts';

const extension = extname(import.meta.url);
const script = fileURLToPath(new URL(`scopeFeedback${extension}`, import.meta.url));
const loader = extension === '.ts' ? ['--import', 'tsx'] : [];
const webBot = join(sharedData(), 'web-bot');
const skip = existsSync(webBot) ? false : `the sessions web-bot are not in ${webBot}`;

test('labels teach the scope model real bots, without a bot lost or more people alarmed, and it is promoted', {
  skip,
}, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [...loader, script, '--json']);
  const { comparison, outcome, reasons } = JSON.parse(stdout) as RetrainReport;
  const { champion, challenger, lost } = comparison!;
  assert.ok(
    challenger.attacksDetected > champion.attacksDetected,
    `held-out bots: ${champion.attacksDetected}, then ${challenger.attacksDetected} of ${challenger.attacks}`,
  );
  assert.ok(challenger.benignAlarmed <= champion.benignAlarmed, `people: ${challenger.benignAlarmed}`);
  assert.deepEqual(lost, []);
  assert.equal(outcome, 'promoted', reasons.join('; '));
});
