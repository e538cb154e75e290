import { resourceMetrics } from '../../../models/features/resource.ts';
import { inventedSamples } from '../../models/training/telemetry/support.ts';
import type { Scenario } from './scenario.ts';

const short = '--epochs 1 --backend wasm';

/** The anomaly model and the registry. */
export const models: Scenario = {
  title: 'models',
  prepare: async ({ write }) => {
    const rows = inventedSamples(6, 700).map(({ subject, time, values }) => [subject, time, ...values].join(','));
    write('telemetry.csv', `${[['subject', 'time', ...resourceMetrics].join(','), ...rows].join('\n')}\n`);
    return [
      ['20260301-101500', 'second'],
      ['diff 1 ', 'diff first '],
      ['VERSION', 'first'],
      ['--window 60s', '--window 1s'],
    ];
  },
  commands: {
    'ebbtide train anomaly': { says: /benignBelowLow/, adds: short },
    'ebbtide train anomaly --from file=telemetry.csv --window 60s': {
      says: /Telemetry: train/,
      adds: `${short} --out first`,
    },
    'ebbtide train anomaly --from file=telemetry.csv --window 60s --seed 7': {
      says: /Telemetry: train/,
      adds: `${short} --out second`,
    },
    'ebbtide models list': /second[\s\S]*first/,
    'ebbtide models show VERSION': /first/,
    'ebbtide models show 20260301-101500': /second/,
    'ebbtide models diff 1 20260301-101500': /seed/,
    'ebbtide models challenge': { says: /Name a version to challenge with/, status: 2 },
    'ebbtide models challenge 20260301-101500': /challenger: second/,
    'ebbtide models promote 20260301-101500 --reason "fewer false alarms in a week beside the champion"':
      /Champion of anomaly: second/,
    'ebbtide models rollback': /Champion of anomaly: (?!second)/,
    'ebbtide models promote 20260301-101500 --reason "fewer false alarms in a week of shadow scoring"':
      /Champion of anomaly: second/,
    'ebbtide train anomaly --from archive --since 30d': { says: /Telemetry: train/, adds: `${short} --window 1s` },
    'ebbtide train anomaly --from archive --since 30d --out .ebbtide/models/anomaly': {
      says: /Telemetry: train/,
      adds: `${short} --window 1s`,
    },
    'ebbtide retrain': { says: /champion/, adds: '--epochs 0' },
    'ebbtide retrain --once': { says: /champion/, adds: '--epochs 0' },
    'ebbtide retrain --since 90d --epochs 0 --json': /^\{"at":.*"outcome":/m,
  },
};
