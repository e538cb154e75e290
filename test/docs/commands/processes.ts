import type { Expected, Scenario } from './scenario.ts';

const server = (says: RegExp): Expected => ({ says, serves: true });

/** Pipelines and services as processes of their own, beside those of the stack. */
export const processes: Scenario = {
  title: 'processes',
  config: `provision:
  targets:
    web-*:
      method: sshCertificate
agent:
  socket: agent.sock
  targets:
    - pid: 1
      credentialId: by-hand
collector:
  authLog: auth.log
  positionsFile: collector.json
threat:
  folder: threat
  feeds:
    - name: seen-here
      file: seen-here.csv
      columns: { value: ip, confidence: score, validUntil: until }
mail:
  tls: none
`,
  prepare: async ({ write }) => {
    write('auth.log', '');
    write('seen-here.csv', 'ip,score,until\n198.51.100.7,80,2030-01-01T00:00:00Z\n');
    return [];
  },
  commands: {
    'ebbtide run lifecycle': server(/lifecycle runs/),
    'ebbtide run lifecycle --config ebbtide.yaml': server(/lifecycle runs/),
    'ebbtide run actuate archive --config ebbtide.yaml': server(/archive runs/),
    'ebbtide run scope': server(/scope runs/),
    'ebbtide run preprovision': server(/preprovision runs/),
    'ebbtide run keylife actuate': server(/actuate runs/),
    'ebbtide run threat --config ebbtide.yaml': server(/threat runs/),
    'ebbtide run retrain': server(/retrain runs/),
    'ebbtide serve token --config ebbtide.yaml': server(/token.* runs at/),
    'ebbtide serve token console --config ebbtide.yaml': server(/console runs at/),
    'ebbtide serve console': server(/console runs at/),
    'ebbtide serve gateway': server(/gateway runs at/),
    'ebbtide serve keyhost': server(/keyhost runs at/),
    'ebbtide serve provision delivery': server(/delivery runs at/),
    'ebbtide serve provision delivery --config ebbtide.yaml': server(/delivery runs at/),
    'ebbtide serve mail': server(/mail runs/),
    'ebbtide serve collector': server(/collector runs/),
    'ebbtide agent': server(/./),
    'ebbtide agent --config ebbtide.yaml': server(/./),
  },
};
