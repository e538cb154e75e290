import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { tokenServiceConfig } from '../../../../infra/services/token/config.ts';
import { ensureSharedSecret, readSharedSecret } from '../../../../infra/services/token/shared-secret.ts';
import { startTokenService } from '../../../../infra/services/token/start.ts';
import type { KafkaRig, PreparedVault } from '../../vault/rig.ts';

/** What the service answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown> & {
    credentialId: string;
    token: string;
    accessor: string;
    code: string;
    detail: string;
  };
}

/** The token service on a prepared Vault, and how to call it. */
export const startService = async (t: TestContext, vault: PreparedVault, kafka: KafkaRig, config: object = {}) => {
  const sharedSecretFile = join(vault.folder, 'shared-secret');
  await ensureSharedSecret(sharedSecretFile);
  const secret = await readSharedSecret(sharedSecretFile);
  const context = kafka.context();
  const running = await startTokenService(context, {
    vault: { ...vault.configs.tokenService, timeoutMs: 2_000 },
    token: tokenServiceConfig.parse({
      port: 0,
      sharedSecretFile,
      requestsPerSecond: 1_000,
      requestsBurst: 1_000,
      roles: { default: { kind: 'token', ttlMs: 60_000, maxTtlMs: 600_000, explicitMaxTtlMs: 3_600_000 } },
      ...config,
    }),
  });
  t.after(() => running.close());
  const call = async (
    method: string,
    path: string,
    body?: unknown,
    authorization: string | null = `Bearer ${secret}`,
  ): Promise<Answer> => {
    const response = await fetch(`${running.address}${path}`, {
      method,
      headers: {
        ...(authorization === null ? {} : { authorization }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Answer['body'] };
  };
  const issue = (overrides: object = {}, authorization?: string | null) =>
    call(
      'POST',
      '/v1/credentials',
      { event: 'order-4711', function: 'checkout', instance: 'checkout-1', ...overrides },
      authorization,
    );
  return { ...running, context, call, issue };
};
