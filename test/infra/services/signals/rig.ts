import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { Running } from '../../../../infra/context.ts';
import { signalsConfig } from '../../../../infra/services/signals/config.ts';
import { startSignals } from '../../../../infra/services/signals/start.ts';
import type { Credential, Effect } from '../../../../schemas/generated/index.ts';
import { eventTypes } from '../../../../schemas/securityEvents.ts';
import type { TestKafka } from '../../../services/context.ts';
import { temporaryFolder } from '../../../services/folder.ts';
import { recorder } from '../../../services/http.ts';

export const audience = 'https://receiver.example.com';
/** What both sides know. */
export const token = 'a-shared-bearer-token';

/** A file with a token in it. */
export const tokenFile = (t: TestContext, text = token): string => {
  const file = join(temporaryFolder(t), 'token');
  writeFileSync(file, text);
  return file;
};

/** Start the service, closed after the test. */
export const startService = async (
  t: TestContext,
  context: Pick<TestKafka, 'another'> & Partial<Pick<TestKafka, 'closing'>>,
  config: object,
): Promise<Running & { readonly address: string }> => {
  const running = await startSignals(context.another(), signalsConfig.parse({ port: 0, ...config }));
  if (context.closing) context.closing(() => running.close());
  else t.after(() => running.close());
  return running as Running & { readonly address: string };
};

export const credentialOf = (credentialId: string, rest: Partial<Credential> = {}): Credential => ({
  ...{ credentialId, kind: 'token', reference: `accessor-${credentialId}`, mount: 'token', role: 'r', entityId: null },
  ...{ function: 'f', instance: 'i', event: '', issuedAt: Date.now(), expiresAt: Date.now() + 3_600_000 },
  ...{ ttlMs: 3_600_000, maxTtlMs: 3_600_000, explicitMaxExpiresAt: null, shortening: 'continuous', status: 'active' },
  ...rest,
});

export const revoked = (subject: string, rest: Partial<Effect> = {}): Effect => ({
  ...{ decisionId: `lifecycle/${subject}/1`, subject, pipeline: 'lifecycle', action: 'revoke', outcome: 'enforced' },
  ...{ detail: '', skipped: '', requestedTtlMs: 0, remainingMs: 0, expiresAt: null, status: 204, attempts: 1 },
  ...{ latencyMs: 1, appliedAt: 1_700_000_000_000 },
  ...rest,
});

/** Another party's transmitter: keys behind a real address, and tokens of any kind. */
export const otherParty = async (t: TestContext) => {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  const server = await recorder(t, () => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ keys: [jwk] }),
  }));
  const issuer = 'https://idp.example.com';
  let number = 0;
  const claims = (rest: object = {}) => ({
    iss: issuer,
    jti: `jti-${number++}`,
    iat: Math.floor(Date.now() / 1000),
    aud: audience,
    sub_id: { format: 'iss_sub', iss: issuer, sub: 'cred-1' },
    events: { [eventTypes.sessionRevoked]: { event_timestamp: 1_700_000_000, reason_admin: { en: 'Left' } } },
    ...rest,
  });
  return {
    issuer,
    jwksUri: `${server.url}/jwks`,
    claims,
    sign: (rest: object = {}, header: object = {}, key = privateKey) =>
      new SignJWT(claims(rest))
        .setProtectedHeader({ alg: 'RS256', typ: 'secevent+jwt', kid: 'k1', ...header })
        .sign(key),
  };
};

/** Push a token as RFC 8935 has it. */
export const pushTo = async (
  address: string,
  set: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; err: string | undefined }> => {
  const answer = await fetch(`${address}/ssf/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/secevent+jwt', authorization: `Bearer ${token}`, ...headers },
    body: set,
  });
  const text = await answer.text();
  return { status: answer.status, err: text === '' ? undefined : (JSON.parse(text) as { err?: string }).err };
};
