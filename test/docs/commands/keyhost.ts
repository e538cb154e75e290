import type { Scenario } from './scenario.ts';

/** An endpoint that asks for keys, and what is kept of their holders. */
export const keyhost: Scenario = {
  title: 'keyhost',
  tools: ['curl', 'openssl', 'jq', 'ssh-keygen'],
  environment: ({ servers, rootToken }) => ({ BAO_ADDR: servers.vault, BAO_TOKEN: rootToken }),
  prepare: async ({ shell, servers }) => {
    const { status, output } = await shell.run(`
bao write -format=json pki-endpoints/issue/ebbtide-endpoint common_name=login.example.com > endpoint.json
jq -r '.data.certificate, .data.private_key' endpoint.json > endpoint.pem
jq -r .data.issuing_ca endpoint.json > endpoint-ca.pem
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout anna.key -out anna.csr -subj /CN=anna 2> /dev/null
jq -n --rawfile csr anna.csr '{requestId: "first-of-anna", user: "anna@example.com", csr: $csr, strong: true}' > ask.json
curl -fsS --cacert endpoint-ca.pem --cert endpoint.pem -H 'content-type: application/json' ${servers.keyhost}/v1/authentications -d @ask.json
ssh-keygen -q -t ed25519 -N '' -f ssh-ca`);
    if (status !== 0) throw new Error(output);
    return [
      ['curl …', 'curl -fsS --cacert endpoint-ca.pem --cert endpoint.pem'],
      ['https://keyhost:7079', servers.keyhost!],
    ];
  },
  commands: {
    'bao write pki-endpoints/issue/ebbtide-endpoint common_name=login.example.com ttl=720h':
      /certificate +-----BEGIN[\s\S]*private_key +-----BEGIN/,
    'curl … https://keyhost:7079/v1/denied | jq -r \'.keys[] | "id: " + .credentialId\' > denied': /^$/,
    'ssh-keygen -k -f revoked.krl -s ssh-ca.pub denied': /^$|[Rr]evok/,
    'ebbtide privacy export anna@example.com > anna.json': { says: /"user"/, adds: '&& cat anna.json' },
    'ebbtide privacy erase anna@example.com': { says: /key of \S+/, adds: '--yes' },
  },
};
