import { userInfo } from 'node:os';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { Label } from '../../../schemas/generated/Label.ts';
import { topics } from '../../../schemas/topics.ts';
import { labelChanges } from '../../../schemas/verdicts.ts';
import { audited } from '../audited.ts';
import { verdicts } from '../commands/label.ts';
import { connect } from '../connect.ts';
import type { Action } from '../invocation.ts';

interface Options {
  readonly decision?: string;
  readonly note: string;
}

/** Record a judgement. */
export const run: Action<Options, [string, keyof typeof verdicts]> = async (
  { terminal, load },
  { decision, note },
  subject,
  verdict,
) => {
  process.env.EBBTIDE_LOG ??= 'warn';
  const { config } = await load();
  const { context, close } = await connect(config, 'label');
  try {
    const label: Label = {
      subject,
      decisionId: decision ?? null,
      verdict: verdicts[verdict],
      windowStart: null,
      windowEnd: null,
      note,
      by: userInfo().username,
      at: Date.now(),
    };
    const codec = await TopicCodec.open<Label>(topics.labels, context.registry);
    const producer = await context.kafka.producer();
    const details = { decisionId: label.decisionId, verdict: label.verdict };
    await audited(context, { action: 'label', subject, reason: note, details }, () =>
      producer.send([{ topic: topics.labels.name, key: subject, value: codec.encode(label) }]),
    );
    await producer.close();
    if (terminal.json) return terminal.printJson(label);
    terminal.print(`${subject} is labelled ${verdict}`);
    terminal.print(labelChanges[verdicts[verdict]]);
    if (!decision) terminal.print('It judges the last decision about the subject before now; another with --decision');
  } finally {
    await close();
  }
};
