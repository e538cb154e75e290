import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** PEM files of a certificate and its private key. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

const made = (folder: string, name: string, more: readonly string[]): CertificateFiles => {
  const files = { certFile: join(folder, `${name}.pem`), keyFile: join(folder, `${name}.key`) };
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const out = ['-subj', `/CN=${name}`, '-keyout', files.keyFile, '-out', files.certFile];
  execFileSync('openssl', ['req', '-x509', ...curve, ...out, ...more], { stdio: 'ignore' });
  return files;
};

/** An authority of a test's own. */
export const makeAuthority = (folder: string, name = 'authority'): CertificateFiles => made(folder, name, []);

/** A certificate of an authority: for 127.0.0.1, and for clients of this common name. */
export const makeCertificate = (folder: string, name: string, authority: CertificateFiles): CertificateFiles =>
  made(folder, name, [
    ...['-CA', authority.certFile, '-CAkey', authority.keyFile],
    ...['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'subjectAltName=IP:127.0.0.1'],
  ]);
