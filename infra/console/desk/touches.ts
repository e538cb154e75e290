import type {
  AccessTelemetry,
  Alert,
  AuditEvent,
  Control,
  Credential,
  Decision,
  Score,
} from '../../../schemas/generated/index.ts';
import { topics } from '../../../schemas/topics.ts';
import type { Versioned } from '../view/desk.ts';

/** What a record may change of what pages read whole. */
export interface Touch {
  readonly what: Versioned;
  /** Whether such records come without end, so that a page need not follow each of them at once. */
  readonly flows?: boolean;
}

const ofDecisions: Readonly<Record<string, readonly Touch[]>> = {
  scope: [{ what: 'scope' }],
  preprovision: [{ what: 'provisioning' }, { what: 'access' }],
  keylife: [{ what: 'keys' }, { what: 'behaviour' }],
};
const subjects: Touch = { what: 'subjects', flows: true };
const health: Touch = { what: 'modelHealth', flows: true };
const ofScores: Readonly<Record<string, readonly Touch[]>> = {
  scope: [subjects, health, { what: 'scope', flows: true }],
  keylife: [subjects, health, { what: 'keys', flows: true }, { what: 'behaviour' }],
};
const otherScores: readonly Touch[] = [subjects, health];
const none: readonly Touch[] = [];

/** Keys of the key host, of whatever kind: it names them so. */
const isKey = ({ kind, credentialId }: Credential): boolean => kind === 'key' || credentialId.startsWith('key-');

const rules: Readonly<Record<string, (record: never) => readonly Touch[]>> = {
  [topics.decisions.name]: ({ pipeline }: Decision) => [subjects, ...(ofDecisions[pipeline] ?? [])],
  [topics.scores.name]: ({ pipeline }: Score) => ofScores[pipeline] ?? otherScores,
  [topics.effects.name]: () => [subjects],
  [topics.alerts.name]: ({ kind }: Alert) =>
    kind === 'drift' || kind === 'strayed' ? [{ what: 'modelHealth' }] : none,
  [topics.credentials.name]: (credential: Credential) =>
    isKey(credential) ? [subjects, { what: 'keys' }, { what: 'behaviour' }] : [subjects],
  [topics.control.name]: ({ kind }: Control) =>
    kind === 'policy' || kind === 'mode'
      ? [{ what: 'policies' }]
      : kind === 'model'
        ? [{ what: 'models' }, { what: 'modelHealth' }]
        : none,
  [topics.actions.name]: ({ action }: AuditEvent) => (action === 'model' ? [{ what: 'models' }] : none),
  [topics.scopeOverrides.name]: () => [{ what: 'scope' }],
  [topics.provisions.name]: () => [{ what: 'provisioning' }, { what: 'access' }],
  // A clock record says the time, and nothing that happened
  [topics.telemetryAccess.name]: ({ clock }: AccessTelemetry) => (clock ? none : [{ what: 'access', flows: true }]),
  [topics.tokens.name]: () => [{ what: 'tokens' }],
};

/**
 * What a record may change of what pages read whole.
 *
 * @param record - undefined for a tombstone
 * @returns nothing for topics on which none of it depends
 */
export const touchesOf = (topic: string, record: unknown): readonly Touch[] => {
  const rule = rules[topic];
  if (!rule) return none;
  return record === undefined ? (onTombstone[topic] ?? none) : rule(record as never);
};

const onTombstone: Readonly<Record<string, readonly Touch[]>> = {
  [topics.credentials.name]: [subjects, { what: 'keys' }],
  [topics.scopeOverrides.name]: [{ what: 'scope' }],
  [topics.provisions.name]: [{ what: 'provisioning' }, { what: 'access' }],
  [topics.tokens.name]: [{ what: 'tokens' }],
  [topics.control.name]: [{ what: 'policies' }, { what: 'models' }],
};
