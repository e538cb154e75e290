import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';

/** A key's place in a configuration: `['vault', 'address']`, with numbers for items of lists. */
export type KeyPath = readonly (string | number)[];

/** Something wrong with a configuration, and where. */
export interface Problem {
  readonly path: KeyPath;
  readonly message: string;
  /** Line and column, from 1; absent where the key stands in no file. */
  readonly position?: { readonly line: number; readonly column: number };
}

/** A YAML text that remembers where each key stands. */
export interface SourceDocument {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Where a key, or its value, stands. Falls back to the nearest parent that the text has. */
  positionOf(path: KeyPath, of?: 'key' | 'value'): Problem['position'];
}

/** Parse one YAML document, keeping positions and collecting what the parser found wrong. */
export const parseSource = (text: string): SourceDocument => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const at = (offset: number): Problem['position'] => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const problems = document.errors.map(
    (error): Problem => ({
      path: [],
      message: `The text is not valid YAML: ${error.message}`,
      position: at(error.pos[0])!,
    }),
  );
  let value: unknown = {};
  try {
    if (problems.length === 0) value = document.toJS() ?? {};
  } catch (error) {
    // An alias of an anchor that is not there is found only now.
    problems.push({ path: [], message: `The text is not valid YAML: ${(error as Error).message}`, position: at(0)! });
  }
  return {
    value,
    problems,
    positionOf: (path, of = 'value') => {
      const offset = offsetOf(document.contents as Node | null, path, of);
      return offset === undefined ? undefined : at(offset);
    },
  };
};

const offsetOf = (root: Node | null, path: KeyPath, of: 'key' | 'value'): number | undefined => {
  let node: Node | null | undefined = root;
  let offset = node?.range?.[0];
  for (const [depth, key] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key)) as
        | Pair<Node, Node | null>
        | undefined;
      if (!pair) return offset;
      const last = depth === path.length - 1;
      offset = (last && of === 'value' ? pair.value?.range?.[0] : undefined) ?? pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof key === 'number') {
      node = node.items[key] as Node | undefined;
      offset = node?.range?.[0] ?? offset;
    } else return offset;
  }
  return offset;
};
