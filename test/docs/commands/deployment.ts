import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { openBao } from '../../services/openbao.ts';
import type { Scenario } from './scenario.ts';

/** A configuration, and the user's own OpenBao and Kafka made ready for it. */
export const deployment: Scenario = {
  title: 'deployment',
  tools: ['openssl'],
  prepare: async ({ shell, write, test }) => {
    const bao = await openBao(test);
    rmSync(join(shell.folder, 'ebbtide.yaml'));
    write('root-token', bao.rootToken);
    write('reviewer.jwt', 'e30.e30.e30');
    await shell.run(
      'openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -subj /CN=cluster -out cluster-ca.crt',
    );
    const known = `VAULT_ADDR=${bao.address} BAO_ADDR=${bao.address}`;
    const reached = `export ${known} VAULT_TOKEN=${bao.rootToken} BAO_TOKEN=${bao.rootToken};`;
    return [
      ['https://vault.example:8200', bao.address],
      ['VAULT_TOKEN=…', `VAULT_TOKEN=${bao.rootToken}`],
      ['ebbtide vault bootstrap', `${reached} ebbtide vault bootstrap`],
      ['bao ', `${reached} bao `],
      ['/etc/ebbtide', 'etc'],
    ];
  },
  commands: {
    'ebbtide init': /Wrote \S+ebbtide\.yaml/,
    'ebbtide init --yes /etc/ebbtide/ebbtide.yaml': /Wrote \S+etc\/ebbtide\.yaml/,
    'ebbtide init /etc/ebbtide/ebbtide.yaml': { says: /Wrote \S+etc\/ebbtide\.yaml/, adds: '--force' },
    'ebbtide config check': /policy:/,
    'ebbtide config schema': /"\$schema"/,
    'ebbtide config example': /lifecycle:/,
    'ebbtide version': /ebbtide \d+\.\d+\.\d+ on Node/,
    'ebbtide doctor': /Everything that is needed is there/,
    'ebbtide doctor --json': /"ready":true/,
    'export VAULT_ADDR=https://vault.example:8200 VAULT_TOKEN=…': /^$/,
    'ebbtide vault bootstrap --dry-run': /\d+ things would be done; nothing was/,
    'ebbtide vault bootstrap --address https://vault.example:8200 --dry-run': /\d+ things would be done/,
    'ebbtide vault bootstrap': { says: /Done: \d+ things/, adds: '--yes' },
    'VAULT_TOKEN=… ebbtide vault bootstrap --folder /etc/ebbtide/vault': {
      says: /actuatorLogin/,
      adds: '--yes',
    },
    'bao auth enable kubernetes': /Success/,
    'bao write auth/kubernetes/config kubernetes_host=https://kubernetes.example:6443 kubernetes_ca_cert=@cluster-ca.crt token_reviewer_jwt=@reviewer.jwt':
      /Success/,
    'ebbtide vault bootstrap --login kubernetes --namespace ebbtide': { says: /Done: \d+ things/, adds: '--yes' },
    'ebbtide vault bootstrap --login kubernetes --namespace ebbtide --token-file root-token --yes':
      /Everything is so already/,
    'openssl rand -hex -out token-service.secret 32': { says: /^[0-9a-f]{64}$/m, adds: '&& cat token-service.secret' },
    'openssl rand -hex -out gateway-hash.key 32': { says: /^[0-9a-f]{64}$/m, adds: '&& cat gateway-hash.key' },
    'ebbtide kafka acls': /^acls --add --allow-principal 'User:ebbtide-lifecycle'/m,
    'ebbtide kafka acls lifecycle actuate --prefix User:CN=ebbtide-': /'User:CN=ebbtide-actuate'/,
    'ebbtide kafka topics': /\d+ topics are at/,
    'ebbtide init --yes --kafka kafka:9092 --schema-registry http://registry:8081 --clickhouse http://clickhouse:8123 --vault http://vault:8200 --vault-login approle --mode shadow':
      { says: /Wrote/, adds: '--force && CLICKHOUSE_PASSWORD=secret ebbtide config check' },
  },
};
