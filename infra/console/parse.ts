import type { z } from 'zod';
import { EbbtideError } from '../../schemas/errors.ts';

/**
 * Check what a request brought: its body, its query or its path's parameters.
 *
 * @throws {EbbtideError} `REQUEST_INVALID`, naming each member and what was expected
 */
export const parse = <T extends z.ZodType>(schema: T, body: unknown): z.output<T> => {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; ');
  throw new EbbtideError('REQUEST_INVALID', `Request does not fit: ${problems}`, { problems });
};
