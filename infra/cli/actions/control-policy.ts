import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { type PolicyPipeline, policyParsers } from '../../../schemas/control.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import { policyVersion } from '../../../schemas/policy.ts';
import { parseScopePolicy } from '../../../schemas/scopePolicy.ts';
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

interface Options {
  readonly reason: string;
  readonly pipeline: PolicyPipeline;
}

/** Put another policy of a pipeline in force. It is checked here, before anybody hears of it. */
export const run: Action<Options, [string]> = async (invocation, { reason, pipeline }, file) => {
  const value = read(file);
  const policy =
    pipeline === 'scope'
      ? parseScopePolicy(value, (await invocation.load()).config.scopes)
      : policyParsers[pipeline](value);
  await setControl(
    invocation,
    { kind: 'policy', pipeline, value: policy, reason },
    `Policy ${policyVersion(policy)} is in force for the ${pipeline} pipeline from its next clock record on`,
  );
};
