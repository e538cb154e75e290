import { join } from 'node:path';
import { ridgeForecast } from '../../models/detectors/jointForecast.ts';
import { type MultivariateParts, multivariateParameters, watchMany } from '../../models/detectors/multivariate.ts';
import { networkForecast } from '../../models/detectors/networks/joint.ts';
import { trainJoint } from '../../models/detectors/networks/trainJoint.ts';
import { learnStandard, standardise } from '../../models/detectors/standardise.ts';
import { mean } from '../../models/evaluation/evaluation.ts';
import { dataSetsFolder } from '../../models/evaluation/index.ts';
import { averagePrecision, precisionRecall } from '../../models/evaluation/precisionRecall.ts';
import { runSeries } from '../../models/evaluation/runSeries.ts';
import { readSmdMachines, smdIntervalMs } from '../../models/evaluation/smdData.ts';
import { startBackend } from '../../models/training/backend.ts';

/**
 * Whether a network that learned from other machines helps on one with little history: trained on every second machine of
 * SMD, watched on the others, which each learn from their last rows before the test alone. Run with tsx; takes minutes.
 */
const machines = readSmdMachines(join(dataSetsFolder(), 'smd'));
const known = machines.filter((_, i) => i % 2 === 0);
const unknown = machines.filter((_, i) => i % 2 === 1);
const { metrics } = machines[0]!;
const learned = (rows: Float64Array) => Math.floor((rows.length / metrics) * 0.8);

await startBackend();
const sources = known.map(({ train }) => {
  const rows = train.subarray(0, Math.floor(learned(train) * multivariateParameters.fitShare) * metrics);
  return standardise(rows, learnStandard(rows, metrics));
});
const { weights } = await trainJoint(sources, metrics, (done, total, loss) => {
  if (done % 50 === 0) process.stderr.write(`Training: ${done} of ${total}, loss ${loss.toFixed(4)}\n`);
});
const network = networkForecast(weights);
const compared: Record<string, MultivariateParts> = {
  linear: { principal: false, forecasts: [ridgeForecast] },
  lstm: { principal: false, forecasts: [() => network] },
  both: { principal: false, forecasts: [ridgeForecast, () => network] },
  principal: { principal: true, forecasts: [] },
};

for (const rows of [180, 360, 1440, 4320, 18_000]) {
  const results: string[] = [];
  for (const [name, parts] of Object.entries(compared)) {
    const areas: number[] = [];
    for (const machine of unknown) {
      const end = learned(machine.train);
      const learning = machine.train.subarray(Math.max(0, end - rows) * metrics, end * metrics);
      const times = Float64Array.from(machine.labels, (_, row) => row * smdIntervalMs);
      const info = { name: machine.name, metrics, intervalMs: smdIntervalMs, learningRows: 0 };
      const detector = { summary: name, begin: () => watchMany(metrics, learning, parts) };
      const { scores } = await runSeries(detector, info, machine.test, times);
      areas.push(averagePrecision(precisionRecall(scores, machine.labels)));
    }
    results.push(`${name} ${mean(areas).toFixed(3)}`);
  }
  process.stdout.write(`${rows} learning rows: AUC-PR ${results.join(', ')}\n`);
}
