import { type PolicyPipeline, policyParsers } from '../../../schemas/control.ts';
import { configuredPolicy } from '../../jobs/publishPolicy.ts';
import { audited } from '../audited.ts';
import { connect } from '../connect.ts';
import type { Action } from '../invocation.ts';
import { writeControlRecord } from '../write-control.ts';

/** Put the configuration's policies into `control`, for pipelines that may not write there. */
export const run: Action<object> = async ({ terminal, load }) => {
  process.env.EBBTIDE_LOG ??= 'warn';
  const { config } = await load();
  const { context, close } = await connect(config, 'control');
  try {
    const names = Object.keys(policyParsers) as PolicyPipeline[];
    const records = names.map((name) => configuredPolicy(name, config.policy[name], Date.now()));
    for (const record of records) {
      const details = { pipeline: record.pipeline, version: record.version };
      const deed = { action: 'policy', subject: record.key, reason: record.reason, details };
      await audited(context, deed, () => writeControlRecord(context, record));
      if (!terminal.json) terminal.print(`Policy ${record.version} of the configuration is that of ${record.pipeline}`);
    }
    if (terminal.json) terminal.printJson(records);
  } finally {
    await close();
  }
};
