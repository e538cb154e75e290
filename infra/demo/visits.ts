import { setTimeout as sleep } from 'node:timers/promises';
import type { AppContext, Running } from '../context.ts';
import { generateIdentity, open } from '../provision/sealing.ts';
import { openVisits, type Visitor, visitors } from './people.ts';
import type { VaultUsers } from './vaultUser.ts';

/** Somebody with a token of Vault and an age identity. */
export interface Person extends Visitor {
  readonly token: string;
  readonly identity: string;
}

/** Make the people of the demonstration at Vault, before anything is to be prepared for them. */
export const makePeople = async (users: VaultUsers, people: readonly Visitor[] = visitors): Promise<Person[]> => {
  try {
    return await Promise.all(
      people.map(async (visitor) => {
        const { identity, recipient } = await generateIdentity();
        return { ...visitor, identity, token: await users.make(visitor.user, recipient) };
      }),
    );
  } finally {
    await users.close();
  }
};

const answerMs = 30_000;

/**
 * People come when they come, ask the delivery service for their credential, and open it. What is prepared for whom is
 * decided by the pipeline alone.
 *
 * @param delivery - URL of the delivery service
 */
export const startVisits = async (
  context: AppContext,
  delivery: string,
  people: readonly Person[],
): Promise<Running> => {
  const log = context.log.child({ component: 'demo' });
  const producer = await context.kafka.producer({ lingerMs: 0 });
  const logVisits = await openVisits(context, producer);
  const stopped = new AbortController();
  let [served, failed] = [0, 0];

  const visit = async (person: Person): Promise<void> => {
    const { vm, comesAfterS, token, identity } = person;
    if (comesAfterS === undefined) return;
    await sleep(comesAfterS * 1000, undefined, { signal: stopped.signal, ref: false });
    const response = await fetch(new URL(`/v1/credentials/${vm}`, delivery), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.any([stopped.signal, AbortSignal.timeout(answerMs)]),
    });
    if (!response.ok) throw new Error(`The delivery service answered ${response.status}`);
    const { sealed } = (await response.json()) as { sealed: string };
    await open(sealed, identity);
    await logVisits([{ visitor: person, time: Date.now() }]);
    served++;
  };

  const all = people.map((person) =>
    visit(person).catch((error: Error) => {
      if (stopped.signal.aborted) return;
      failed++;
      log.warn({ user: person.user, err: error }, 'a visit of the demonstration failed');
    }),
  );
  return {
    name: 'visits',
    failed: new Promise<never>(() => {}),
    health: async () => ({ ready: true, detail: `${served} were served${failed > 0 ? `, ${failed} were not` : ''}` }),
    async close() {
      stopped.abort();
      await Promise.all(all);
      await producer.close();
    },
  };
};
