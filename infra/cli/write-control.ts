import { TopicCodec } from '../../schemas/codec.ts';
import { controlPartition, controlRecord, type Setting } from '../../schemas/control.ts';
import type { Control } from '../../schemas/generated/Control.ts';
import { topics } from '../../schemas/topics.ts';
import type { AppContext } from '../context.ts';

/** Write a setting to topic `control`, and wait until the broker has it. */
export const writeControl = (context: AppContext, setting: Setting): Promise<Control> =>
  writeControlRecord(context, controlRecord(setting, Date.now()));

/** As {@link writeControl}, of a record that is made already. */
export const writeControlRecord = async ({ kafka, registry }: AppContext, record: Control): Promise<Control> => {
  const codec = await TopicCodec.open<Control>(topics.control, registry);
  const producer = await kafka.producer();
  try {
    const message = { topic: topics.control.name, partition: controlPartition, key: record.key };
    await producer.send([{ ...message, value: codec.encode(record) }]);
  } finally {
    await producer.close();
  }
  return record;
};
