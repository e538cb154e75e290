import type { z } from 'zod';
import { Problem } from './problem.ts';

/**
 * Check a body.
 *
 * @throws {Problem} 400, naming each member and what was expected, never a value: it may be a secret
 */
export const parseBody = <T extends z.ZodType>(schema: T, body: unknown): z.output<T> => {
  const result = schema.safeParse(body ?? undefined);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
  throw new Problem(400, 'request-invalid', `The request is refused: ${issues.join('; ')}`, { issues });
};
