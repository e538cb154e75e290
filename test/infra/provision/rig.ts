import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { provisionConfig } from '../../../infra/provision/config.ts';
import { generateIdentity, open } from '../../../infra/provision/sealing.ts';
import { startProvision } from '../../../infra/provision/start.ts';
import { UserDirectory } from '../../../infra/provision/userKeys.ts';
import { VaultSecretStore, type VaultStoreOptions } from '../../../infra/provision/vaultStore.ts';
import { wishRecord } from '../../../infra/provision/wish.ts';
import { deliveryConfig } from '../../../infra/services/delivery/config.ts';
import { startDelivery } from '../../../infra/services/delivery/start.ts';
import { VaultClient } from '../../../infra/vault/client.ts';
import type { AccessTelemetry, Provision } from '../../../schemas/generated/index.ts';
import { topics } from '../../../schemas/topics.ts';
import { type KafkaRig, kafkaRig, type PreparedVault, prepareVault, until } from '../vault/rig.ts';

/** What users of the tests may ask for. */
export const targets = {
  'web-*': { method: 'sshCertificate' },
  'box-*': { method: 'password' },
  'db-*': { method: 'dynamicLease', path: 'pki/issue/unused' },
  'admin-*': { method: 'sshCertificate', users: ['chief'] },
} as const;

/** A moment of the wall clock that tests can move. */
export const movableClock = () => {
  let offset = 0;
  const move = (ms: number) => {
    offset += ms;
  };
  return { now: () => Date.now() + offset, move };
};

/** An opened credential. */
export interface Opened {
  readonly user: string;
  readonly vm: string;
  readonly method: string;
  readonly credential: Record<string, string>;
}

/** A prepared Vault and Kafka, with the engine and the delivery service as a test wants them. */
export const provisionRig = async (
  t: TestContext,
  server: { readonly address: string; readonly rootToken: string },
  given: { readonly kafka?: KafkaRig; readonly vault?: PreparedVault } = {},
) => {
  const vault = given.vault ?? (await prepareVault(t, server));
  const kafka = given.kafka ?? (await kafkaRig(t));
  if (!given.vault) await vault.root.write('sys/auth/userpass', { type: 'userpass' });
  const provisions = await kafka.seen<Provision>(topics.provisions);
  const config = (overrides: object = {}) =>
    provisionConfig.parse({ targets, minRemainingMs: 2_000, backoffMs: 50, maxBackoffMs: 200, ...overrides });
  const clientOf = async (login: 'provision' | 'delivery') => {
    const client = await VaultClient.connect(vault.configs[login], { service: 'test', log: pino({ level: 'silent' }) });
    t.after(() => client.close());
    return client;
  };
  const directory = new UserDirectory(vault.root, 'ebbtide-users');
  const token = async (name: string): Promise<string> => {
    await vault.root.write(`auth/userpass/users/${name}`, { password: `${name}-password` });
    const { auth } = await vault.root.write(
      `auth/userpass/login/${name}`,
      { password: `${name}-password` },
      { token: null },
    );
    return auth!.client_token;
  };
  /** A user with a token and an enrolled key. */
  const user = async (name: string, enrolled: { sshPublicKey?: string } = {}) => {
    const { identity, recipient } = await generateIdentity();
    await directory.enrol(name, { recipient, ...enrolled });
    return {
      name,
      identity,
      recipient,
      token: await token(name),
      open: async (sealed: unknown): Promise<Opened> => JSON.parse(await open(String(sealed), identity)),
    };
  };
  const want = (name: string, vm: string, overrides: Partial<Provision> = {}): Promise<void> => {
    const now = Date.now();
    const decisionId = `preprovision/${name}/${vm}/${now}`;
    const wish = wishRecord({
      wanted: true,
      user: name,
      vm,
      decisionId,
      probability: 0.8,
      predictedAt: now + 60_000,
      windowStart: now,
      windowEnd: now + 600_000,
      waitSavedMs: 40,
      exposureMs: 300_000,
      risk: 0,
      at: now,
      by: 'preprovision',
    });
    return kafka.send<Provision>(topics.provisions, { ...wish, ...overrides });
  };
  const engine = async (overrides: object = {}, more: Partial<Parameters<typeof startProvision>[1]> = {}) => {
    const running = await startProvision(kafka.context(), {
      vault: { ...vault.configs.provision, timeoutMs: 2_000 },
      provision: config(overrides),
      tickMs: 20,
      ...more,
    });
    let closed: Promise<void> | undefined;
    const close = () => (closed ??= running.close());
    t.after(close);
    return { ...running, close };
  };
  const delivery = async (overrides: object = {}, more: Partial<Parameters<typeof startDelivery>[1]> = {}) => {
    const running = await startDelivery(kafka.context(), {
      vault: { ...vault.configs.delivery, timeoutMs: 2_000 },
      provision: config(overrides),
      delivery: deliveryConfig.parse({
        port: 0,
        requestsPerSecond: 1_000,
        requestsBurst: 1_000,
        addressRequestsPerSecond: 1_000,
        addressRequestsBurst: 1_000,
      }),
      ...more,
    });
    t.after(() => running.close());
    const call = async (
      method: string,
      path: string,
      bearer: string | null,
      body?: unknown,
      headers: Record<string, string> = {},
    ) => {
      const response = await fetch(`${running.address}${path}`, {
        method,
        headers: {
          ...headers,
          ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
    };
    const get = (vm: string, bearer: string | null, body?: unknown, headers?: Record<string, string>) =>
      call('POST', `/v1/credentials/${vm}`, bearer, body, headers);
    return { ...running, call, get };
  };
  const step = (
    pair: string,
    state: Provision['state'],
    fits: (record: Provision) => boolean = () => true,
  ): Promise<Provision> =>
    until(`${pair} to be ${state}`, () =>
      provisions.findLast((record) => record.pair === pair && record.state === state && fits(record)),
    );
  const machine = (vm: string, vmState: string): Promise<void> =>
    kafka.send<AccessTelemetry>(topics.telemetryAccess, {
      user: '',
      kind: 'vmState',
      time: Date.now(),
      vm,
      application: null,
      vmState,
      scheduledFor: null,
      durationMs: null,
      address: null,
      clock: null,
      succeeded: true,
    });
  /** How many sealed secrets lie in Vault now: each has a wrapping token. */
  const lying = async (): Promise<number> => {
    const { data } = await vault.root.list<{ keys: string[] }>('auth/token/accessors');
    let count = 0;
    for (const accessor of data.keys) {
      const found = await vault.root
        .write<{ path: string }>('auth/token/lookup-accessor', { accessor })
        .catch(() => undefined);
      if (found?.data.path === 'sys/wrapping/wrap') count++;
    }
    return count;
  };
  /** What was taken is destroyed a moment after the answer. */
  const noneLies = () => until('nothing to lie in Vault', async () => (await lying()) === 0);
  const store = async (login: 'provision' | 'delivery' = 'provision', options: VaultStoreOptions = {}) =>
    new VaultSecretStore(await clientOf(login), 'ebbtide-provisions', options);
  return {
    vault,
    kafka,
    provisions,
    config,
    user,
    token,
    want,
    engine,
    delivery,
    step,
    machine,
    lying,
    noneLies,
    store,
  };
};

export type ProvisionRig = Awaited<ReturnType<typeof provisionRig>>;
