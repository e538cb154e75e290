import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { EbbtideError } from '../../../schemas/errors.ts';
import { parseLifecyclePolicy, policyVersion } from '../../../schemas/policy.ts';
import type { Action } from '../invocation.ts';
import { setControl } from '../set-control.ts';

const read = (file: string): unknown => {
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new EbbtideError(
      'CONFIG_INVALID',
      `Policy file ${file} cannot be read as YAML: ${(cause as Error).message}`,
      { file },
      cause,
    );
  }
};

/** Put another policy of the lifecycle pipeline in force. It is checked here, before anybody hears of it. */
export const run: Action<{ reason: string }, [string]> = async (invocation, { reason }, file) => {
  const policy = parseLifecyclePolicy(read(file));
  await setControl(
    invocation,
    { kind: 'policy', pipeline: 'lifecycle', value: policy, reason },
    `Policy ${policyVersion(policy)} is in force for the lifecycle pipeline from its next clock record on`,
  );
};
