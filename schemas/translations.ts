import { createHash } from 'node:crypto';
import { z } from 'zod';
import { EbbtideError } from './errors.ts';
import type { Translation } from './generated/index.ts';
import type { Scopes } from './scopes.ts';

const entitlement = z.strictObject({
  scope: z.string().min(1),
  /** Reference in Vault by scope, never the secret; `{credential}` stands for the frontend credential. */
  backend: z.record(z.string(), z.string().min(1).max(1024)).default({}),
});

/** The credential translation table as a file: credentials, and what each is entitled to at which service. */
export const translationFileSchema = z.strictObject({
  credentials: z.record(
    z
      .string()
      .min(1)
      .max(1024)
      .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces'),
    z.strictObject({
      group: z.string().max(128).default(''),
      /** User whose credential it is; its risk is theirs too. */
      owner: z.string().max(128).default(''),
      services: z.record(
        z.string().regex(/^[A-Za-z0-9._:-]{1,128}$/, 'must be a name of letters, digits and ._:-'),
        entitlement,
      ),
    }),
  ),
});

/** What a row entitles to, without who set it when. */
export type RowContent = Pick<
  Translation,
  'key' | 'frontendCredential' | 'service' | 'group' | 'owner' | 'defaultScope' | 'backendCredentials'
>;

/** The version of a row: the first 12 hex digits of the SHA-256 of its content. */
export const rowVersion = ({ key, group, owner, defaultScope, backendCredentials }: RowContent): string =>
  createHash('sha256')
    .update(
      // Rows without an owner keep the version that they had before there were owners
      JSON.stringify([
        ...[key, group, defaultScope, Object.entries(backendCredentials).sort(byName)],
        ...(owner ? [owner] : []),
      ]),
    )
    .digest('hex')
    .slice(0, 12);

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : a > b ? 1 : 0;

/**
 * The rows of a file, in the order of their keys.
 *
 * @param value - as parsed
 * @param scopes - what scopes there are
 * @throws {EbbtideError} `CONFIG_INVALID`, with a line for each thing that is wrong
 */
export const rowsOfFile = (value: unknown, scopes: Scopes): RowContent[] => {
  const parsed = translationFileSchema.safeParse(value);
  if (!parsed.success)
    throw invalid(
      parsed.error.issues.map((issue) => {
        const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
        return `${issue.path.join('.') || 'file'}: ${message}`;
      }),
    );
  const problems: string[] = [];
  const rows = Object.entries(parsed.data.credentials).flatMap(([frontendCredential, { group, owner, services }]) =>
    Object.entries(services).map(([service, { scope, backend }]): RowContent => {
      const key = `${frontendCredential}/${service}`;
      const nameOf = (name: string): string => {
        try {
          return scopes.named(name, service).name;
        } catch (error) {
          problems.push(`${key}: ${(error as Error).message}`);
          return name;
        }
      };
      const references = Object.entries(backend).map(([name, reference]) => [nameOf(name), reference] as const);
      return {
        key,
        frontendCredential,
        service,
        group,
        owner,
        defaultScope: nameOf(scope),
        backendCredentials: Object.fromEntries(references),
      };
    }),
  );
  if (problems.length > 0) throw invalid(problems);
  return rows.sort(({ key: a }, { key: b }) => byName([a, 0], [b, 0]));
};

const invalid = (problems: readonly string[]): EbbtideError =>
  new EbbtideError('CONFIG_INVALID', `The table is refused:\n  ${problems.slice(0, 50).join('\n  ')}`, { problems });

/** The file of rows; {@link rowsOfFile} reads the same rows back. */
export const fileOfRows = (rows: Iterable<RowContent>): z.input<typeof translationFileSchema> => {
  const credentials: z.input<typeof translationFileSchema>['credentials'] = {};
  for (const { frontendCredential, service, group, owner, defaultScope, backendCredentials } of [...rows].sort(byKey)) {
    credentials[frontendCredential] ??= {
      ...(group ? { group } : {}),
      ...(owner ? { owner } : {}),
      services: {},
    };
    const backend = Object.fromEntries(Object.entries(backendCredentials).sort(byName));
    credentials[frontendCredential].services[service] = {
      scope: defaultScope,
      ...(Object.keys(backend).length > 0 ? { backend } : {}),
    };
  }
  return { credentials };
};

const byKey = (a: RowContent, b: RowContent): number => byName([a.key, 0], [b.key, 0]);

/** One row that differs. */
export interface RowChange {
  readonly key: string;
  /**
   * added: of a credential that had no rows. widened: allows what was not surely allowed before: a wider scope, a
   * service more for a known credential, another group, or other references, as nobody here knows what they open.
   * narrowed: allows less. changed: another owner, or no references any more, and nothing else. removed: gone.
   */
  readonly kind: 'added' | 'widened' | 'narrowed' | 'changed' | 'removed';
  /** What it was and is, in words. */
  readonly from: string;
  readonly to: string;
}

/** How a table differs from another, in the order of keys. */
export const diffRows = (
  before: ReadonlyMap<string, RowContent>,
  after: ReadonlyMap<string, RowContent>,
  scopes: Scopes,
): RowChange[] => {
  const known = new Set([...before.values()].map(({ frontendCredential }) => frontendCredential));
  const changes: RowChange[] = [];
  for (const [key, row] of after) {
    const old = before.get(key);
    if (!old)
      changes.push({
        key,
        kind: known.has(row.frontendCredential) ? 'widened' : 'added',
        from: 'none',
        to: row.defaultScope,
      });
    else if (rowVersion(old) !== rowVersion(row)) changes.push({ key, ...compare(old, row, scopes) });
  }
  for (const [key, row] of before)
    if (!after.has(key)) changes.push({ key, kind: 'removed', from: row.defaultScope, to: 'none' });
  return changes.sort(({ key: a }, { key: b }) => byName([a, 0], [b, 0]));
};

const compare = (old: RowContent, row: RowContent, scopes: Scopes): Omit<RowChange, 'key'> => {
  const [was, is] = [scopes.namedOrBlocked(old.defaultScope), scopes.namedOrBlocked(row.defaultScope)];
  const widened = was !== is && !scopes.within(is, was);
  const sameGroup = old.group === row.group;
  const references = (of: RowContent) => Object.entries(of.backendCredentials).sort(byName);
  const lacking = (one: RowContent, other: RowContent) =>
    references(one).filter(([scope, reference]) => other.backendCredentials[scope] !== reference);
  const [gone, come] = [lacking(old, row), lacking(row, old)];
  // Where the reference of one scope is gone, that of another takes its place
  const opensOther = come.length > 0 || (gone.length > 0 && references(row).length > 0);
  const said = (of: RowContent, differing: readonly (readonly [string, string])[]): string =>
    [
      ...(was === is ? [] : [of.defaultScope]),
      ...(sameGroup ? [] : [`group ${of.group || 'none'}`]),
      ...(old.owner === row.owner ? [] : [`owner ${of.owner || 'nobody'}`]),
      ...(gone.length + come.length === 0 ? [] : [words(differing)]),
    ].join('; ');
  return {
    kind: widened || !sameGroup || opensOther ? 'widened' : was !== is ? 'narrowed' : 'changed',
    from: said(old, gone),
    to: said(row, come),
  };
};

const words = (references: readonly (readonly [string, string])[]): string =>
  references.map(([scope, reference]) => `reference ${scope}: ${reference}`).join(', ') || 'no reference';
