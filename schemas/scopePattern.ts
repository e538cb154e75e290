/**
 * Patterns of names and paths: `*` stands for any characters but `/`, `**` for any at all; everything else for itself.
 */

const anything = '**';

/** Where `*` leads from some positions of a text, ascending: to the end of their segments. */
const withinSegments = (text: string, positions: readonly number[]): number[] => {
  const reached: number[] = [];
  let next = 0;
  for (const position of positions) {
    if (position < next) continue;
    next = position;
    do reached.push(next);
    while (next < text.length && text[next++] !== '/');
  }
  return reached;
};

/** Where a literal leads from some positions, or from anywhere after the first of them. */
const afterLiteral = (text: string, part: string, positions: readonly number[], anywhere: boolean): number[] => {
  const reached: number[] = [];
  if (anywhere)
    for (let at = text.indexOf(part, positions[0]); at >= 0; at = text.indexOf(part, at + 1))
      reached.push(at + part.length);
  else for (const at of positions) if (text.startsWith(part, at)) reached.push(at + part.length);
  return reached;
};

/**
 * A test of texts against one pattern. It follows all ways of fitting at once, so that its time grows with the length of
 * the text times that of the pattern at most, whatever callers send.
 */
export const fitOf = (pattern: string): ((text: string) => boolean) => {
  const parts = pattern.split(/(\*+)/).filter((part) => part !== '');
  return (text) => {
    let positions: number[] = [0];
    let anywhere = false;
    for (const part of parts) {
      if (part.startsWith(anything)) anywhere = true;
      else {
        positions = part === '*' ? withinSegments(text, positions) : afterLiteral(text, part, positions, anywhere);
        anywhere = false;
        if (positions.length === 0) return false;
      }
    }
    return anywhere || positions.at(-1) === text.length;
  };
};

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
  const fits = patterns.filter((pattern) => !isLiteral(pattern)).map(fitOf);
  if (fits.length === 0) return (text) => literals.has(text);
  return (text) => literals.has(text) || fits.some((fit) => fit(text));
};

/** Escapes that proxies and backends take differently, or that would turn into a separator or a wildcard. */
const refusedEscape = /%(?:2[35aef]|3[bf]|5c|[01]|7f)/i;

/**
 * A path, or a pattern of paths, with its percent-encoding undone: the one form in which they are compared.
 *
 * @returns undefined where an escape is malformed, or stands for a separator, a percent sign or a control character
 */
export const decodedPath = (text: string): string | undefined => {
  if (!text.includes('%')) return text;
  if (refusedEscape.test(text)) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};
