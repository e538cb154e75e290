import { Command } from 'commander';
import { lazily } from '../invocation.ts';

export const defineTrace = (): Command =>
  new Command('trace')
    .summary('show where the time of a decision went')
    .description(
      'Show the way of one decision as a waterfall: the window of behaviour, grace and scoring, the actuator and Vault, or the override and the first call that the gateway refused. From the times in the archive, whether tracing is on or not.',
    )
    .argument('<decisionId>', 'which')
    .addHelpText(
      'after',
      `
Examples:
  ebbtide query "SELECT decision_id FROM decisions WHERE action = 'revoke' ORDER BY decided_at DESC LIMIT 5"
  ebbtide trace lifecycle/cred-1/1790000010000`,
    )
    .action(lazily(() => import('../actions/trace.ts')));
