import { EbbtideError } from '../../schemas/errors.ts';
import type { Config } from '../config/config.ts';
import { dataFolder } from '../paths.ts';
import { type TokenServiceConfig, tokenServiceConfig } from '../services/token/config.ts';

/** File with the secret that callers of the embedded token service share. */
export const embeddedSecretFile = (): string => dataFolder('vault', 'token-service.secret');

/**
 * The token service's section, complete.
 *
 * @param secretFile - taken where the configuration names none
 * @throws {EbbtideError} `CONFIG_INVALID` where callers are to share a secret and there is none
 */
export const tokenServiceOf = (config: Config, secretFile?: string): TokenServiceConfig => {
  const sharedSecretFile = config.token.sharedSecretFile ?? secretFile;
  const parsed = tokenServiceConfig.safeParse({
    ...config.token,
    ...(sharedSecretFile === undefined ? {} : { sharedSecretFile }),
  });
  if (parsed.success) return parsed.data;
  const words = parsed.error.issues.map(({ path, message }) => `token.${path.join('.')} ${message}`);
  throw new EbbtideError('CONFIG_INVALID', words.join('\n'), { problems: words });
};
