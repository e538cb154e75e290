import { createPublicKey, type KeyObject, verify } from 'node:crypto';

/** Hashes by the object identifier of a signature algorithm, as DER in hex; null where the algorithm has its own. */
const hashes: Readonly<Record<string, string | null>> = {
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2b6570': null,
};
const curves: readonly (string | undefined)[] = ['secp224r1', 'prime256v1', 'secp384r1', 'secp521r1'];
const leastRsaBits = 2_048;

/** DER values one after the other. @throws {RangeError} where one is cut short */
const valuesOf = (bytes: Buffer): { readonly tag: number; readonly whole: Buffer; readonly content: Buffer }[] => {
  const values = [];
  for (let at = 0; at < bytes.length; ) {
    const first = bytes.readUInt8(at + 1);
    const more = first < 0x80 ? 0 : first & 0x7f;
    const begin = at + 2 + more;
    const end = begin + (more === 0 ? first : bytes.readUIntBE(at + 2, more));
    if (end > bytes.length) throw new RangeError('A DER value is cut short');
    values.push({ tag: bytes[at]!, whole: bytes.subarray(at, end), content: bytes.subarray(begin, end) });
    at = end;
  }
  return values;
};

const isSigned = (key: KeyObject): boolean => {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'ec':
      return curves.includes(namedCurve);
    case 'rsa':
      return modulusLength >= leastRsaBits;
    default:
      return key.asymmetricKeyType === 'ed25519';
  }
};

/**
 * Whether a certificate request is one: of a key that is signed, and by whoever has its private half.
 *
 * Source: RFC 2986 (PKCS #10)
 *
 * @param pem - in PEM form
 */
export const isCertificateRequest = (pem: string): boolean => {
  const text = /^-----BEGIN CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE REQUEST-----\s*$/.exec(pem);
  if (!text) return false;
  try {
    const [request, ...rest] = valuesOf(Buffer.from(text[1]!, 'base64'));
    const [info, algorithm, signature] = valuesOf(request!.content);
    const spki = valuesOf(info!.content)[2]!;
    const key = createPublicKey({ key: spki.whole, format: 'der', type: 'spki' });
    const hash = hashes[valuesOf(algorithm!.content)[0]!.content.toString('hex')];
    // What is signed otherwise, such as by RSA-PSS, Vault judges
    const sound = hash === undefined || verify(hash, info!.whole, key, signature!.content.subarray(1));
    return rest.length === 0 && isSigned(key) && sound;
  } catch {
    return false;
  }
};
