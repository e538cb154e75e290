import { randomUUID } from 'node:crypto';
import { type Enrolments, enrolmentOf } from '../../models/biometric/index.ts';
import type { LifespanRule } from '../../models/biometric/lifespan.ts';
import { modalities } from '../../models/biometric/specifications.ts';
import { summaryVerifiers } from '../../models/biometric/summary.ts';
import { LastSeen } from '../../operators/actuate/lastSeen.ts';
import { makeCertificateRequest } from '../agents/endpoint/certificateRequest.ts';
import { KeyhostClient } from '../agents/endpoint/client.ts';
import { issueEndpointIdentity } from '../agents/endpoint/identity.ts';
import type { BehaviourPort } from '../console/ports.ts';
import type { BehaviourView, SignInView } from '../console/view/behaviour.ts';
import type { AppContext, Running } from '../context.ts';
import { eraseUser } from '../services/keyhost/privacy.ts';
import { VaultClient } from '../vault/client.ts';
import type { VaultConfig } from '../vault/config.ts';
import { KeyedLock } from '../vault/keyed-lock.ts';

/** What {@link startSignInDemo} is told. */
export interface SignInDemoOptions {
  /** URL of the key host. */
  readonly keyhost: string;
  /** How the endpoint logs in at Vault, and who erases. */
  readonly vault: { readonly endpoint: VaultConfig; readonly privacy: VaultConfig };
  /** Samples of a phrase that the key host enrols before it compares. */
  readonly enrolment: number;
  /** The same by modality, where it is another. */
  readonly enrolments?: Enrolments;
  readonly rule: LifespanRule;
}

const endpointName = 'console.demonstration';
const usersKept = 100;
const signInsKept = 60;

interface Tried {
  readonly signIns: readonly SignInView[];
  readonly enrolled: number;
}

const nothing: Tried = { signIns: [], enrolled: 0 };

/**
 * The endpoint of the demonstration: it signs the console's users in at the key host by how they type, as a login page's
 * server does. The console has let them in already, which counts as the strong authentication that enrolment takes, until
 * they are enrolled; from then on their behaviour alone decides.
 *
 * @throws {EbbtideError} where Vault refuses a login
 */
export const startSignInDemo = async (
  context: AppContext,
  { keyhost, vault: logins, rule, ...needed }: SignInDemoOptions,
): Promise<Running & BehaviourPort> => {
  const { log } = context;
  const { enrolment } = needed;
  const endpoint = await VaultClient.connect(logins.endpoint, { service: 'endpoint', log });
  const privacy = await VaultClient.connect(logins.privacy, { service: 'privacy', log });
  const client = new KeyhostClient(keyhost, () => issueEndpointIdentity(endpoint, endpointName));
  const tried = new LastSeen<string, Tried>(usersKept);
  const lock = new KeyedLock();
  /** Nobody of the console may sign in as anybody else. */
  const nameOf = (user: string): string => `demonstration/${user}`;
  const of = (user: string): Tried => tried.get(user) ?? nothing;

  const view = async (user: string): Promise<BehaviourView> => {
    const { signIns, enrolled } = of(user);
    const last = signIns.at(-1);
    const key = last && (await client.status(last.credentialId));
    const afterwards = modalities.filter((modality) => modality !== 'keystroke');
    return {
      enrolled,
      enrolment,
      rule,
      uncalibrated: summaryVerifiers.map(({ name }) => name),
      learned: afterwards.map((modality) => ({
        modality,
        known: key?.enrolled[modality] ?? 0,
        needed: enrolmentOf(needed, modality),
      })),
      signIns,
      ...(key && { key: { credentialId: key.credentialId, state: key.state, risk: key.risk } }),
    };
  };

  return {
    name: 'sign-in',
    view,
    signIn: (user, batch) =>
      lock.run(user, async () => {
        const { csr } = await makeCertificateRequest();
        const { signIns, enrolled } = of(user);
        const at = Date.now();
        const strong = enrolled < enrolment;
        const key = await client.authenticate({
          requestId: randomUUID(),
          user: nameOf(user),
          csr,
          strong,
          ...(batch !== undefined && { batch }),
        });
        const { credentialId, serial, reason, faults, risk, parts, lifespanMs, expiresAt } = key;
        const signIn = { credentialId, serial, at, reason, faults, risk, parts, lifespanMs, expiresAt };
        const known = key.enrolled.keystroke ?? enrolled;
        const taught = strong && batch !== undefined && faults.length === 0 && reason !== 'replayed';
        // What this one taught is told with the next
        tried.set(user, { signIns: [...signIns, signIn].slice(-signInsKept), enrolled: known + (taught ? 1 : 0) });
        return view(user);
      }),
    observe: async (user, batch) => {
      const last = of(user).signIns.at(-1);
      return last ? client.observe(last.credentialId, batch) : 0;
    },
    forget: (user) =>
      lock.run(user, async () => {
        await eraseUser(context, privacy, nameOf(user));
        tried.delete(user);
        return view(user);
      }),
    health: async () => ({ ready: true, detail: `Signs in at ${keyhost}` }),
    failed: new Promise<never>(() => {}),
    close: async () => {
      await client.close();
      await Promise.all([endpoint.close(), privacy.close()]);
    },
  };
};
