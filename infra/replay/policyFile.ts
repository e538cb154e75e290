import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { EbbtideError } from '../../schemas/errors.ts';
import { type LifecyclePolicy, parseLifecyclePolicy } from '../../schemas/policy.ts';
import { type PreprovisionPolicy, parsePreprovisionPolicy } from '../../schemas/preprovisionPolicy.ts';
import { parseScopePolicy, type ScopePolicy } from '../../schemas/scopePolicy.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Read a policy from a file, YAML or JSON: the policy itself, or a document that has it at `policy.<pipeline>` as
 * `ebbtide.yaml` does.
 *
 * @param parsePolicy - checks what was found
 * @throws {EbbtideError} `REQUEST_INVALID` where it cannot be read; `POLICY_INVALID` where it is no policy, naming the file
 */
const readPolicy = <P>(path: string, pipeline: string, parsePolicy: (value: unknown) => P): P => {
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
    return parsePolicy(own(own(document, 'policy'), pipeline) ?? own(document, pipeline) ?? document ?? {});
  } catch (error) {
    if (!(error instanceof EbbtideError)) throw error;
    throw new EbbtideError(error.code, `${path}: ${error.message}`, { ...error.details, path }, error);
  }
};

/** Read a policy of the lifecycle pipeline from a file: see {@link readPolicy}. */
export const readPolicyFile = (path: string): LifecyclePolicy => readPolicy(path, 'lifecycle', parseLifecyclePolicy);

/** Read a policy of the scope pipeline from a file: see {@link readPolicy} and {@link parseScopePolicy}. */
export const readScopePolicyFile = (path: string, definitions: Parameters<typeof parseScopePolicy>[1]): ScopePolicy =>
  readPolicy(path, 'scope', (value) => parseScopePolicy(value, definitions));

/** Read a policy of pre-provisioning from a file: see {@link readPolicy}. */
export const readPreprovisionPolicyFile = (path: string): PreprovisionPolicy =>
  readPolicy(path, 'preprovision', parsePreprovisionPolicy);
