import type { Credential, Decision } from '../schemas/generated/index.ts';
import { eventTypes, type SecurityEventClaims, type SubjectId } from '../schemas/securityEvents.ts';

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
  const members =
    subject.format === 'complex'
      ? Object.entries(subject).filter(([name]) => name !== 'format')
      : [['user', subject] as const];
  const identifiers = members.map(([name, member]) =>
    understood.has(name) ? identifierOf(member as SubjectId, mapping) : undefined,
  );
  if (identifiers.length === 0 || identifiers.includes(undefined)) return [];
  const wanted = identifiers.map((id) => new Set([id!, ...(mapping.aliases[id!] ?? [])]));
  return [...credentials].filter(
    (credential) =>
      credential.status === 'active' &&
      wanted.every((ids) => mapping.match.some((field) => ids.has(credential[field] ?? ''))),
  );
};

/** Undefined where the format is not understood, or the identifier is another party's. */
const identifierOf = (subject: SubjectId | null, { subjectIssuers }: SubjectMapping): string | undefined => {
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
  switch (subject?.format) {
    case 'email':
      return text(subject.email)?.toLowerCase();
    case 'opaque':
      return text(subject.id);
    case 'iss_sub':
      return subjectIssuers.includes(String(subject.iss)) ? text(subject.sub) : undefined;
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
  credential: Credential,
  claims: SecurityEventClaims,
  { mode, withheld, policyVersion, signalId, now }: SignalGround,
): Decision => {
  const [type = '', event = {}] = Object.entries(claims.events)[0] ?? [];
  const happened = typeof event.event_timestamp === 'number' ? event.event_timestamp : claims.iat;
  const said = (event.reason_admin as { en?: unknown } | undefined)?.en;
  return {
    decisionId: `signals/${credential.credentialId}/${signalId}`,
    subject: credential.credentialId,
    pipeline: 'signals',
    action: 'revoke',
    mode,
    withheld,
    oldTtlMs: Math.max(0, credential.expiresAt - now),
    newTtlMs: 0,
    oldScope: '',
    newScope: '',
    reason: `${claims.iss} reported ${type.split('/').at(-1)}${typeof said === 'string' ? `: ${said.slice(0, 500)}` : ''}`,
    score: 0,
    risk: 0,
    severity: 0,
    frequency: 0,
    features: [],
    strikes: 0,
    policyVersion,
    modelVersion: '',
    windowEnd: Math.round(happened * 1000),
    decidedAt: now,
    deadline: null,
  };
};
