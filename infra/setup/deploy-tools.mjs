import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { onPath, run } from './exec.mjs';
import { withLock } from './lock.mjs';
import { setupFolder } from './places.mjs';
import { runMain, SetupError, say, step } from './say.mjs';

/** What checks deployments: pinned, and wanted by tests alone. */
const helmModule = 'helm.sh/helm/v4/cmd/helm@v4.3.1';
/** Schemas that ship in Go modules: where in the module, and the name by which it is asked for. */
const schemasInModules = [
  {
    module: 'github.com/compose-spec/compose-go/v2@v2.16.2',
    from: 'schema/compose-spec.json',
    to: 'compose-spec.json',
  },
  ...['scaledobjects', 'triggerauthentications'].map((name) => ({
    module: 'github.com/kedacore/keda/v2@v2.21.0',
    from: `config/crd/bases/keda.sh_${name}.yaml`,
    to: `${name}.yaml`,
  })),
  ...['servicemonitors', 'prometheusrules'].map((name) => ({
    module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    from: `example/prometheus-operator-crd/monitoring.coreos.com_${name}.yaml`,
    to: `${name}.yaml`,
  })),
];
const kubernetes = {
  requirement: 'kubernetes-validate==1.37.0',
  sha256: '85136d018a27b50ec7fc049d902bfa5193f5976807e6c0f408e3ab6fe078cad9',
  version: 'v1.34.0-local-strict',
};

const keptHelm = () => setupFolder('bin', 'helm');
/** Kept below its version, so that another version is fetched anew. */
const keptSchema = ({ module, to }) => setupFolder('schemas', module.replaceAll('/', '-'), to);
const keptKubernetes = () =>
  setupFolder('schemas', `${kubernetes.requirement.replace('==', '@')}-${kubernetes.version}`);

/** The Helm that is there: `$EBBTIDE_HELM`, the one on PATH, or the one that was built here; else undefined. */
export const findHelm = () =>
  process.env.EBBTIDE_HELM || onPath('helm') || (existsSync(keptHelm()) ? keptHelm() : undefined);

/** A schema that was fetched: `compose-spec.json`, or a definition such as `scaledobjects.yaml`; undefined where it was not. */
export const findSchema = (name) => {
  const schema = schemasInModules.find(({ to }) => to === name);
  return schema && existsSync(keptSchema(schema)) ? keptSchema(schema) : undefined;
};

/** Folder with a JSON Schema for each kind of Kubernetes object, or undefined where it was not fetched. */
export const findKubernetesSchemas = () => (existsSync(keptKubernetes()) ? keptKubernetes() : undefined);

const needGo = () => {
  if (!onPath('go')) throw new SetupError('No go found, which brings Helm and the schema of compose files: install Go');
};

const buildHelm = async () => {
  needGo();
  mkdirSync(setupFolder('bin'), { recursive: true });
  await step(`Building ${helmModule}`, '3 min on two cores', () =>
    run('go', ['install', helmModule], {
      env: { GOBIN: setupFolder('bin') },
      log: 'helm',
      timeoutMs: 900_000,
      purpose: 'Helm could not be built',
    }),
  );
};

const fetchFromModule = async (schema) => {
  const { module, from } = schema;
  needGo();
  await step(`Fetching ${module}`, '5 s', async () => {
    const { output } = await run('go', ['mod', 'download', '-json', module], {
      timeoutMs: 180_000,
      purpose: `${module} could not be downloaded`,
    });
    mkdirSync(dirname(keptSchema(schema)), { recursive: true });
    const { Dir: folder } = JSON.parse(output.slice(output.indexOf('{'), output.lastIndexOf('}') + 1));
    cpSync(join(folder, from), keptSchema(schema));
  });
};

const unpack = `
import hashlib, sys, zipfile
path, expected, prefix, target = sys.argv[1:]
assert hashlib.sha256(open(path, 'rb').read()).hexdigest() == expected, 'the download has another hash'
with zipfile.ZipFile(path) as archive:
    for name in archive.namelist():
        if name.startswith(prefix) and name.endswith('.json'):
            open(target + '/' + name[len(prefix):], 'wb').write(archive.read(name))
`;

const fetchKubernetesSchemas = async () => {
  if (!onPath('python3')) throw new SetupError('No python3 found, which fetches the schemas of Kubernetes');
  mkdirSync(setupFolder('schemas'), { recursive: true });
  const folder = mkdtempSync(setupFolder('schemas', 'download-'));
  await step(`Fetching ${kubernetes.requirement}, 22 MB`, '5 s', async () => {
    const flags = ['--quiet', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check'];
    await run('python3', ['-m', 'pip', 'download', ...flags, '-d', folder, kubernetes.requirement], {
      timeoutMs: 180_000,
      purpose: 'The schemas of Kubernetes could not be downloaded',
    });
    const wheel = join(
      folder,
      readdirSync(folder).find((name) => name.endsWith('.whl')),
    );
    const target = `${keptKubernetes()}.new`;
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target);
    const prefix = `kubernetes_validate/kubernetes-json-schema/${kubernetes.version}/`;
    await run('python3', ['-c', unpack, wheel, kubernetes.sha256, prefix, target], {
      purpose: 'The schemas of Kubernetes could not be unpacked',
    });
    cpSync(target, keptKubernetes(), { recursive: true });
    rmSync(target, { recursive: true });
  });
  rmSync(folder, { recursive: true });
};

/** Have Helm and the schemas; says what cannot be had, and goes on. */
export const ensureDeployTools = async () => {
  let missing = 0;
  for (const [found, obtain] of [
    [findHelm(), buildHelm],
    ...schemasInModules.map((schema) => [findSchema(schema.to), () => fetchFromModule(schema)]),
    [findKubernetesSchemas(), fetchKubernetesSchemas],
  ]) {
    if (found) continue;
    try {
      await obtain();
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      missing++;
      say(error.message);
    }
  }
  return missing === 0 ? 0 : 1;
};

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href)
  await runMain(() => withLock(setupFolder('setup.lock'), ensureDeployTools));
