import { TopicCodec } from '../../schemas/codec.ts';
import type { ScopeOverride } from '../../schemas/generated/index.ts';
import { signalsOverride } from '../../schemas/scopes.ts';
import { topics } from '../../schemas/topics.ts';
import { audited } from './audited.ts';
import { connect } from './connect.ts';
import type { Invocation } from './invocation.ts';
import { readToEnd } from './register.ts';

/**
 * The overrides that have not lapsed, by frontend credential.
 *
 * @param nowMs - epoch milliseconds
 */
export const readOverrides = async ({ load }: Invocation, nowMs: number): Promise<Map<string, ScopeOverride>> => {
  process.env.EBBTIDE_LOG ??= 'warn';
  const { config } = await load();
  const { context, close } = await connect(config, 'scope');
  try {
    const overrides = new Map<string, ScopeOverride>();
    await readToEnd(context, [topics.scopeOverrides], (_, key, record) => {
      const override = record as ScopeOverride | null;
      if (override && (override.expiresAt === null || override.expiresAt > nowMs)) overrides.set(key, override);
      else overrides.delete(key);
    });
    return overrides;
  } finally {
    await close();
  }
};

/** Write an override, or null to lift it and what another party's event set beside it, and tell of it, as JSON with the details given. */
export const writeOverride = async (
  { terminal, load }: Invocation,
  key: string,
  record: ScopeOverride | null,
  told: string,
  details: object = {},
): Promise<void> => {
  process.env.EBBTIDE_LOG ??= 'warn';
  const { config } = await load();
  const { context, close } = await connect(config, 'scope');
  try {
    const codec = await TopicCodec.open<ScopeOverride>(topics.scopeOverrides, context.registry);
    const producer = await context.kafka.producer();
    try {
      const value = record && codec.encode(record);
      const keys = record ? [key] : [key, signalsOverride + key];
      const details = { scope: record?.scope ?? null, expiresAt: record?.expiresAt ?? null };
      const reason = record?.reasons.join('; ') ?? '';
      await audited(context, { action: 'scopeOverride', subject: key, reason, details }, () =>
        producer.send(keys.map((one) => ({ topic: topics.scopeOverrides.name, key: one, value }))),
      );
    } finally {
      await producer.close();
    }
    if (terminal.json)
      terminal.printJson(record ? { ...record, ...details } : { frontendCredential: key, lifted: true });
    else terminal.print(told);
  } finally {
    await close();
  }
};
