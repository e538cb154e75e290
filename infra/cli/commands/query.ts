import { Command } from 'commander';
import { lazily } from '../invocation.ts';
import { wholeNumber } from '../values.ts';

export const defineQuery = (): Command =>
  new Command('query')
    .summary('ask the archive')
    .description('Run one SQL statement that reads, against the archive in ClickHouse, and print its rows.')
    .argument('<sql>', 'the statement')
    .option('--max-rows <count>', 'stop with an error beyond this many rows', wholeNumber(1, 100_000_000), 100_000)
    .option('--timeout <seconds>', 'longest time the statement may take', wholeNumber(1, 86_400), 60)
    .addHelpText(
      'after',
      `
Examples:
  ebbtide query "SHOW TABLES"
  ebbtide query "SELECT subject, action, count() FROM decisions GROUP BY ALL ORDER BY ALL"
  ebbtide query --json "SELECT * FROM effects ORDER BY applied_at DESC LIMIT 20"`,
    )
    .action(lazily(() => import('../actions/query.ts')));
