import { until } from '../../services/context.ts';
import type { Scenario, Stage } from './scenario.ts';

/** A decision of the lifecycle pipeline that the archive has. */
export const revocation = async ({ shell }: Stage): Promise<string> =>
  until('a revocation in the archive', async () => {
    const { output } = await shell.run(
      `ebbtide --json query "SELECT decision_id FROM decisions JOIN effects USING (decision_id) WHERE decisions.action = 'revoke' AND effects.outcome = 'enforced' LIMIT 1"`,
    );
    return /"decision_id":"([^"]+)"/.exec(output)?.[1];
  });

/** What is asked of the archive. */
export const archive: Scenario = {
  title: 'archive',
  prepare: async (stage) => [
    ['lifecycle/cred-1/1790000010000', await revocation(stage)],
    [' alice', ' demo-ada'],
  ],
  commands: {
    'ebbtide query "SHOW TABLES"': /decisions[\s\S]*scores/,
    'ebbtide query "SELECT subject, action, count() FROM decisions GROUP BY ALL ORDER BY ALL"':
      /subject +action[\s\S]*revoke/,
    'ebbtide query --json "SELECT * FROM effects ORDER BY applied_at DESC LIMIT 20"': /"outcome":"enforced"/,
    'ebbtide query --json --max-rows 10000000 "SELECT * FROM telemetry_resource"': /"cpu_cores":/,
    'ebbtide query "SELECT role, model_version, avg(score) FROM scores GROUP BY ALL"': /champion/,
    'ebbtide query "SELECT topic, pipeline, error_code, count() FROM dead_letters GROUP BY ALL"': /topic|[Nn]o rows/,
    'ebbtide query "SELECT withheld, count() FROM decisions WHERE withheld != \'\' GROUP BY withheld"':
      /withheld|[Nn]o rows/,
    'ebbtide query "SELECT kind, severity, summary FROM alerts ORDER BY at DESC LIMIT 20"': /revoked +\w+/,
    "ebbtide query \"SELECT subject, applied_at FROM effects WHERE action = 'revoke' AND outcome = 'enforced' AND applied_at > now() - INTERVAL 1 DAY\"":
      /subject +applied_at\n\S/,
    'ebbtide query "SELECT decision_id FROM decisions WHERE action = \'revoke\' ORDER BY decided_at DESC LIMIT 5"':
      /lifecycle\//,
    'ebbtide trace lifecycle/cred-1/1790000010000': /Vault/,
    'ebbtide report provisioning': /requests/,
    'ebbtide report provisioning --since 7d': /requests/,
    'ebbtide report provisioning --json --user alice': /requests/,
    'ebbtide report access alice': /demo-ada/,
    'ebbtide report access alice --since 30d': /demo-ada/,
    'ebbtide report access alice --since 90d --json': /"user":"demo-ada"/,
    'ebbtide report forecast alice': /by model[\s\S]*build-7/,
    'ebbtide report forecast alice --from 12h --to 20h': /by model[\s\S]*build-7/,
    'ebbtide report forecast alice --from 12h --to 20h --json': /demo-ada/,
  },
};
