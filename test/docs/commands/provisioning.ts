import type { Scenario } from './scenario.ts';

/** A user who gets a credential for a machine. */
export const provisioning: Scenario = {
  title: 'provisioning',
  environment: ({ servers }) => ({ BAO_ADDR: servers.vault }),
  prepare: async ({ shell, servers, rootToken }) => {
    await shell.run(`export BAO_TOKEN=${rootToken}
bao auth enable userpass || true
bao write auth/userpass/users/alice password="correct horse"`);
    return [['https://delivery.example', servers.delivery!]];
  },
  commands: {
    'bao login -method=userpass username=alice': { says: /now authenticated/, adds: 'password="correct horse"' },
    'ebbtide credential enrol --server https://delivery.example': /identity\.txt|age1/,
    'ebbtide credential enrol': /age1|already/,
    'ebbtide credential get web-1 --server https://delivery.example': {
      says: /Public key: [\s\S]*alice@web-1/,
      adds: '&& ssh-keygen -L -f .ssh/ebbtide/web-1-cert.pub',
    },
  },
};
