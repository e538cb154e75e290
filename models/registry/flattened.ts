/**
 * An object's leaves by their path, as text, in order of the paths.
 *
 * @example
 * flattened({ a: { b: 1 }, c: [1, 2] }); // Map { 'a.b' => '1', 'c' => '[1,2]' }
 */
export const flattened = (value: object): ReadonlyMap<string, string> => {
  const leaves: [string, string][] = [];
  const visit = (node: unknown, path: string): void => {
    if (node !== null && typeof node === 'object' && !Array.isArray(node))
      for (const [key, child] of Object.entries(node)) visit(child, path === '' ? key : `${path}.${key}`);
    else leaves.push([path, typeof node === 'string' ? node : JSON.stringify(node)]);
  };
  visit(value, '');
  return new Map(leaves.sort(([a], [b]) => (a < b ? -1 : 1)));
};
