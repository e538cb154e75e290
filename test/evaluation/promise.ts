/**
 * Measures what calibration promises on benign rows of SMD and NAB, static and adaptive, and how far a slow takeover
 * gets: `npx tsx test/evaluation/promise.ts [../shared/data] [--json]`. Figures of `docs/models.md` come from here.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { packageRoot } from '../../infra/paths.ts';
import { readSmd, smdUnseenMachines } from '../../models/data/sources.ts';
import { type FrogAttack, simulateFrogs } from '../../models/evaluation/frog.ts';
import { measurePromise, promisedLevels, promiseSeries } from '../../models/evaluation/livePromise.ts';
import { type ResourceMetric, resourceFeatures } from '../../models/features/resource.ts';
import { shippedCalibration, shippedScorer } from '../models/evaluation/scorer.ts';

const json = process.argv.includes('--json');
const root = resolve(
  process.argv.slice(2).find((argument) => !argument.startsWith('-')) ?? join(packageRoot(), '../shared/data'),
);
if (!existsSync(join(root, 'smd')) || !existsSync(join(root, 'nab')))
  throw new Error(`No data sets in ${root}; name a folder with smd/ and nab/`);

const { alarms } = shippedCalibration();
const figures: Record<string, number> = {};
const say = (line: string): boolean => process.stderr.write(`${line}\n`);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const round = (value: number): number => Number(value.toPrecision(3));
const asked = [1, 0.1, 0.01];
const series = promiseSeries(root);

for (const adaptive of [false, true]) {
  const name = adaptive ? 'adaptive' : 'static';
  const scorer = await shippedScorer(adaptive ? {} : { referencePrior: 1, referenceWindows: 1 });
  const found = await measurePromise(scorer, resourceFeatures, series, asked, alarms);
  await scorer.close();
  for (const group of ['smd', 'nab']) {
    const members = found.filter((it) => it.group === group);
    const days = members.reduce((sum, it) => sum + it.days, 0);
    for (const [i, level] of promisedLevels.entries()) {
      const ratios = members.map((it) => it.ratios[i]!);
      figures[`${group}.${name}.p${level}.mean`] = round(mean(ratios));
      figures[`${group}.${name}.p${level}.worst`] = round(Math.max(...ratios));
    }
    for (const [i, rate] of asked.entries())
      figures[`${group}.${name}.alarmsPerDayFor${rate}`] = round(
        members.reduce((sum, it) => sum + it.alarms[i]! * it.days, 0) / days,
      );
    figures[`${group}.days`] = round(days);
    figures[`${group}.strayedPerDay`] = round(members.reduce((sum, it) => sum + it.strayed, 0) / days);
    figures[`${group}.strayedFarPerDay`] = round(members.reduce((sum, it) => sum + it.strayedFar, 0) / days);
    say(`${group} ${name}: done, ${members.length} series, ${days.toFixed(0)} days`);
  }
}

const recordings = [...smdUnseenMachines, '2-7', '3-3'].map((machine) => readSmd(root, machine, 'train'));
const scorer = await shippedScorer();
const unanchored = await shippedScorer({ strayedScore: 0 });
const sets: readonly (readonly ResourceMetric[])[] = [['sentBytes'], ['sentBytes', 'dataReads', 'cpuCores']];
for (const metrics of sets) {
  for (const doublingWindows of [30, 120, 500, 2000, 5000]) {
    const attack: FrogAttack = { metrics, doublingWindows, start: 3000, most: 1000 };
    const notice = { perSubjectDay: 0.1, clusterWindows: alarms.clusterWindows, moderate: 0.6 };
    const found = await simulateFrogs(scorer, resourceFeatures, recordings, [attack], notice);
    const without = await simulateFrogs(unanchored, resourceFeatures, recordings, [attack], notice);
    const name = `frog.${metrics.length}metrics.doubling${doublingWindows}`;
    figures[`${name}.worstUntilStrayed`] = round(Math.max(...found.map((it) => it.multipleAtStrayed)));
    figures[`${name}.worstByModerateWithoutAnchor`] = round(Math.max(...without.map((it) => it.multipleAtModerate)));
    figures[`${name}.worstByAlarm`] = round(Math.max(...found.map((it) => it.multipleAtAlarm)));
    figures[`${name}.worstByModerate`] = round(Math.max(...found.map((it) => it.multipleAtModerate)));
    say(`${name}: done`);
  }
}
await scorer.close();
await unanchored.close();

if (json)
  process.stdout.write(
    `${JSON.stringify({ name: 'promise', figures, environment: { node: process.version, platform: process.platform } })}\n`,
  );
else for (const [name, value] of Object.entries(figures)) process.stdout.write(`${name.padEnd(48)} ${value}\n`);
