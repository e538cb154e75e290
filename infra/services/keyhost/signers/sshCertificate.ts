/** What of an OpenSSH certificate says how long it lives. */
export interface SshCertificate {
  /** Such as `ssh-ed25519-cert-v01@openssh.com`. */
  readonly type: string;
  readonly serial: bigint;
  readonly keyId: string;
  readonly principals: readonly string[];
  /** Epoch milliseconds. */
  readonly validFrom: number;
  /** Epoch milliseconds. */
  readonly validTo: number;
}

/** Strings that a public key of a type has, between nonce and serial number. */
const keyStrings: readonly (readonly [prefix: string, strings: number])[] = [
  ['ssh-ed25519-cert', 1],
  ['sk-ssh-ed25519', 2],
  ['ecdsa-sha2', 2],
  ['sk-ecdsa-sha2', 3],
  ['ssh-rsa-cert', 2],
  ['rsa-sha2', 2],
];

/**
 * Read an OpenSSH certificate (PROTOCOL.certkeys of OpenSSH), as far as its validity.
 *
 * @param line - as in a `-cert.pub` file: type, base64, comment
 * @throws {RangeError} for what is none, or is cut short
 */
export const readSshCertificate = (line: string): SshCertificate => {
  const bytes = Buffer.from(line.trim().split(/\s+/)[1] ?? '', 'base64');
  let at = 0;
  const string = (): Buffer => {
    const length = bytes.readUInt32BE(at);
    if (at + 4 + length > bytes.length) throw new RangeError('An OpenSSH certificate is cut short');
    at += 4 + length;
    return bytes.subarray(at - length, at);
  };
  const number = (): bigint => {
    at += 8;
    return bytes.readBigUInt64BE(at - 8);
  };
  const type = string().toString('ascii');
  const strings = keyStrings.find(([prefix]) => type.startsWith(prefix))?.[1];
  if (strings === undefined) throw new RangeError(`An OpenSSH certificate of type ${type.slice(0, 40)} is not read`);
  // The nonce, and the key itself
  for (let i = 0; i <= strings; i++) string();
  const serial = number();
  at += 4;
  const keyId = string().toString('utf8');
  const names = string();
  const principals: string[] = [];
  for (let from = 0; from < names.length; ) {
    const length = names.readUInt32BE(from);
    principals.push(names.subarray(from + 4, from + 4 + length).toString('utf8'));
    from += 4 + length;
  }
  const [validFrom, validTo] = [Number(number()) * 1000, Number(number()) * 1000];
  return { type, serial, keyId, principals, validFrom, validTo };
};
