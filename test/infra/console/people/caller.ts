import type { TestContext } from 'node:test';
import { TopicCodec } from '../../../../schemas/codec.ts';
import type { AuditEvent } from '../../../../schemas/generated/index.ts';
import { topics } from '../../../../schemas/topics.ts';
import { type Harness, startHarness } from '../harness.ts';

/** Groups that stand for the roles, as a proxy would name them. */
export const mapping = {
  viewer: ['all'],
  analyst: ['soc'],
  operator: ['sre'],
  administrator: ['admins'],
};

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at what answers hold
  readonly body: any;
}

/** A console behind a proxy, and requests as the people whom the proxy names. */
export interface People {
  readonly harness: Harness;
  /** @param who - `name/group` */
  get(who: string, path: string): Promise<Answer>;
  post(who: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Everything on record, oldest first. */
  recorded(): Promise<AuditEvent[]>;
}

export const startPeople = async (
  t: TestContext,
  config: Record<string, unknown> = {},
  ports: Parameters<typeof startHarness>[1] = {},
): Promise<People> => {
  const harness = await startHarness({ access: 'proxy', roles: mapping, ...config }, ports);
  t.after(() => harness.close());
  const send = async (who: string, path: string, init: RequestInit): Promise<Answer> => {
    const [user = '', groups = ''] = who.split('/');
    const answer = await fetch(`${harness.console.address}${path}`, {
      ...init,
      headers: { 'x-forwarded-user': user, 'x-forwarded-groups': groups, ...init.headers },
    });
    const text = await answer.text();
    return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : text };
  };
  return {
    harness,
    get: (who, path) => send(who, path, {}),
    post: (who, path, body = {}, headers = {}) =>
      send(who, path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-ebbtide-console': '1', ...headers },
        body: JSON.stringify(body),
      }),
    recorded: async () => {
      const codec = await TopicCodec.open<AuditEvent>(topics.actions, harness.context.registry);
      return harness.kafka.messages
        .filter(({ topic }) => topic === topics.actions.name)
        .map(({ value }) => codec.decode(value!));
    },
  };
};
