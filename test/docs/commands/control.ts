import type { Scenario } from './scenario.ts';

/** What steers pipelines; it comes last, since others want things revoked. */
export const control: Scenario = {
  title: 'control',
  prepare: async ({ write }) => {
    write('policy.yaml', 'mode: enforce\nlow: 0.3\n');
    write('stricter.yaml', 'mode: shadow\nnarrowAfter: 1\n');
    return [];
  },
  commands: {
    'ebbtide control publish': /lifecycle/,
    'ebbtide control kill-switch on': /[Kk]ill switch/,
    'ebbtide control show': /killSwitch +all +true/,
    'ebbtide control mode enforce': /enforce/,
    'ebbtide control mode shadow': /shadow/,
    'ebbtide control policy policy.yaml': /policy/i,
    'ebbtide control policy stricter.yaml --pipeline scope': /policy/i,
  },
};
