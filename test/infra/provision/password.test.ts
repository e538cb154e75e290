import assert from 'node:assert/strict';
import { scryptSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { generatePassword, passwordAlphabet, passwordVerifier } from '../../../infra/provision/password.ts';

test('generatePassword must give the length asked for, out of the alphabet, and refuse a short one', () => {
  assert.equal(new Set(passwordAlphabet).size, 56);
  fc.assert(
    fc.property(fc.integer({ min: 16, max: 200 }), (length) => {
      const password = generatePassword(length);
      return password.length === length && [...password].every((letter) => passwordAlphabet.includes(letter));
    }),
  );
  for (const length of [0, 15, 20.5, Number.NaN]) assert.throws(() => generatePassword(length), RangeError);
});

test('generatePassword must reject bytes that would favour the first characters', () => {
  // 224 = 4 × 56 is the first byte that is rejected: without that, "A" to "J" would come 5 times in 256 and not 4
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  const counts = new Map<string, number>();
  for (const letter of generatePassword(224, () => bytes)) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  assert.deepEqual(new Set(counts.values()), new Set([4]));
  assert.equal(
    generatePassword(16, (n) => new Uint8Array(n).map((_, index) => (index % 2 ? 255 : 55))),
    '9'.repeat(16),
  );
});

test('generatePassword must use every character about equally often', () => {
  const counts = new Map<string, number>();
  const letters = 56_000;
  for (let n = 0; n < letters / 56; n++)
    for (const letter of generatePassword(56)) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  const expected = letters / 56;
  const chiSquare = [...passwordAlphabet].reduce(
    (sum, l) => sum + ((counts.get(l) ?? 0) - expected) ** 2 / expected,
    0,
  );
  // 55 degrees of freedom: beyond 128 in one run of ten million
  assert.ok(chiSquare < 128, `${chiSquare}`);
});

test('passwordVerifier must be scrypt in the PHC format, with a salt of its own', async () => {
  const [one, two] = [await passwordVerifier('secret'), await passwordVerifier('secret')];
  assert.notEqual(one, two);
  const [, salt, hash] = /^\$scrypt\$ln=15,r=8,p=1\$([^$]+)\$([^$]+)$/.exec(one)!;
  const again = scryptSync('secret', Buffer.from(salt!, 'base64'), 32, { N: 2 ** 15, r: 8, p: 1, maxmem: 2 ** 26 });
  assert.equal(again.toString('base64').replace(/=+$/, ''), hash);
});
