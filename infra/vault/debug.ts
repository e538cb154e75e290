import { EbbtideError } from '../../schemas/errors.ts';

const patternOf = (name: string): RegExp =>
  new RegExp(`^${name.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`);

/**
 * Refuse to go on when the environment would make node-vault print request bodies, which hold secrets.
 *
 * @param debug - value of the environment variable `DEBUG`
 * @throws {EbbtideError} `CONFIG_INVALID` when it switches node-vault's debugging on
 */
export const assertNoVaultDebugging = (debug: string | undefined = process.env.DEBUG): void => {
  const names = (debug ?? '').split(/[\s,]+/).filter(Boolean);
  const matches = (name: string) => patternOf(name).test('node-vault');
  if (names.some((name) => name.startsWith('-') && matches(name.slice(1)))) return;
  const guilty = names.find((name) => !name.startsWith('-') && matches(name));
  if (guilty !== undefined)
    throw new EbbtideError(
      'CONFIG_INVALID',
      `DEBUG is "${debug}", which makes node-vault print secrets; remove "${guilty}" or add "-node-vault"`,
      { key: 'DEBUG' },
    );
};
