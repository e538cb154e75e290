import { inventedLogins } from './history.ts';
import type { Scenario } from './scenario.ts';

/** People with habits, as a file of logins. */
const logins = (): string => {
  const rows = inventedLogins(Date.UTC(2026, 0, 5)).map(
    ({ user, vm, time }) => `${user},${vm},${new Date(time).toISOString()},600000`,
  );
  return `user,vm,time,durationMs\n${rows.join('\n')}\n`;
};

const short = '--epochs 1 --backend wasm --subjects 4';

/** The access model, and policies that go by it. */
export const access: Scenario = {
  title: 'access',
  config: `policy:
  preprovision:
    mode: enforce
    timeZone: Europe/Berlin
`,
  prepare: async ({ write }) => {
    write('logins.csv', logins());
    write('sparing.yaml', 'minChance: 0.5\n');
    return [['VERSION', 'v1']];
  },
  commands: {
    'ebbtide policy test --pipeline preprovision --since 7d --policy sparing.yaml': /prepared/,
    'ebbtide train access --from file=logins.csv --zone Europe/Berlin': {
      says: /Accesses: 4 of \d+ pairs/,
      adds: `${short} --out v1`,
    },
    'ebbtide train access --from archive --since 90d': { says: /Accesses: 4 of \d+ pairs/, adds: short },
    'ebbtide models promote VERSION --kind access': /Champion of access: v1/,
  },
};
