/**
 * Patterns of names and paths: `*` stands for any characters but `/`, `**` for any at all; everything else for itself.
 */

const anything = '**';

const quoted = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const expressionOf = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split(/(\*+)/)
      .map((part) => (part === '*' ? '[^/]*' : part.startsWith('*') ? '.*' : quoted(part)))
      .join('')}$`,
    's',
  );

/** Whether a pattern stands for exactly one text. */
export const isLiteral = (pattern: string): boolean => !pattern.includes('*');

/** Whether every text that fits `inner` is sure to fit `outer`; false also means that it cannot be told. */
export const covers = (outer: string, inner: string): boolean => {
  if (outer === inner || outer === anything) return true;
  const head = outer.slice(0, -anything.length);
  return outer.endsWith(anything) && isLiteral(head) && inner.startsWith(head);
};

/** A test of texts against some patterns; no patterns at all accept everything. */
export const matcherOf = (patterns: readonly string[] | undefined): ((text: string) => boolean) => {
  if (patterns === undefined || patterns.includes(anything)) return () => true;
  const literals = new Set(patterns.filter(isLiteral));
  const expressions = patterns.filter((pattern) => !isLiteral(pattern)).map(expressionOf);
  if (expressions.length === 0) return (text) => literals.has(text);
  return (text) => literals.has(text) || expressions.some((expression) => expression.test(text));
};
