const plain = /^[^\s",](?:[^",]*[^\s",])?$/;

/** A list of texts as one: joined by commas, and what could be misread in quotes. */
export const listText = (list: readonly string[]): string =>
  list.map((text) => (plain.test(text) ? text : JSON.stringify(text))).join(', ');

const unquoted = (part: string): string => {
  try {
    return part.startsWith('"') ? String(JSON.parse(part)) : part;
  } catch {
    return part;
  }
};

/** What {@link listText} wrote, or somebody did. */
export const listOf = (text: string): readonly string[] =>
  [...text.matchAll(/\s*("(?:[^"\\]|\\.)*"|[^,]+)\s*(?:,|$)/g)].flatMap(([, part]) =>
    part!.trim() === '' ? [] : [unquoted(part!.trim())],
  );
