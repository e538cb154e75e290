import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { AppContext } from '../../../../infra/context.ts';
import { keyhostConfig } from '../../../../infra/services/keyhost/config.ts';
import { startKeyhost } from '../../../../infra/services/keyhost/start.ts';
import { endpointRole, keyhostMounts } from '../../../../infra/vault/prepareKeyhost.ts';
import { timingNames } from '../../../../models/biometric/keystrokes.ts';
import type { ModelRegistry } from '../../../../models/registry/registry.ts';
import { keylifePolicySchema } from '../../../../schemas/keylifePolicy.ts';
import type { PreparedVault } from '../../vault/rig.ts';

/** A certificate with its key, and the authority to trust. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  readonly serial: string;
}

/** Have an endpoint's certificate issued. */
export const endpointIdentity = async (
  vault: PreparedVault,
  name = 'login.example',
  { ttl = '1h', mount = keyhostMounts.endpoints as string, role = endpointRole as string } = {},
): Promise<Identity> => {
  const { data } = await vault.root.write<{
    certificate: string;
    private_key: string;
    issuing_ca: string;
    serial_number: string;
  }>(`${mount}/issue/${role}`, {
    common_name: name,
    ttl,
    key_type: 'ec',
    key_bits: 256,
  });
  return { cert: data.certificate, key: data.private_key, ca: data.issuing_ca, serial: data.serial_number };
};

/** A private key on a curve, and a certificate request for it, as endpoints make them. */
export const certificateRequest = (folder: string): string => {
  const [key, csr] = [join(folder, 'user.key'), join(folder, 'user.csr')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  execFileSync('openssl', ['req', '-new', ...curve, '-subj', '/CN=ignored', '-keyout', key, '-out', csr], {
    stdio: 'ignore',
  });
  return readFileSync(csr, 'utf8');
};

/** One HTTPS request on a connection of its own. */
export const ask = (
  address: string,
  identity: Partial<Identity>,
  method: string,
  path: string,
  body?: object,
  options: object = {},
): Promise<{ status: number; body: Record<string, never> & { [name: string]: never } & AnyAnswer; protocol: string }> =>
  new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const sent = request(
      new URL(path, address),
      {
        method,
        ...identity,
        agent: false,
        headers: text === undefined ? {} : { 'content-type': 'application/json' },
        ...options,
      },
      (response) => {
        const { socket } = response as unknown as { socket: { getProtocol(): string } };
        const protocol = socket.getProtocol();
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode!,
            body: JSON.parse(Buffer.concat(parts).toString('utf8') || '{}'),
            protocol,
          }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(text);
  });

/** What the key host answers, members of all its answers together. */
export interface AnyAnswer {
  readonly credentialId: string;
  readonly session: string;
  readonly reason: string;
  readonly faults: readonly string[];
  readonly risk: number;
  readonly lifespanMs: number;
  readonly expiresAt: number;
  readonly certificate: string;
  readonly issuingCa: string;
  readonly kind: string;
  readonly serial: string;
  readonly code: string;
  readonly detail: string;
  readonly state: string;
  readonly accepted: number;
}

/** Numbers that look random and are the same each time. */
export const noise = (seed: number) => {
  let state = seed >>> 0;
  return (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};

/** Somebody's way to type a phrase: the features of one time, seconds by name. */
export const typist = (pace: number, seed: number, keys = 11) => {
  const own = noise(seed * 7919);
  const usual = Array.from({ length: keys }, () => ({ hold: 0.07 + 0.06 * own(), gap: pace * (0.5 + own()) }));
  const random = noise(seed);
  const around = (value: number) => value * (1 + 0.2 * (random() + random() + random() - 1.5));
  return (): Record<string, number> => {
    const seconds: number[] = [];
    let before = 0;
    usual.forEach(({ hold, gap }, i) => {
      const held = around(hold);
      const downDown = around(gap);
      if (i > 0) seconds.push(downDown, downDown - before);
      seconds.push(held);
      before = held;
    });
    return Object.fromEntries(timingNames(keys).map((name, i) => [name, seconds[i]!]));
  };
};

let sequence = 0;
/** A batch as the browser agent sends it. */
export const batchOf = (
  phrases: readonly Record<string, number>[],
  { level = 'session', sentAt = Date.now(), session = 'page-session-1' } = {},
): string =>
  JSON.stringify({
    version: 1,
    session,
    sequence: sequence++,
    sentAt,
    consent: { level, at: sentAt - 60_000, text: '1' },
    dropped: 0,
    cost: { events: 100, ms: 3 },
    bursts: phrases.map((features, i) => ({
      modality: 'keystroke',
      specification: 'phrase',
      time: sentAt - 500 * (phrases.length - i),
      features,
    })),
  });

/** The key host on a prepared Vault. */
export const startHost = async (
  t: TestContext,
  vault: PreparedVault,
  context: AppContext,
  { keyhost = {}, policy = {}, models }: { keyhost?: object; policy?: object; models?: ModelRegistry } = {},
) => {
  const running = await startKeyhost(context, {
    vault: { ...vault.configs.keyhost, timeoutMs: 5_000 },
    keyhost: keyhostConfig.parse({ port: 0, ...keyhost }),
    policy: keylifePolicySchema.parse(policy),
    models,
  });
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= running.close());
  t.after(close);
  return { ...running, close };
};
