import type { z } from 'zod';
import { EbbtideError } from './errors.ts';

/** Something wrong with a policy: where, and what. */
export interface PolicyProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/**
 * Read a pipeline's policy, its defaults filled in.
 *
 * @param furtherProblems - what a policy of the right form may still have wrong with it
 * @throws {EbbtideError} `POLICY_INVALID`, naming each key that is wrong
 */
export const parsePolicy = <Schema extends z.ZodType>(
  pipeline: string,
  schema: Schema,
  value: unknown,
  furtherProblems: (policy: z.output<Schema>) => readonly PolicyProblem[] = () => [],
): z.output<Schema> => {
  const result = schema.safeParse(value);
  const problems: readonly PolicyProblem[] = result.success ? furtherProblems(result.data) : result.error.issues;
  if (result.success && problems.length === 0) return result.data;
  const issues = problems.map(
    ({ path, message }) => `policy.${pipeline}${path.map((key) => `.${String(key)}`).join('')}: ${message}`,
  );
  throw new EbbtideError('POLICY_INVALID', `Policy refused: ${issues.join('; ')}`, {
    issues,
    problems: problems.map(({ path, message }) => ({ path: path.map(String).join('.'), message })),
  });
};
