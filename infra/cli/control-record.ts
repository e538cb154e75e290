import { createHash } from 'node:crypto';
import { userInfo } from 'node:os';
import { TopicCodec } from '../../schemas/codec.ts';
import type { Control, ControlKind } from '../../schemas/generated/Control.ts';
import { topics } from '../../schemas/topics.ts';
import type { AppContext } from '../context.ts';

/** What somebody sets from the command line. */
export interface Setting {
  readonly kind: ControlKind;
  readonly pipeline?: string;
  readonly subject?: string;
  readonly value: unknown;
  readonly expiresAt?: number;
  readonly reason: string;
}

/** The record of a setting: keyed by what it governs, so that the topic keeps the last one of each. */
export const controlRecord = (setting: Setting, at: number, by = userInfo().username): Control => {
  const { kind, pipeline = '', subject = null, value, expiresAt = null, reason } = setting;
  const text = JSON.stringify(value);
  const version = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return {
    key: `${kind}/${pipeline}/${subject ?? ''}`,
    kind,
    pipeline,
    subject,
    value: text,
    version,
    expiresAt,
    at,
    by,
    reason,
  };
};

/** Write a setting to topic `control`, and wait until the broker has it. */
export const writeControl = async ({ kafka, registry }: AppContext, setting: Setting): Promise<Control> => {
  const record = controlRecord(setting, Date.now());
  const codec = await TopicCodec.open<Control>(topics.control, registry);
  const producer = await kafka.producer();
  try {
    await producer.send([{ topic: topics.control.name, key: record.key, value: codec.encode(record) }]);
  } finally {
    await producer.close();
  }
  return record;
};
