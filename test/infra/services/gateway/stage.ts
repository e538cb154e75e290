import { createServer, type IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { gatewayConfig } from '../../../../infra/services/gateway/config.ts';
import { identifierOf, readHashKey } from '../../../../infra/services/gateway/identify.ts';
import { type RunningGateway, startGateway } from '../../../../infra/services/gateway/start.ts';
import type { ScopeOverride, Translation } from '../../../../schemas/generated/index.ts';
import type { ScopeDefinition } from '../../../../schemas/scopes.ts';
import { topics } from '../../../../schemas/topics.ts';
import { temporaryFolder } from '../../../services/folder.ts';
import type { KafkaRig } from '../../vault/rig.ts';

/** A request as the backend got it. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: number;
}

/** A real little backend that notes what it gets and answers with it. */
export const startBackend = async (t: TestContext): Promise<{ port: number; received: Received[] }> => {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      received.push({ method, url, headers, bytes });
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ method, url, headers, bytes }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  return { port: (server.address() as { port: number }).port, received };
};

/** A gateway on free ports, to be disposed of before its broker is; what it is configured with beside that. */
export const gatewayOn = async (
  t: TestContext,
  rig: Pick<KafkaRig, 'context'>,
  config: object,
  scopes: Readonly<Record<string, ScopeDefinition>> = {},
  now?: () => number,
): Promise<RunningGateway & AsyncDisposable & { identifier(secret: string): string }> => {
  const file = join(temporaryFolder(t, 'ebbtide-gateway-'), 'hash.key');
  const gateway = await startGateway(rig.context(), {
    gateway: gatewayConfig.parse({ port: 0, grpcPort: 0, ...config }),
    scopes,
    defaultHashKeyFile: file,
    ...(now ? { now } : {}),
  });
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= gateway.close());
  t.after(close);
  const key = await readHashKey(file, false);
  return { ...gateway, close, [Symbol.asyncDispose]: close, identifier: (secret) => identifierOf(secret, key) };
};

/** A row of the translation table. */
export const row = (frontendCredential: string, service: string, more: Partial<Translation> = {}): Translation => ({
  key: `${frontendCredential}/${service}`,
  frontendCredential,
  service,
  group: '',
  owner: '',
  defaultScope: 'default',
  backendCredentials: {},
  version: '0a1b2c3d4e5f',
  at: 1_700_000_000_000,
  by: 'test',
  reason: '',
  ...more,
});

/** A Dynamic Scope Override in force. */
export const override = (
  frontendCredential: string,
  scope: string,
  more: Partial<ScopeOverride> = {},
): ScopeOverride => ({
  frontendCredential,
  scope,
  service: null,
  risk: 50,
  mode: 'enforce',
  expiresAt: null,
  decisionId: `scope/${frontendCredential}/1`,
  policyVersion: 'test',
  reasons: ['calls at night'],
  at: Date.now(),
  ...more,
});

/** Lift an override. */
export const lift = (rig: KafkaRig, frontendCredential: string): Promise<void> =>
  rig.producer.send([{ topic: topics.scopeOverrides.name, key: frontendCredential, value: null }]);

/** What `/health/ready` says. */
export const readiness = async (gateway: RunningGateway): Promise<{ ready: boolean; detail: string }> =>
  (await (await fetch(`${gateway.address}/health/ready`)).json()) as { ready: boolean; detail: string };
