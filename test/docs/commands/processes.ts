import type { Expected, Scenario } from './scenario.ts';

const server = (says: RegExp): Expected => ({ says, serves: true });

/** Pipelines as processes of their own, beside those of the stack. */
export const pipelines: Scenario = {
  title: 'pipelines',
  config: `threat:
  folder: threat
  feeds:
    - name: seen-here
      file: seen-here.csv
      columns: { value: ip, confidence: score, validUntil: until }
`,
  prepare: async ({ write }) => {
    write('seen-here.csv', 'ip,score,until\n198.51.100.7,80,2030-01-01T00:00:00Z\n');
    return [];
  },
  commands: {
    'ebbtide run lifecycle': server(/lifecycle runs/),
    'ebbtide run actuate archive': server(/actuate[\s\S]*archive runs/),
    'ebbtide run scope': server(/scope runs/),
    'ebbtide run preprovision': server(/preprovision runs/),
    'ebbtide run keylife actuate': server(/keylife[\s\S]*actuat\w* runs/),
    'ebbtide run threat': server(/threat runs/),
    'ebbtide run retrain': server(/retrain runs/),
  },
};

/** Services as processes of their own. */
export const services: Scenario = {
  title: 'services',
  config: `provision:
  targets:
    web-*:
      method: sshCertificate
collector:
  authLog: auth.log
  stateFile: collector.json
mail:
  tls: none
`,
  prepare: async ({ write }) => {
    write('auth.log', '');
    return [];
  },
  commands: {
    'ebbtide serve token': server(/token.* runs at/),
    'ebbtide serve token console': server(/token.* runs at[\s\S]*console runs at/),
    'ebbtide serve console': server(/console runs at/),
    'ebbtide serve gateway': server(/gateway runs at/),
    'ebbtide serve keyhost': server(/keyhost runs at/),
    'ebbtide serve provision delivery': server(/provision runs[\s\S]*delivery runs at/),
    'ebbtide serve mail': server(/mail runs/),
    'ebbtide serve collector': server(/collector runs/),
  },
};

/** The host agent, which wants addresses: it takes nothing from an "ebbtide up" beside it. */
export const agent: Scenario = {
  title: 'agent',
  // It says in its log alone that it runs
  environment: () => ({ EBBTIDE_LOG: 'info' }),
  prepare: async ({ write, servers }) => {
    write(
      'ebbtide.yaml',
      `kafka: { brokers: "${servers.kafka}" }
schemaRegistry: { url: "${servers.schemaRegistry}" }
http: { port: 0 }
agent:
  socketFile: agent.sock
  spoolFolder: spool
  targets:
    - pid: ${process.pid}
      credentialId: by-hand
`,
    );
    return [];
  },
  commands: {
    'ebbtide agent': server(/health and metrics are served/),
  },
};
