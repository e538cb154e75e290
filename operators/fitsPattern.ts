/**
 * Whether a text fits a pattern, in which `*` stands for any characters. In linear time, whatever the pattern: an
 * alert's subject may come from outside.
 *
 * @example
 * fitsPattern('cred-*', 'cred-1'); // true
 */
export const fitsPattern = (pattern: string, text: string): boolean => {
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop();
  if (tail === undefined) return text === head;
  if (text.length < head.length + tail.length || !text.startsWith(head) || !text.endsWith(tail)) return false;
  let at = head.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > text.length - tail.length) return false;
    at = found + part.length;
  }
  return true;
};
