import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { patternIndicators } from '../../../infra/threat/stixPattern.ts';

const understood: readonly (readonly [string, readonly string[]])[] = [
  ["[ipv4-addr:value = '198.51.100.1']", ['address 198.51.100.1']],
  ["[ipv4-addr:value = '198.51.100.0/24']", ['address 198.51.100.0/24']],
  ["[ipv6-addr:value ISSUBSET '2001:db8::/32']", ['address 2001:db8::/32']],
  ["[ipv4-addr:value IN ('198.51.100.1', '198.51.100.2')]", ['address 198.51.100.1', 'address 198.51.100.2']],
  [
    "[ipv4-addr:value = '198.51.100.1'] OR [domain-name:value = 'evil.example']",
    ['address 198.51.100.1', 'domain evil.example'],
  ],
  [
    "[ipv4-addr:value = '198.51.100.1' OR (ipv4-addr:value = '198.51.100.2')]",
    ['address 198.51.100.1', 'address 198.51.100.2'],
  ],
  ["([network-traffic:src_ref.value = '198.51.100.1'])", ['address 198.51.100.1']],
  [
    "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'bad \\'bot\\' 1.0']",
    ["userAgent bad 'bot' 1.0"],
  ],
  // Any alternative alone makes the pattern true
  ["[ipv4-addr:value = '198.51.100.1' OR file:hashes.'SHA-256' = 'abc']", ['address 198.51.100.1']],
];

for (const [pattern, wanted] of understood)
  test(`patternIndicators must read ${pattern}`, () => {
    assert.deepEqual(
      patternIndicators(pattern).map(({ kind, value }) => `${kind} ${value}`),
      wanted,
    );
  });

const notUnderstood = [
  "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']",
  "[ipv4-addr:value = '198.51.100.1' AND network-traffic:dst_port = 443]",
  "[ipv4-addr:value = '198.51.100.1'] AND [domain-name:value = 'evil.example']",
  "[ipv4-addr:value = '198.51.100.1'] FOLLOWEDBY [domain-name:value = 'evil.example']",
  "[ipv4-addr:value = '198.51.100.1'] WITHIN 300 SECONDS",
  "[NOT ipv4-addr:value = '198.51.100.1']",
  "[ipv4-addr:value != '198.51.100.1']",
  "[network-traffic:dst_ref.value = '198.51.100.1']",
  "[domain-name:value LIKE '%.example']",
  "[ipv4-addr:value = '198.51.100.1'",
  "ipv4-addr:value = '198.51.100.1'",
  '[ipv4-addr:value = ]',
  "[ipv4-addr:value = 'unclosed]",
  '',
];

for (const pattern of notUnderstood)
  test(`patternIndicators must not guess at ${pattern || 'nothing'}`, () => {
    assert.deepEqual(patternIndicators(pattern), []);
  });

test('patternIndicators must come to an end on any text', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.array(fc.constantFrom('[', ']', '(', ')', 'OR', "'a'", 'IN', '=', 'x:y')),
      (text, tokens) => {
        patternIndicators(text);
        patternIndicators(tokens.join(' '));
      },
    ),
  );
});
