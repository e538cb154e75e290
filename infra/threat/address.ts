import ipaddr from 'ipaddr.js';

/**
 * A network: the words of its first address, most significant first (one for IPv4, four for IPv6), and its length.
 * IPv4-mapped IPv6 is IPv4.
 */
export interface Network {
  readonly words: readonly number[];
  /** 0 to 32 or 128. */
  readonly prefix: number;
}

/**
 * The words of an IPv4 address in dotted decimal; undefined for anything else. Written out since it is on the path of
 * every call.
 */
export const ipv4Word = (text: string): number | undefined => {
  let word = 0;
  let octet = -1;
  let dots = 0;
  if (text.length > 15) return undefined;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 46) {
      if (octet < 0 || ++dots > 3) return undefined;
      word = word * 256 + octet;
      octet = -1;
    } else {
      // A leading zero is octal to some readers and decimal to others
      if (code < 48 || code > 57 || octet === 0) return undefined;
      octet = Math.max(octet, 0) * 10 + code - 48;
      if (octet > 255) return undefined;
    }
  }
  return dots === 3 && octet >= 0 ? word * 256 + octet : undefined;
};

/** Words of an address, IPv4 or IPv6; undefined where the text is neither. */
export const addressWords = (text: string): readonly number[] | undefined => {
  const word = ipv4Word(text);
  if (word !== undefined) return [word];
  if (!text.includes(':')) return undefined;
  try {
    const address = ipaddr.IPv6.parse(text.split('%')[0]!);
    const { parts } = address;
    const words = [0, 2, 4, 6].map((at) => parts[at]! * 65_536 + parts[at + 1]!);
    return address.isIPv4MappedAddress() ? [words[3]!] : words;
  } catch {
    return undefined;
  }
};

/**
 * A network in CIDR notation or a single address; bits beyond the prefix are cleared.
 *
 * @returns undefined where the text is neither
 */
export const networkOf = (text: string): Network | undefined => {
  const slash = text.indexOf('/');
  const words = addressWords(slash < 0 ? text : text.slice(0, slash));
  if (!words) return undefined;
  const bits = words.length * 32;
  if (slash < 0) return { words, prefix: bits };
  const length = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(length)) return undefined;
  // A prefix of an IPv4-mapped address counts from the start of the 128 bits
  const mapped = bits === 32 && text.includes(':') ? 96 : 0;
  const prefix = Number(length) - mapped;
  return prefix >= 0 && prefix <= bits ? { words: masked(words, prefix), prefix } : undefined;
};

/**
 * The networks that together are a range of IPv4 addresses, both ends included; undefined where it is no such range.
 *
 * @example
 * rangeOf('192.0.2.0', '192.0.2.2'); // 192.0.2.0/31 and 192.0.2.2/32
 */
export const rangeOf = (first: string, last: string): readonly Network[] | undefined => {
  let from = ipv4Word(first);
  const to = ipv4Word(last);
  if (from === undefined || to === undefined || from > to) return undefined;
  const found: Network[] = [];
  while (from <= to) {
    let size = 1;
    while (size < 2 ** 32 && from % (size * 2) === 0 && from + size * 2 - 1 <= to) size *= 2;
    found.push({ words: [from], prefix: 32 - Math.log2(size) });
    from += size;
  }
  return found;
};

/** CIDR notation of a network. */
export const networkText = ({ words, prefix }: Network): string => {
  const bytes = words.flatMap((word) => [24, 16, 8, 0].map((shift) => (word >>> shift) & 255));
  return `${ipaddr.fromByteArray(bytes).toString()}/${prefix}`;
};

/** Clear the bits beyond a prefix. */
export const masked = (words: readonly number[], prefix: number): number[] =>
  words.map((word, at) => {
    const keep = Math.min(32, Math.max(0, prefix - at * 32));
    return keep === 0 ? 0 : (word & (0xffffffff << (32 - keep))) >>> 0;
  });

/** Shorter prefixes take in so much that whoever lists them has erred. */
const shortest = { 1: 8, 4: 16 } as const;

/** Addresses that are somebody else's in each network, or nobody's (IANA's registries of special-purpose addresses). */
const notPublic: readonly Network[] = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/4', '240.0.0.0/4'],
  ...['::/8', '100::/64', '2001::/32', '2002::/16', 'fc00::/7', 'fe80::/10', 'ff00::/8'],
].map((text) => networkOf(text)!);

/**
 * Why a network must not be an indicator; undefined where it may: it takes in too much, or addresses that belong to
 * nobody in particular, such as those behind the caller's own router.
 */
export const unfitNetwork = ({ words, prefix }: Network): 'tooWide' | 'notPublic' | undefined => {
  if (prefix < shortest[words.length as 1 | 4]) return 'tooWide';
  for (const special of notPublic)
    if (special.words.length === words.length && special.prefix <= prefix && isIn(words, special)) return 'notPublic';
  return undefined;
};

const isIn = (words: readonly number[], { words: base, prefix }: Network): boolean => {
  for (let at = 0, bits = prefix; bits > 0; at++, bits -= 32) {
    const difference = words[at]! ^ base[at]!;
    if (bits >= 32 ? difference !== 0 : difference >>> (32 - bits) !== 0) return false;
  }
  return true;
};
