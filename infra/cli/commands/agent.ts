import { Command } from 'commander';
import { lazily } from '../invocation.ts';

export const defineAgent = (): Command =>
  new Command('agent')
    .summary('sample processes of this host')
    .description(
      'Run the host agent: sample the processes and cgroups that the configuration names, and send what they use to Kafka.',
    )
    .addHelpText(
      'after',
      `
Example:
  ebbtide agent --config ebbtide.yaml`,
    )
    .action(lazily(() => import('../actions/agent.ts')));
