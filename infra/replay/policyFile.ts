import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { EbbtideError } from '../../schemas/errors.ts';
import { type LifecyclePolicy, parseLifecyclePolicy } from '../../schemas/policy.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Read a lifecycle policy from a file, YAML or JSON: the policy itself, or a document that has it at
 * `policy.lifecycle` as `ebbtide.yaml` does.
 *
 * @throws {EbbtideError} `REQUEST_INVALID` where it cannot be read; `POLICY_INVALID` where it is no policy, naming the file
 */
export const readPolicyFile = (path: string): LifecyclePolicy => {
  let text: string;
  let document: unknown;
  try {
    text = readFileSync(path, 'utf8');
    document = parse(text);
  } catch (cause) {
    throw new EbbtideError(
      'REQUEST_INVALID',
      `Policy file ${path} cannot be read: ${(cause as Error).message}`,
      { path },
      cause,
    );
  }
  const own = (value: unknown, key: string): unknown =>
    value !== null && typeof value === 'object' && Object.hasOwn(value, key) ? (value as Fields)[key] : undefined;
  try {
    return parseLifecyclePolicy(
      own(own(document, 'policy'), 'lifecycle') ?? own(document, 'lifecycle') ?? document ?? {},
    );
  } catch (error) {
    if (!(error instanceof EbbtideError)) throw error;
    throw new EbbtideError(error.code, `${path}: ${error.message}`, { ...error.details, path }, error);
  }
};
