import { createPublicKey } from 'node:crypto';

const curves: Readonly<Record<string, string>> = { nistp256: 'P-256', nistp384: 'P-384', nistp521: 'P-521' };

/** Strings of a key as OpenSSH writes them, each after its length. @throws {RangeError} where one is cut short */
const stringsOf = (bytes: Buffer): Buffer[] => {
  const strings: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) throw new RangeError('An OpenSSH public key is cut short');
    strings.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return strings;
};

/** @throws whatever is wrong with the point */
const assertPoint = (curve: string, point: Buffer): void => {
  const half = (point.length - 1) / 2;
  const [x, y] = [point.subarray(1, 1 + half), point.subarray(1 + half)].map((part) => part.toString('base64url'));
  createPublicKey({ key: { kty: 'EC', crv: curves[curve]!, x: x!, y: y! }, format: 'jwk' });
};

/**
 * Whether a line is a public key of OpenSSH: of RSA, ECDSA, Ed25519 or one that a security key holds.
 *
 * Source: RFC 4253, 6.6; RFC 5656, 3.1; RFC 8709; PROTOCOL.u2f of OpenSSH
 *
 * @param line - type, base64, comment
 */
export const isSshKey = (line: string): boolean => {
  const [type, base64] = line.trim().split(/\s+/);
  try {
    const [name, ...parts] = stringsOf(Buffer.from(base64 ?? '', 'base64'));
    if (!type || name?.toString('ascii') !== type) return false;
    const [, ofSecurityKey, algorithm, curve] =
      /^(sk-)?(?:ssh-(rsa|ed25519)|ecdsa-sha2-(nistp\d+))(?:@openssh\.com)?$/.exec(type) ?? [];
    switch (algorithm ?? 'ecdsa') {
      case 'rsa':
        return !ofSecurityKey && parts.length === 2 && parts[1]!.length > 128;
      case 'ed25519':
        return parts.length === (ofSecurityKey ? 2 : 1) && parts[0]!.length === 32;
      default:
        assertPoint(curve!, parts[1]!);
        return parts.length === (ofSecurityKey ? 3 : 2) && parts[0]!.toString('ascii') === curve;
    }
  } catch {
    return false;
  }
};
