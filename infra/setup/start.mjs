import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, setupCommand } from './places.mjs';
import { runMain } from './say.mjs';
import { setUp, setUpParts } from './setup.mjs';

const main = join(root, 'dist', 'infra', 'cli', 'main.js');

/** What doctor can say before there is anything to run it with. */
const reportMissing = (json) => {
  const parts = setUpParts();
  if (json) process.stdout.write(`${JSON.stringify({ setUp: false, parts })}\n`);
  else {
    for (const { name, ready } of parts) process.stdout.write(`${ready ? 'ok     ' : 'missing'}  ${name}\n`);
    process.stdout.write(
      `\nInstall what is missing with: ${setupCommand} (1 to 4 min), then ask doctor again for the rest\n`,
    );
  }
  return 1;
};

/** Set up if needed, then be the CLI, in this very process so that signals and the terminal are its own. */
await runMain(async () => {
  const wouldSetUp = process.env.EBBTIDE_SKIP_SETUP !== '1';
  if (wouldSetUp && process.argv[2] === 'doctor' && setUpParts().some(({ ready, takesLong }) => takesLong && !ready))
    return reportMissing(process.argv.includes('--json'));
  await setUp();
  process.argv = [process.argv[0], main, ...process.argv.slice(2)];
  await import(pathToFileURL(main).href);
  return process.exitCode;
});
