import type { Expected, Scenario } from './scenario.ts';

const ready: Expected = { says: /Ctrl-C ends it/, serves: true };

/** Everything in one process, each time on data of its own. */
export const up: Scenario = {
  title: 'up',
  environment: () => ({ EBBTIDE_DATA: 'data' }),
  prepare: async () => [['/var/lib/ebbtide', 'var/lib/ebbtide']],
  commands: {
    'EBBTIDE_DATA=/var/lib/ebbtide ebbtide up': ready,
  },
};
