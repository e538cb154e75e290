import { Command } from 'commander';
import { lazily } from '../invocation.ts';

export const definePrivacy = (): Command => {
  const command = new Command('privacy')
    .summary('what is kept of a user')
    .description(
      "Answer requests about data that is kept of a user's behaviour. Logs in to Vault by vault.privacyLogin.",
    );
  command
    .command('export')
    .description('Print all that is kept of a user, as JSON.')
    .argument('<user>', 'the user, as endpoints call them')
    .addHelpText('after', '\nExample:\n  ebbtide privacy export anna@example.com > anna.json')
    .action(lazily(() => import('../actions/privacy-export.ts')));
  command
    .command('erase')
    .description(
      "Destroy the user's key, so that what is kept of their behaviour can be opened nowhere any more. Cannot be undone.",
    )
    .argument('<user>', 'the user, as endpoints call them')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', '\nExample:\n  ebbtide privacy erase anna@example.com')
    .action(lazily(() => import('../actions/privacy-erase.ts')));
  return command;
};
