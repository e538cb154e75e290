import { decodedPath } from '../../../schemas/scopePattern.ts';

/** Doubled separators, dot segments, backslashes and control characters: proxies and backends differ on them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const ambiguous = /\/\/|\\|;|\/\.{1,2}(?:\/|$)|[\u0000-\u0020\u007f-\uffff]/;

/**
 * The path of a request target without its query and with its percent-encoding undone, as backends see it; undefined
 * where proxies and backends could take it for different ones.
 *
 * @param target - as in the request line, such as `/orders/1?full`
 */
export const plainPath = (target: string): string | undefined => {
  const end = target.search(/[?#]/);
  const path = end < 0 ? target : target.slice(0, end);
  const isPlain = path.startsWith('/') && path.length <= 8192 && !ambiguous.test(path);
  return isPlain ? decodedPath(path) : undefined;
};
