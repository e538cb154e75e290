import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../services/context.ts';
import type { Scenario, Stage } from './scenario.ts';

/** Have a token issued to a function; what the register then says of it. */
const issue = async ({ shell, servers, data }: Stage, holder: string) => {
  const secret = readFileSync(join(data, 'vault', 'token-service.secret'), 'utf8').trim();
  const answer = await fetch(`${servers.token}/v1/credentials`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ event: 'nightly', function: holder, instance: `${holder}-1` }),
  });
  const { credentialId } = (await answer.json()) as { credentialId: string };
  const entityId = await until(`${credentialId} in the archive`, async () => {
    const { output } = await shell.run(
      `ebbtide --json query "SELECT entity_id FROM credentials WHERE credential_id = '${credentialId}'"`,
    );
    return /"entity_id":"([^"]+)"/.exec(output)?.[1];
  });
  return { credentialId, entityId };
};

/** The register. */
export const credentials: Scenario = {
  title: 'credentials',
  environment: ({ servers, rootToken }) => ({ BAO_ADDR: servers.vault, BAO_TOKEN: rootToken }),
  prepare: async (stage) => {
    const [one, other] = [await issue(stage, 'ledger'), await issue(stage, 'invoices')];
    const { output } = await stage.shell.run('bao token create -format=json -policy=default -ttl=10m');
    const { auth } = JSON.parse(output) as { auth: { accessor: string } };
    return [
      ['8609694a-cdbc-db9b-d345-e782dbb562ed', auth.accessor],
      ['7d2e3179-f69b-450c-7179-ac8ee8bd8ca9', one.entityId],
      ['<id>', other.entityId],
      ['billing-1-7f3c', one.credentialId],
    ];
  },
  commands: {
    'ebbtide credentials adopt --accessor 8609694a-cdbc-db9b-d345-e782dbb562ed --function billing --instance billing-1':
      /Registered adopted-\S+: it can be shortened and revoked/,
    'ebbtide credentials list': /billing/,
    'ebbtide label billing-1-7f3c false-positive --note "Quarter-end report"': /false/,
    'ebbtide credentials revoke-entity 7d2e3179-f69b-450c-7179-ac8ee8bd8ca9 --action disable': {
      says: /disable/,
      adds: '--yes',
    },
    'ebbtide credentials revoke-entity <id>': { says: /revoke/, adds: '--yes' },
  },
};
