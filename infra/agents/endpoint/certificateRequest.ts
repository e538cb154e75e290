import { generateKeyPair, sign } from 'node:crypto';
import { promisify } from 'node:util';

/** A private key, which stays with its maker, and what is asked to be signed of it. */
export interface CertificateRequest {
  /** PKCS #8 in PEM form. */
  readonly privateKey: string;
  /** PKCS #10 in PEM form. */
  readonly csr: string;
}

/** A DER value: tag, length, content. */
const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  // The shortest form alone is DER
  const header = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...header), content]);
};

const sequence = 0x30;
const version1 = Buffer.of(0x02, 0x01, 0x00);
/** No name: whoever signs decides what the certificate says. */
const noName = der(sequence);
const noAttributes = der(0xa0);
const ecdsaWithSha256 = der(sequence, Buffer.from('06082a8648ce3d040302', 'hex'));

/**
 * A fresh key pair on P-256, and a request for a certificate of it without a name.
 *
 * Source: RFC 2986 (PKCS #10), RFC 5758 (ECDSA with SHA-256)
 */
export const makeCertificateRequest = async (): Promise<CertificateRequest> => {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  const asked = der(sequence, version1, noName, publicKey.export({ type: 'spki', format: 'der' }), noAttributes);
  const signature = sign('sha256', asked, privateKey);
  const request = der(sequence, asked, ecdsaWithSha256, der(0x03, Buffer.of(0), signature));
  const lines = request.toString('base64').match(/.{1,64}/g)!;
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    csr: ['-----BEGIN CERTIFICATE REQUEST-----', ...lines, '-----END CERTIFICATE REQUEST-----', ''].join('\n'),
  };
};
