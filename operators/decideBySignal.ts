import type { Credential, Decision } from '../schemas/generated/index.ts';
import { eventTypes, type SecurityEventClaims, type SubjectId } from '../schemas/securityEvents.ts';
import { emptyDecision } from './emptyDecision.ts';

/** How subjects of another party are credentials of ours. */
export interface SubjectMapping {
  /** Fields of the register that an identifier is compared with. */
  readonly match: readonly ('credentialId' | 'entityId' | 'function' | 'instance')[];
  /** Issuers whose `sub` is understood in subjects of format `iss_sub`. */
  readonly subjectIssuers: readonly string[];
  /** Our identifiers by theirs, beside the identifier itself. */
  readonly aliases: Readonly<Record<string, readonly string[]>>;
}

/** Members of a complex subject that name whom or what it is about. */
const understood: ReadonlySet<string> = new Set(['user', 'session', 'application']);

/**
 * The credentials that a subject identifier means: of a complex subject those which all of its members mean. One with
 * a member that cannot be mapped means none: to revoke too much is worse than to leave it to a person.
 *
 * Source: RFC 9493; SSF 1.0, section 3
 */
export const credentialsOfSubject = (
  subject: SubjectId,
  credentials: Iterable<Credential>,
  mapping: SubjectMapping,
): readonly Credential[] => {
  const wanted = meaningsOf(subject, mapping);
  if (wanted.length === 0) return [];
  return [...credentials].filter(
    (credential) =>
      credential.status === 'active' &&
      wanted.every((means) => mapping.match.some((field) => means(credential[field] ?? ''))),
  );
};

/** The frontend credentials of the translation table that a subject identifier means, as {@link credentialsOfSubject}. */
export const frontendsOfSubject = (
  subject: SubjectId,
  frontendCredentials: Iterable<string>,
  mapping: SubjectMapping,
): readonly string[] => {
  const wanted = meaningsOf(subject, mapping);
  if (wanted.length === 0) return [];
  const found: string[] = [];
  for (const one of frontendCredentials) if (wanted.every((means) => means(one))) found.push(one);
  return found;
};

/** What each member of a subject means; none where one of them cannot be mapped. */
const meaningsOf = (subject: SubjectId, mapping: SubjectMapping): readonly ((value: string) => boolean)[] => {
  const members =
    subject.format === 'complex'
      ? Object.entries(subject).filter(([name]) => name !== 'format')
      : [['user', subject] as const];
  const identifiers = members.map(([name, member]) =>
    understood.has(name) ? identifierOf(member as SubjectId, mapping) : undefined,
  );
  if (identifiers.includes(undefined)) return [];
  return identifiers.map((identifier) => meaningOf(identifier!, mapping));
};

interface Identifier {
  readonly text: string;
  /** Written alike whatever its case. */
  readonly anyCase: boolean;
}

/** Whether the value of a field is what an identifier or one of its aliases says. */
const meaningOf = ({ text, anyCase }: Identifier, { aliases }: SubjectMapping): ((value: string) => boolean) => {
  const fold = (value: string) => (anyCase ? value.toLowerCase() : value);
  const said = fold(text);
  const own = Object.entries(aliases).filter(([name]) => fold(name) === said);
  // Aliases are names of the register, exactly as they stand there
  const exact = new Set(own.flatMap(([, names]) => names));
  return (value) => value !== '' && (fold(value) === said || exact.has(value));
};

/** Undefined where the format is not understood, or the identifier is another party's. */
const identifierOf = (subject: SubjectId | null, { subjectIssuers }: SubjectMapping): Identifier | undefined => {
  const identifier = (text: unknown, anyCase = false): Identifier | undefined =>
    typeof text === 'string' && text !== '' ? { text, anyCase } : undefined;
  switch (subject?.format) {
    case 'email':
      return identifier(subject.email, true);
    case 'opaque':
      return identifier(subject.id);
    case 'iss_sub':
      return subjectIssuers.some((issuer) => issuer === subject.iss) ? identifier(subject.sub) : undefined;
    default:
      return undefined;
  }
};

/** Whether an event asks for the end of what its subject holds. */
export const asksToRevoke = ({ events }: SecurityEventClaims): boolean => {
  if (events[eventTypes.sessionRevoked]) return true;
  const change = events[eventTypes.credentialChange]?.change_type;
  return change === 'revoke' || change === 'delete';
};

/** What governs a decision. */
export interface SignalGround {
  readonly mode: Decision['mode'];
  /** Why it is not to be applied; empty where nothing speaks against it. */
  readonly withheld: '' | 'exemption' | 'killSwitch';
  readonly policyVersion: string;
  /** Identifier of issuer and token. */
  readonly signalId: string;
  /** When the token came, epoch milliseconds. */
  readonly now: number;
}

/** The decision to revoke a credential because another party says so. Its id is that of the token, and so it is one. */
export const decideBySignal = (
  credential: Pick<Credential, 'credentialId' | 'expiresAt'>,
  claims: SecurityEventClaims,
  { mode, withheld, policyVersion, signalId, now }: SignalGround,
): Decision => {
  const [type = '', event = {}] = Object.entries(claims.events)[0] ?? [];
  // Nothing happens after it is told, whatever the other party writes
  const happened =
    typeof event.event_timestamp === 'number' ? Math.min(Math.max(event.event_timestamp, 0), claims.iat) : claims.iat;
  const said = (event.reason_admin as { en?: unknown } | undefined)?.en;
  return {
    ...emptyDecision,
    decisionId: `signals/${credential.credentialId}/${signalId}`,
    subject: credential.credentialId,
    pipeline: 'signals',
    action: 'revoke',
    mode,
    withheld,
    oldTtlMs: Math.max(0, credential.expiresAt - now),
    reason: `${claims.iss} reported ${type.split('/').at(-1)}${typeof said === 'string' ? `: ${said.slice(0, 500)}` : ''}`,
    policyVersion,
    windowEnd: Math.round(happened * 1000),
    decidedAt: now,
  };
};
