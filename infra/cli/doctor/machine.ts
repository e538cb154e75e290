import { accessSync, constants, mkdirSync, statfsSync } from 'node:fs';
import { availableParallelism, release, totalmem } from 'node:os';
import { dataFolder } from '../../paths.ts';
import { runSetupChecks } from '../../setup/checks.ts';
import { type Finding, look } from './finding.ts';

const leastFreeBytes = 2 ** 30;
const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

const folder = (): string => {
  mkdirSync(dataFolder(), { recursive: true, mode: 0o700 });
  accessSync(dataFolder(), constants.W_OK);
  const { bavail, bsize } = statfsSync(dataFolder());
  if (bavail * bsize < leastFreeBytes) throw new Error(`${dataFolder()} has only ${gibibytes(bavail * bsize)} free`);
  return `${dataFolder()}, ${gibibytes(bavail * bsize)} free`;
};

/** Look at the machine: what the set-up looks at, and room to work in. */
export const lookAtMachine = async (needs: { readonly embeddedVault: boolean }): Promise<Finding[]> => {
  const group = 'machine';
  const system = `${process.platform} ${release()}, ${availableParallelism()} cores, ${gibibytes(totalmem())} memory`;
  const checks = (await runSetupChecks()).map(({ name, ok, required, found, remedy }): Finding => {
    const needed = name === 'openbao' ? needs.embeddedVault : required;
    return { name, group, status: ok ? 'ok' : needed ? 'missing' : 'absent', found, ...(remedy ? { remedy } : {}) };
  });
  const remedy = `Set EBBTIDE_DATA to a folder that you may write, with ${gibibytes(leastFreeBytes)} free`;
  return [
    { name: 'system', group, status: 'ok', found: system },
    await look({ name: 'data folder', group, needed: true, remedy }, folder),
    ...checks,
  ];
};
