import { randomBytes } from 'node:crypto';
import { recorder } from '../../services/http.ts';
import type { Scenario } from './scenario.ts';

/** Alerts to people, who have a webhook here. */
export const alerts: Scenario = {
  title: 'alerts',
  prepare: async ({ shell, write, test }) => {
    const { url } = await recorder(test);
    write('siem.secret', `whsec_${randomBytes(32).toString('base64')}`);
    write(
      'ebbtide.yaml',
      `http: { port: 0 }
notify:
  routes:
    - name: siem
      url: ${url}
      secretFile: siem.secret
      minSeverity: info
      allowHttp: true
      allowPrivateAddress: true
`,
    );
    await shell.serve('ebbtide run notify', /notify runs/);
    const { output } = await shell.run('ebbtide --json alerts test info --subject nightly');
    return [['<alertId>', /"alertId":"([^"]+)"/.exec(output)![1]!]];
  },
  commands: {
    'ebbtide run notify': { says: /notify runs/, serves: true },
    'ebbtide alerts test critical --subject payments-api': /siem +delivered/,
    'ebbtide alerts test': /siem +delivered/,
    "ebbtide alerts acknowledge <alertId> --reason 'on it'": /[Aa]cknowledged/,
    "ebbtide alerts silence 'batch-*' --for 2h --reason 'load test'": /batch-\*/,
    'ebbtide alerts list': /Silent until .*: batch-\*.*load test\)[\s\S]*payments-api +siem delivered/,
  },
};
