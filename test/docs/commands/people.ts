import type { Scenario } from './scenario.ts';

/** API tokens, and what is on record of people. */
export const people: Scenario = {
  title: 'people',
  prepare: async ({ shell, servers }) => {
    const make = async (name: string) => {
      const { output } = await shell.run(`ebbtide --json token create ${name} --role viewer --for 1h`);
      return JSON.parse(output) as { token: string; tokenId: string };
    };
    const [kept, ended] = [await make('kept'), await make('ended')];
    return [
      ['7Qm2xV9aKc31', ended.tokenId],
      ['$TOKEN', kept.token],
      ['https://ebbtide.example.com', servers.console!],
    ];
  },
  commands: {
    'ebbtide token create dashboard --role viewer --for 30d': /works as viewer until/,
    'ebbtide token list': /dashboard +viewer/,
    'ebbtide token revoke 7Qm2xV9aKc31': /works no longer/,
    'curl -H "Authorization: Bearer $TOKEN" https://ebbtide.example.com/api/state': { says: /"mode":/, awaited: true },
    'ebbtide query "SELECT at, name, role, address, action, subject, outcome, reason, result FROM actions ORDER BY at DESC LIMIT 20"':
      { says: /makeToken|createToken|token/, awaited: true },
    "ebbtide query \"SELECT name, count() FROM actions WHERE action = 'revoke' AND outcome = 'done' GROUP BY name\"":
      /name +count|No rows/i,
  },
};
