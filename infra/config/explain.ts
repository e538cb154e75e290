import type { z } from 'zod';
import type { KeyPath, Problem, SourceDocument } from './document.ts';
import { nearest } from './nearest.ts';
import { expectation, keysOf, type Shape, shapeAt } from './shape.ts';

const valueAt = (value: unknown, path: KeyPath): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown> | undefined)?.[key], value);

/** A value as it may be shown in a message: short, on one line. */
export const shown = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
};

/**
 * Turn what zod found into problems that name the key, the value as written, and what was expected.
 *
 * @param source - the text, for positions and for the value *as written*: a secret out of the environment is never shown
 */
export const explain = (issues: readonly z.core.$ZodIssue[], source: SourceDocument, shape: Shape): Problem[] =>
  issues.flatMap(innermost).flatMap((issue) => {
    const path = issue.path as KeyPath;
    const problem = (at: KeyPath, message: string, of: 'key' | 'value' = 'value'): Problem => {
      const position = source.positionOf(at, of);
      return { path: at, message, ...(position ? { position } : {}) };
    };
    const expected = shapeAt(shape, path);
    if (issue.code === 'unrecognized_keys') {
      const known = expected ? keysOf(expected) : [];
      return issue.keys.map((key) => {
        const meant = nearest(key, known);
        const hint = meant ? `; did you mean ${meant}?` : known.length > 0 ? `; known are ${known.join(', ')}` : '';
        return problem([...path, key], `is not a key that is known here${hint}`, 'key');
      });
    }
    const written = shown(valueAt(source.value, path));
    if (issue.code === 'custom') return [problem(path, `is refused: ${issue.message}, got ${written}`)];
    const must = expected ? expectation(expected) : issue.message;
    const about = expected?.description ? ` (${expected.description})` : '';
    return [problem(path, `must be ${must}${about}, got ${written}`)];
  });

/** Of a union's branches, the one that went deepest is most likely the one that was meant. */
const innermost = (issue: z.core.$ZodIssue): z.core.$ZodIssue[] => {
  if (issue.code !== 'invalid_union') return [issue];
  const deepest = issue.errors
    .map((branch) => ({ branch, depth: Math.max(0, ...branch.map(({ path }) => path.length)) }))
    .sort((a, b) => b.depth - a.depth || a.branch.length - b.branch.length)[0];
  if (!deepest || deepest.depth === 0) return [issue];
  return deepest.branch.flatMap((inner) => innermost({ ...inner, path: [...issue.path, ...inner.path] }));
};
