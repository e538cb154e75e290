import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { dataSetsFolder } from '../evaluation/index.ts';
import { readNabSeries } from '../evaluation/nabData.ts';
import { usualInterval } from '../evaluation/runSeries.ts';
import { readSmdMachines } from '../evaluation/smdData.ts';
import { startBackend } from '../training/backend.ts';
import { multivariateParameters } from './multivariate.ts';
import { encodeNetwork, networkFile } from './networks/stored.ts';
import { jointTraining, trainJoint } from './networks/trainJoint.ts';
import { singleTraining, trainSingle } from './networks/trainSingle.ts';
import { learnStandard, standardise } from './standardise.ts';

/** Share of a machine's training rows from which detectors learn; see the protocol in `models/evaluation/smd.ts`. */
const learningShare = 0.8;

type Report = (done: number, total: number, loss: number) => void;

const trainOne = async (folder: string, backend: string, report: Report): Promise<string> => {
  // Rows of probation alone: what is scored is never trained on.
  const series = readNabSeries(folder).map(({ times, values, probation }) => ({
    times: times.subarray(0, probation),
    values: values.subarray(0, probation),
    intervalMs: usualInterval(times),
  }));
  const { weights, loss } = await trainSingle(series, report);
  const data = `Numenta Anomaly Benchmark (numenta/NAB, MIT): the probation part of each of its ${series.length} series (first 15 %, at most 750 rows), and invented series; no labels`;
  return encodeNetwork({ version: 1, data, training: { ...singleTraining, backend }, loss }, weights);
};

const trainMany = async (folder: string, backend: string, report: Report): Promise<string> => {
  const share = learningShare * multivariateParameters.fitShare;
  const machines = readSmdMachines(folder);
  const metrics = machines[0]!.metrics;
  const sources = machines.map(({ train }) => {
    const rows = train.subarray(0, Math.floor((train.length / metrics) * share) * metrics);
    return standardise(rows, learnStandard(rows, metrics));
  });
  const { weights, loss } = await trainJoint(sources, metrics, report);
  const data = `Server Machine Dataset (NetManAIOps/OmniAnomaly, MIT): the first ${Math.round(100 * share)} % of the training part of each of its ${machines.length} machines; no labels`;
  return encodeNetwork({ version: 1, data, training: { ...jointTraining, backend }, loss }, weights);
};

/** Trains the networks that ship with the detectors, again: `npx tsx models/detectors/train.ts one|many [folder]`. */
const main = async (which: string | undefined, folder: string | undefined): Promise<void> => {
  if (which !== 'one' && which !== 'many') throw new Error('Say which network: one (NAB) or many (SMD)');
  const backend = await startBackend();
  const from = folder ? resolve(folder) : `${dataSetsFolder()}/${which === 'one' ? 'nab' : 'smd'}`;
  const report: Report = (done, total, loss) => {
    if (done % 20 === 0) process.stderr.write(`Training on ${backend}: ${done} of ${total}, loss ${loss.toFixed(4)}\n`);
  };
  const text = await (which === 'one' ? trainOne : trainMany)(from, backend, report);
  writeFileSync(networkFile(which === 'one' ? 'single' : 'joint'), text);
};

if (process.argv[1] && import.meta.url === pathToFileURL(resolve(process.argv[1])).href)
  await main(process.argv[2], process.argv[3]);
