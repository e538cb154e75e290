import { execFile } from 'node:child_process';
import { accessSync, constants, mkdirSync, statfsSync } from 'node:fs';
import { availableParallelism, release, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { dataFolder } from '../../paths.ts';
import { loadSetup } from '../../setup/load.ts';
import { type Finding, look } from './finding.ts';

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** First line that a command prints; throws when it is not there or fails. */
const firstLine = async (command: string, args: readonly string[]): Promise<string> => {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, [...args], { timeout: 10_000 });
    return (stdout.trim() || stderr.trim()).split('\n')[0] ?? '';
  } catch (error) {
    const { code, stderr } = error as { code?: string | number; stderr?: string };
    throw new Error(code === 'ENOENT' ? `"${command}" is not on PATH` : (stderr ?? '').trim() || `"${command}" failed`);
  }
};

const node = (): string => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const found = `${process.version} on ${process.platform} ${process.arch}`;
  if (major < 20 || (major === 20 && minor < 18)) throw new Error(`${found}, too old`);
  return found;
};

const folder = (): string => {
  mkdirSync(dataFolder(), { recursive: true, mode: 0o700 });
  accessSync(dataFolder(), constants.W_OK);
  const { bavail, bsize } = statfsSync(dataFolder());
  if (bavail * bsize < 2 ** 30) throw new Error(`${dataFolder()} has only ${gibibytes(bavail * bsize)} free`);
  return `${dataFolder()}, ${gibibytes(bavail * bsize)} free`;
};

/** Look at the machine: Node, memory, the data folder, and programs outside npm. */
export const lookAtMachine = (needs: { readonly embeddedVault: boolean }): Promise<Finding[]> => {
  const group = 'machine';
  return Promise.all([
    look({ name: 'Node', group, needed: true, remedy: 'Install Node 20.18 or later' }, node),
    look(
      { name: 'System', group, needed: false, remedy: '' },
      () => `${process.platform} ${release()}, ${availableParallelism()} cores, ${gibibytes(totalmem())} memory`,
    ),
    look(
      {
        name: 'Data folder',
        group,
        needed: true,
        remedy: 'Set EBBTIDE_DATA to a folder that you may write, with 1 GiB free',
      },
      folder,
    ),
    look(
      {
        name: 'OpenBao or Vault',
        group,
        needed: needs.embeddedVault,
        remedy: 'Run "npm run setup", put "bao" or "vault" on PATH, or name it in EBBTIDE_BAO',
      },
      async () => {
        const { findOpenBao } = await loadSetup<{ findOpenBao(): { path: string; source: string } | undefined }>(
          'openbao.mjs',
        );
        const binary = findOpenBao();
        if (!binary) throw new Error('No binary was found');
        return `${await firstLine(binary.path, ['version'])} (${binary.source})`;
      },
    ),
    look(
      { name: 'Java', group, needed: false, remedy: 'Java 17 runs a real Kafka for tests where there is no Docker' },
      () => firstLine('java', ['-version']),
    ),
    look(
      { name: 'Docker', group, needed: false, remedy: 'Docker runs a real Kafka for tests where there is no Java' },
      () => firstLine('docker', ['version', '--format', 'engine {{.Server.Version}}']),
    ),
  ]);
};
