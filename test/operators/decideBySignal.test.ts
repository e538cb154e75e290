import assert from 'node:assert/strict';
import { test } from 'node:test';
import { credentialsOfSubject, decideBySignal, type SubjectMapping } from '../../operators/decideBySignal.ts';
import { eventTypes, type SecurityEventClaims, type SubjectId } from '../../schemas/securityEvents.ts';
import { credentialOf } from '../infra/services/signals/rig.ts';

const credentials = [
  credentialOf('cred-1', { entityId: 'Jane@Example.com' }),
  credentialOf('cred-2', { entityId: 'entity-7' }),
  credentialOf('constructor'),
];
const found = (subject: SubjectId, mapping: Partial<SubjectMapping> = {}) =>
  credentialsOfSubject(subject, credentials, {
    ...{ match: ['credentialId', 'entityId'], subjectIssuers: ['https://idp.example.com'], aliases: {} },
    ...mapping,
  }).map(({ credentialId }) => credentialId);

test('credentialsOfSubject must take names of the language for identifiers like any other', () => {
  for (const id of ['constructor', '__proto__', 'toString', 'hasOwnProperty'])
    assert.deepEqual(found({ format: 'opaque', id }), id === 'constructor' ? ['constructor'] : []);
});

test('credentialsOfSubject must find nobody for members that are no text', () => {
  const odd = { toString: 1, valueOf: 1 };
  for (const subject of [
    { format: 'opaque', id: odd },
    { format: 'email', email: odd },
    { format: 'iss_sub', iss: odd, sub: 'cred-1' },
    { format: 'iss_sub', iss: 'https://idp.example.com', sub: odd },
    { format: 'complex', user: null },
    { format: 'complex', user: 'cred-1' },
  ])
    assert.deepEqual(found(subject), []);
});

test('credentialsOfSubject must compare e-mail addresses whatever their case, and all else to the letter', () => {
  const aliases = { 'John@Example.com': ['entity-7'], Opaque: ['entity-7'] };
  assert.deepEqual(found({ format: 'email', email: 'JANE@example.com' }), ['cred-1']);
  assert.deepEqual(found({ format: 'email', email: 'john@EXAMPLE.com' }, { aliases }), ['cred-2']);
  assert.deepEqual(found({ format: 'opaque', id: 'jane@example.com' }), []);
  assert.deepEqual(found({ format: 'opaque', id: 'Opaque' }, { aliases }), ['cred-2']);
  assert.deepEqual(found({ format: 'opaque', id: 'opaque' }, { aliases }), []);
});

test('decideBySignal must hold the time of an event within what can be', () => {
  const iat = 1_700_000_000;
  const at = (event_timestamp: unknown) => {
    const claims: SecurityEventClaims = {
      ...{ iss: 'https://idp.example.com', jti: 'one', iat, aud: 'a', sub_id: { format: 'opaque', id: 'cred-1' } },
      events: { [eventTypes.sessionRevoked]: { event_timestamp } },
    };
    const ground = { mode: 'shadow', withheld: '', policyVersion: 'p', signalId: 's', now: iat * 1000 } as const;
    return decideBySignal(credentials[0]!, claims, ground).windowEnd;
  };
  assert.equal(at(iat - 60), (iat - 60) * 1000);
  assert.equal(at(1e300), iat * 1000);
  assert.equal(at(Number.POSITIVE_INFINITY), iat * 1000);
  assert.equal(at(-1e300), 0);
  assert.equal(at('yesterday'), iat * 1000);
});
