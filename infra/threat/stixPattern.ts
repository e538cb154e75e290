import type { IndicatorKind } from '../../schemas/generated/index.ts';

/** What a pattern recognises, as it is written there. */
export interface PatternIndicator {
  readonly kind: Exclude<IndicatorKind, 'unknown'>;
  readonly value: string;
}

/** Paths to what a call shows of its caller. Destinations and files are none of it. */
const paths: ReadonlyMap<string, PatternIndicator['kind']> = new Map([
  ['ipv4-addr:value', 'address'],
  ['ipv6-addr:value', 'address'],
  ['network-traffic:src_ref.value', 'address'],
  ['domain-name:value', 'domain'],
  ["network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'", 'userAgent'],
]);

const tokenPattern =
  /\s*(?:(\[|\]|\(|\)|,)|('(?:[^'\\]|\\.)*')|(!=|<=|>=|=|<|>)|([A-Za-z][\w-]*:(?:[\w.*[\]-]|'(?:[^'\\]|\\.)*')+)|([A-Za-z0-9_.+:-]+))/y;
/** Patterns of more tokens are not read: one of a feed's rows is no reason to be busy. */
const maxTokens = 4096;

/**
 * What a STIX 2.1 pattern recognises of a caller: comparisons of addresses, domains and user agents with `=`, `IN` and
 * `ISSUBSET`, joined by `OR` inside and between observations.
 *
 * Of alternatives the ones that are understood are taken: any of them alone makes the pattern true. Whatever demands
 * more than one comparison at once (`AND`, `FOLLOWEDBY`, `NOT`, qualifiers) is not understood, and not guessed.
 *
 * Source: STIX 2.1, section 9, https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html
 *
 * @returns nothing where the pattern is not understood
 * @example
 * patternIndicators("[ipv4-addr:value ISSUBSET '192.0.2.0/24']"); // [{ kind: 'address', value: '192.0.2.0/24' }]
 */
export const patternIndicators = (pattern: string): readonly PatternIndicator[] => {
  const tokens = tokensOf(pattern);
  if (!tokens) return [];
  const reader = new Reader(tokens);
  const found = reader.observations();
  return found && reader.ended() ? found : [];
};

/** Undefined where the text is no pattern. */
const tokensOf = (text: string): string[] | undefined => {
  const tokens: string[] = [];
  const end = text.trimEnd().length;
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < end) {
    const match = tokenPattern.exec(text);
    if (!match || tokens.length === maxTokens) return undefined;
    tokens.push(match[1] ?? match[2] ?? match[3] ?? match[4] ?? match[5]!);
  }
  return tokens;
};

type Found = PatternIndicator[];

/** Reads by descent; undefined means that the pattern demands what is not understood. */
class Reader {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  ended(): boolean {
    return this.#at === this.#tokens.length;
  }

  /** Observations joined by OR. */
  observations(): Found | undefined {
    return this.#alternatives(() => {
      if (this.#take('(')) return this.#closed(this.observations(), ')');
      if (this.#take('[')) return this.#closed(this.#comparisons(), ']');
      return undefined;
    });
  }

  #comparisons(): Found | undefined {
    return this.#alternatives(() => (this.#take('(') ? this.#closed(this.#comparisons(), ')') : this.#comparison()));
  }

  #alternatives(one: () => Found | undefined): Found | undefined {
    const found: Found = [];
    do {
      const next = one();
      if (!next) return undefined;
      found.push(...next);
    } while (this.#take('OR'));
    return found;
  }

  #closed(found: Found | undefined, by: string): Found | undefined {
    return found && this.#take(by) ? found : undefined;
  }

  /** A path, an operator and what it is compared with; nothing, where that is well formed and about something else. */
  #comparison(): Found | undefined {
    const path = this.#next();
    const operator = this.#next();
    if (path === undefined || operator === undefined || !path.includes(':')) return undefined;
    const values = operator === 'IN' ? this.#list() : this.#value();
    if (!values) return undefined;
    const kind = paths.get(path);
    const known = operator === '=' || operator === 'IN' || (operator === 'ISSUBSET' && kind === 'address');
    if (!known && !/^(!=|<=?|>=?|LIKE|MATCHES|ISSUPERSET|ISSUBSET)$/.test(operator)) return undefined;
    return kind && known ? values.map((value) => ({ kind, value })) : [];
  }

  #value(): string[] | undefined {
    const token = this.#next();
    if (token === undefined || /^[[\](),]$/.test(token)) return undefined;
    return [token.startsWith("'") ? token.slice(1, -1).replaceAll(/\\(.)/g, '$1') : token];
  }

  #list(): string[] | undefined {
    if (!this.#take('(')) return undefined;
    const values: string[] = [];
    do {
      const value = this.#value();
      if (!value) return undefined;
      values.push(...value);
    } while (this.#take(','));
    return this.#take(')') ? values : undefined;
  }

  #next(): string | undefined {
    return this.#tokens[this.#at++];
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }
}
