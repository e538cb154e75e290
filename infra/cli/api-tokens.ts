import { TopicCodec } from '../../schemas/codec.ts';
import type { ApiToken } from '../../schemas/generated/index.ts';
import { topics } from '../../schemas/topics.ts';
import { ApiTokens } from '../console/people/tokens.ts';
import type { AppContext } from '../context.ts';
import { audited } from './audited.ts';
import { readToEnd } from './register.ts';

/** Every API token, as topic `tokens` has them now. */
export const readTokens = async (context: AppContext): Promise<ApiTokens> => {
  const tokens = new ApiTokens(Date.now);
  await readToEnd(context, [topics.tokens], (_, key, record) =>
    tokens.apply(key, (record ?? undefined) as ApiToken | undefined),
  );
  return tokens;
};

/** Write the record of a token, on record of who did. */
export const writeToken = async (
  context: AppContext,
  record: ApiToken,
  details: Readonly<Record<string, unknown>>,
): Promise<void> => {
  const codec = await TopicCodec.open<ApiToken>(topics.tokens, context.registry);
  const producer = await context.kafka.producer();
  const message = { topic: topics.tokens.name, partition: 0, key: record.tokenId, value: codec.encode(record) };
  try {
    await audited(context, { action: 'token', subject: record.tokenId, details }, () => producer.send([message]));
  } finally {
    await producer.close();
  }
};
