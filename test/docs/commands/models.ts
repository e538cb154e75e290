import type { Scenario } from './scenario.ts';

/** What the stack's archive was given of an hour ago, and not what it goes on taking in. */
const short = '--until 30m --window 1s --epochs 1 --backend wasm';

/** The anomaly model and the registry. */
export const models: Scenario = {
  title: 'models',
  prepare: async () => [
    ['20260301-101500', 'anomaly'],
    ['diff 1 ', 'diff first '],
    ['VERSION', 'first'],
  ],
  commands: {
    'ebbtide train anomaly --from archive --since 30d': { says: /Telemetry: train/, adds: `${short} --out first` },
    'ebbtide train anomaly --from archive --since 30d --out .ebbtide/models/anomaly': {
      says: /Telemetry: train/,
      adds: `${short} --seed 2`,
    },
    'ebbtide models list': /anomaly[\s\S]*first/,
    'ebbtide models show VERSION': /first/,
    'ebbtide models show 20260301-101500': /anomaly/,
    'ebbtide models diff 1 20260301-101500': /seed/,
    'ebbtide models challenge': { says: /Name a version to challenge with/, status: 2 },
    'ebbtide models challenge 20260301-101500': /challenger: anomaly/,
    'ebbtide models promote 20260301-101500 --reason "fewer false alarms in a week beside the champion"':
      /Champion of anomaly: anomaly/,
    'ebbtide models rollback': /Champion of anomaly: (?!anomaly)/,
    'ebbtide models promote 20260301-101500 --reason "fewer false alarms in a week of shadow scoring"':
      /Champion of anomaly: anomaly/,
    'ebbtide retrain': { says: /Champion anomaly /, adds: '--epochs 0' },
    'ebbtide retrain --once': { says: /Champion anomaly /, adds: '--epochs 0' },
    'ebbtide retrain --since 90d --epochs 0 --json': /^\{"at":.*"outcome":/m,
  },
};
