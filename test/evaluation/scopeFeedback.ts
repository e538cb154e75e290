import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readWebSessions, type WebSession } from '../../models/evaluation/webBotData.ts';
import { reportLines } from '../../models/feedback/report.ts';
import { sequenceOf } from '../../models/scope/sequences.ts';
import { trainScope } from '../../models/scope/train.ts';
import { retrainScope } from '../../pipelines/retrain/scope.ts';
import type { Label } from '../../schemas/generated/Label.ts';
import { parseScopePolicy } from '../../schemas/scopePolicy.ts';
import { sharedData } from '../services/require.ts';

/**
 * What labels do to the scope model, on the web-bot sessions in order of time. The champion learned from the first 15
 * people alone what is usual (`--champion built-in`: it is the model without training); an analyst then judges every
 * session, bots as malicious, people as legitimate. What `retrain` holds out, the latest three tenths of both, neither model
 * has learned from.
 *
 * @example npx tsx test/evaluation/scopeFeedback.ts --json
 */
const policy = parseScopePolicy({});
const { windowMs } = policy;
const sessions = readWebSessions(join(sharedData(), 'web-bot')).toSorted(
  (a, b) => a.calls[0]!.time - b.calls[0]!.time || (a.id < b.id ? -1 : 1),
);
const firstMs = Math.min(...sessions.map(({ calls }) => calls[0]!.time));
const toMs = Math.max(...sessions.map(({ calls }) => calls.at(-1)!.time)) + windowMs;

const labelOf = ({ id, visitor, calls }: WebSession): Label => ({
  ...{ subject: id, decisionId: null, note: '', by: 'ann', at: toMs },
  verdict: visitor === 'human' ? 'legitimateAnomaly' : 'maliciousActivity',
  windowStart: calls[0]!.time - windowMs,
  windowEnd: calls.at(-1)!.time + windowMs,
});

const builtIn = process.argv.includes('built-in');
const seed = Number(process.argv[process.argv.indexOf('--seed') + 1]) || 1;
const folder = mkdtempSync(join(tmpdir(), 'ebbtide-scope-feedback-'));
try {
  const place = join(folder, 'champion');
  if (!builtIn)
    await trainScope({
      ...{ out: place, seed, lineage: { source: 'web-bot' } },
      sequences: sessions
        .filter(({ visitor }) => visitor === 'human')
        .slice(0, 15)
        .map(({ id, visitor, calls }) => sequenceOf(id, visitor !== 'human', calls, windowMs)),
    });
  const promoted: string[] = [];
  const report = await retrainScope({
    ...{ windowMs, seed, out: join(folder, 'challenger'), threshold: policy.ranges[0]!.upTo, now: toMs },
    labels: { labels: async () => sessions.map(labelOf), decisions: async () => [] },
    calls: { calls: () => sessions.flatMap(({ calls }) => calls) },
    range: { fromMs: firstMs - windowMs, toMs },
    registry: {
      champion: async () => (builtIn ? undefined : place),
      publish: async () => 'challenger',
      promote: async (version) => void promoted.push(version),
    },
  });
  if (process.argv.includes('--json')) console.log(JSON.stringify(report));
  else console.log(reportLines(report).join('\n'));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
