import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

/** An Ed25519 key pair as OpenSSH keeps them. */
export interface SshKeyPair {
  /** `openssh-key-v1` in PEM armour, without a passphrase: it is sealed before it leaves the process. */
  readonly privateKey: string;
  /** One line: `ssh-ed25519 AAAA… comment`. */
  readonly publicKey: string;
}

const type = 'ssh-ed25519';
const blockBytes = 8;

const sized = (content: Uint8Array | string): Buffer => {
  const bytes = Buffer.from(content as Uint8Array);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

const int = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/**
 * A fresh Ed25519 pair. Node writes such keys as PKCS #8, which OpenSSH reads only from 9.6 on, so the private key is
 * written in OpenSSH's own format (PROTOCOL.key in its sources).
 *
 * @param comment - what `ssh-add -l` shows, without line breaks
 */
export const generateSshKeyPair = async (comment: string): Promise<SshKeyPair> => {
  const pair = await promisify(generateKeyPair)('ed25519');
  const { x, d } = pair.privateKey.export({ format: 'jwk' });
  const publicBytes = Buffer.from(x!, 'base64url');
  const seed = Buffer.from(d!, 'base64url');
  const publicBlob = Buffer.concat([sized(type), sized(publicBytes)]);
  const check = randomBytes(4);
  const secret = Buffer.concat([
    check,
    check,
    sized(type),
    sized(publicBytes),
    sized(Buffer.concat([seed, publicBytes])),
    sized(comment),
  ]);
  const padding = Buffer.from(
    Array.from({ length: (blockBytes - (secret.length % blockBytes)) % blockBytes }, (_, index) => index + 1),
  );
  const blob = Buffer.concat([
    Buffer.from('openssh-key-v1\0', 'latin1'),
    sized('none'),
    sized('none'),
    sized(''),
    int(1),
    sized(publicBlob),
    sized(Buffer.concat([secret, padding])),
  ]);
  const lines = blob
    .toString('base64')
    .replace(/(.{70})/g, '$1\n')
    .trimEnd();
  for (const bytes of [seed, secret]) bytes.fill(0);
  return {
    privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`,
    publicKey: `${type} ${publicBlob.toString('base64')} ${comment}`,
  };
};

/** Whether a text is one OpenSSH public key of a type that certificates are made for. */
export const isSshPublicKey = (text: string): boolean =>
  /^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|sk-ssh-ed25519@openssh\.com) [A-Za-z0-9+/]{40,}={0,2}( [^\r\n]{0,200})?$/.test(
    text,
  );
