import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { run, tryRun } from './exec.mjs';
import { packageFolder, root, setupFolder } from './places.mjs';
import { runMain, SetupError, say } from './say.mjs';
import { setUp } from './setup.mjs';

const settings = join(root, 'infra', 'api', 'api-extractor.json');

/**
 * Make the types of the package, `dist/ebbtide.d.ts`, of the sources, and the report of its API, `infra/api/ebbtide.api.md`.
 *
 * @param {boolean} check - refuse a report that is not up to date, instead of writing it
 */
export const extractApi = async (check) => {
  const tsc = packageFolder('typescript', 'bin', 'tsc');
  await run(process.execPath, [tsc, '-p', join(root, 'tsconfig.types.json')], {
    purpose: 'The sources do not compile',
  });
  mkdirSync(setupFolder('api'), { recursive: true });
  const extractor = packageFolder('@microsoft', 'api-extractor', 'bin', 'api-extractor');
  const answer = await tryRun(process.execPath, [extractor, 'run', '-c', settings, ...(check ? [] : ['--local'])]);
  if (answer.ok || (!check && !/error/i.test(answer.output))) return;
  throw new SetupError(
    `The API differs from its report infra/api/ebbtide.api.md; see what that means for the version in CONTRIBUTING.md, and write it with: npm run api\n${answer.output.trim()}`,
  );
};

/** `npm run api [-- --check]` */
if (process.argv[1]?.endsWith('api.mjs'))
  await runMain(async () => {
    const check = process.argv.includes('--check');
    await setUp();
    await extractApi(check);
    say(check ? 'The API is as its report says' : 'Wrote infra/api/ebbtide.api.md and dist/ebbtide.d.ts');
  });
