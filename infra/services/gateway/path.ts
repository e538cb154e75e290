/** Encoded or doubled separators, dot segments, backslashes and control characters: proxies and backends differ on them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const ambiguous = /%(?:2[ef]|5c|25|[01]|7f)|\/\/|\\|;|\/\.{1,2}(?:\/|$)|[\u0000-\u0020\u007f-\uffff]/i;

/**
 * The path of a request target without its query; undefined where proxies and backends could take it for different ones.
 *
 * @param target - as in the request line, such as `/orders/1?full`
 */
export const plainPath = (target: string): string | undefined => {
  const end = target.search(/[?#]/);
  const path = end < 0 ? target : target.slice(0, end);
  return path.startsWith('/') && path.length <= 8192 && !ambiguous.test(path) ? path : undefined;
};
