import type { VaultClient } from '../../../vault/client.ts';
import { keyhostMounts, tokenKey, userKeyRole } from '../../../vault/prepareKeyhost.ts';
import type { KeyhostConfig } from '../config.ts';
import { CertificateSigner } from './certificate.ts';
import { JwtSigner } from './jwt.ts';
import type { Signer } from './signer.ts';
import { SshSigner } from './ssh.ts';

/** What signs users' keys, as configured. @param now - epoch milliseconds */
export const openSigner = (vault: VaultClient, keys: KeyhostConfig['keys'], now: () => number): Signer => {
  const at = (mount: string, role: string) => ({ mount: keys.mount ?? mount, role: keys.role ?? role });
  switch (keys.kind) {
    case 'certificate':
      return new CertificateSigner(vault, at(keyhostMounts.keys, userKeyRole), now);
    case 'ssh':
      return new SshSigner(vault, at(keyhostMounts.ssh, userKeyRole), now);
    case 'jwt':
      return new JwtSigner(vault, at('transit', tokenKey), keys.issuer);
  }
};
