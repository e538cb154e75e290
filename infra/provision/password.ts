import { randomBytes, scrypt } from 'node:crypto';

/**
 * The policy of generated passwords, after NIST SP 800-63B: length instead of rules of composition, and nothing that a
 * person could choose.
 *
 * The alphabet has 56 letters and digits: those that look alike (0 O o, 1 l I) are left out, and nothing needs quoting in a
 * shell or a URL. The default of 24 characters has 139 bits.
 */
export const passwordAlphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789';

/** Random bytes as far as they are wanted. */
export type RandomSource = (bytes: number) => Uint8Array;

/**
 * A random password in which every character of the alphabet is equally likely: bytes beyond the largest multiple of
 * the alphabet's size are rejected, since a remainder would favour its first characters.
 *
 * @param length - characters, 16 and up
 * @param alphabet - 2 to 256 distinct characters
 * @throws {RangeError} for a shorter one
 */
export const generatePassword = (
  length: number,
  random: RandomSource = randomBytes,
  alphabet: string = passwordAlphabet,
): string => {
  if (!Number.isInteger(length) || length < 16)
    throw new RangeError(`Length of a password must be a whole number from 16 up, got ${length}`);
  const limit = 256 - (256 % alphabet.length);
  let password = '';
  while (password.length < length)
    for (const byte of random(length))
      if (byte < limit && password.length < length) password += alphabet[byte % alphabet.length];
  return password;
};

const cost = { ln: 15, r: 8, p: 1 } as const;

/**
 * What a machine checks a password by: scrypt in the PHC string format, `$scrypt$ln=15,r=8,p=1$salt$hash`. It takes 32 MiB
 * and tens of milliseconds, off the main thread.
 */
export const passwordVerifier = (password: string, salt: Uint8Array = randomBytes(16)): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = { N: 2 ** cost.ln, r: cost.r, p: cost.p, maxmem: 64 * 2 ** 20 };
    scrypt(password, salt, 32, options, (error, hash) => {
      if (error) return reject(error);
      const plain = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64').replace(/=+$/, '');
      resolve(`$scrypt$ln=${cost.ln},r=${cost.r},p=${cost.p}$${plain(salt)}$${plain(hash)}`);
    });
  });
