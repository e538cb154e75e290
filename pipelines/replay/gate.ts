import { EbbtideError } from '../../schemas/errors.ts';
import type { Figures } from './report.ts';

/** A condition on figures. */
export interface Gate {
  readonly text: string;
  /** @throws {EbbtideError} `DATA_MISSING` where a figure has no value in this replay */
  holds(figures: Figures): boolean;
  /** Names of figures in it, in order. */
  readonly names: readonly string[];
}

type Token = { readonly kind: 'number' | 'name' | 'symbol'; readonly text: string; readonly at: number };
type Condition = (figures: Figures) => boolean;
type Operand = (figures: Figures) => number;

const longest = 1000;
const deepest = 50;
const pattern =
  /\s*(?:(?<number>-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<name>[A-Za-z]\w*)|(?<symbol><=|>=|==|!=|&&|\|\||[<>()!=]))/y;
const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
  '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
};
const words: Readonly<Record<string, string>> = { and: '&&', or: '||', not: '!' };

const refuse = (text: string, why: string): never => {
  throw new EbbtideError(
    'REQUEST_INVALID',
    `Condition ${JSON.stringify(text.slice(0, 200))} cannot be read: ${why}; write one such as "falseRevocations > 0 or alertsPerDay > 20"`,
    { condition: text.slice(0, 200) },
  );
};

const tokensOf = (text: string): Token[] => {
  if (text.length > longest) refuse(text, `it has ${text.length} characters, expected ${longest} at most`);
  const tokens: Token[] = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    if (text.slice(at).trim() === '') break;
    const groups = pattern.exec(text)?.groups;
    if (!groups) return refuse(text, `${JSON.stringify(text.slice(at).trim()[0])} at ${at + 1} means nothing here`);
    const { number, name, symbol } = groups;
    const begins = pattern.lastIndex - (number ?? name ?? symbol)!.length;
    if (number !== undefined) tokens.push({ kind: 'number', text: number, at: begins });
    else if (name !== undefined) {
      const word = words[name.toLowerCase()];
      tokens.push(word ? { kind: 'symbol', text: word, at: begins } : { kind: 'name', text: name, at: begins });
    } else tokens.push({ kind: 'symbol', text: symbol!, at: begins });
  }
  return tokens;
};

/**
 * Read a condition on figures: names and numbers compared by `<`, `<=`, `>`, `>=`, `==`, `!=`, joined by `and`, `or`,
 * `not` and brackets; `and` binds closer than `or`.
 *
 * ```
 * condition  = all { ("or" | "||") all }
 * all        = one { ("and" | "&&") one }
 * one        = ("not" | "!") one | "(" condition ")" | operand comparison operand
 * operand    = number | name
 * ```
 *
 * @param names - figures that there are
 * @param suggest - the name that was probably meant, if any
 * @throws {EbbtideError} `REQUEST_INVALID` for what is no condition, and for a figure that there is not
 * @example
 * parseGate('falseRevocations > 0', ['falseRevocations'], nearest).holds({ falseRevocations: 1 }); // true
 */
export const parseGate = (
  text: string,
  names: readonly string[],
  suggest: (name: string, known: readonly string[]) => string | undefined,
): Gate => {
  const tokens = tokensOf(text);
  const used: string[] = [];
  let next = 0;
  let depth = 0;
  const take = (...symbols: string[]): string | undefined => {
    const token = tokens[next];
    if (token?.kind !== 'symbol' || !symbols.includes(token.text)) return undefined;
    next++;
    return token.text;
  };
  const found = () => {
    const token = tokens[next];
    return token ? `${JSON.stringify(token.text)} at ${token.at + 1}` : 'its end';
  };

  const operand = (): Operand => {
    const token = tokens[next];
    if (token?.kind === 'number') {
      next++;
      const value = Number(token.text);
      return () => value;
    }
    if (token?.kind !== 'name') return refuse(text, `expected a figure or a number, got ${found()}`);
    next++;
    const name = token.text;
    if (!names.includes(name)) {
      const meant = suggest(name, names);
      throw new EbbtideError(
        'REQUEST_INVALID',
        `Condition ${JSON.stringify(text.slice(0, 200))} names ${name}, which is no figure of this replay${meant ? `; did you mean ${meant}?` : `; there are ${names.join(', ')}`}`,
        { name, meant: meant ?? null },
      );
    }
    used.push(name);
    return (figures) => {
      const value = Object.hasOwn(figures, name) ? figures[name] : undefined;
      if (value !== undefined) return value;
      throw new EbbtideError(
        'DATA_MISSING',
        `Condition ${JSON.stringify(text.slice(0, 200))} needs ${name}, which has no value in this replay: nothing happened that it could be measured on, or nothing was labelled`,
        { name },
      );
    };
  };

  const one = (): Condition => {
    if (++depth > deepest) return refuse(text, `it is nested more than ${deepest} deep`);
    try {
      if (take('!')) {
        const inner = one();
        return (figures) => !inner(figures);
      }
      if (take('(')) {
        const inner = any();
        if (!take(')')) return refuse(text, `expected ")", got ${found()}`);
        return inner;
      }
      const left = operand();
      const symbol = take(...Object.keys(comparisons));
      if (!symbol) return refuse(text, `expected a comparison such as ">", got ${found()}`);
      const right = operand();
      const compare = comparisons[symbol]!;
      return (figures) => compare(left(figures), right(figures));
    } finally {
      depth--;
    }
  };
  const joined = (part: () => Condition, symbol: string, join: (parts: Condition[]) => Condition): Condition => {
    const parts = [part()];
    while (take(symbol)) parts.push(part());
    return parts.length === 1 ? parts[0]! : join(parts);
  };
  const all = () => joined(one, '&&', (parts) => (figures) => parts.every((part) => part(figures)));
  const any = (): Condition => joined(all, '||', (parts) => (figures) => parts.some((part) => part(figures)));

  const holds = any();
  if (next < tokens.length) refuse(text, `expected "and" or "or", got ${found()}`);
  return { text, holds, names: used };
};
