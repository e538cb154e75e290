import { EbbtideError } from '../../schemas/errors.ts';

/** Parts of `--against`; one that is absent is as it was. */
export interface Against {
  readonly model?: string;
  readonly policyFile?: string;
}

/**
 * Read `MODEL,POLICY`, of which either may be left out.
 *
 * @throws {EbbtideError} `REQUEST_INVALID` where there are more than two parts
 * @example
 * parseAgainst(',old.yaml'); // { policyFile: 'old.yaml' }
 */
export const parseAgainst = (text: string): Against => {
  const [model = '', policyFile = '', ...more] = text.split(',').map((part) => part.trim());
  if (more.length > 0)
    throw new EbbtideError(
      'REQUEST_INVALID',
      `--against takes MODEL,POLICY, such as "shipped,old.yaml" or ",old.yaml", got ${JSON.stringify(text)}`,
      { value: text },
    );
  return { ...(model ? { model } : {}), ...(policyFile ? { policyFile } : {}) };
};
