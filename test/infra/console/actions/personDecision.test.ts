import assert from 'node:assert/strict';
import { it } from 'node:test';
import { personDecision } from '../../../../infra/console/actions/personDecision.ts';
import type { Person } from '../../../../infra/console/people/person.ts';
import { actuatorConfig } from '../../../../infra/vault/config.ts';
import { createMemory, recall } from '../../../../infra/vault/memory.ts';
import type { Effect } from '../../../../schemas/generated/index.ts';

const person: Person = { id: 'oidc:1', name: 'otto', role: 'operator', how: 'oidc', owner: 'oidc:1' };
const wish = { subject: 'a/b', action: 'extend', oldTtlMs: 1, newTtlMs: 60_000, reason: '' } as const;

it('decisions of one millisecond are told apart, and an actuator that begins anew knows when they were made', () => {
  const at = 1_700_000_000_000;
  const decisions = ['x', 'y'].map((nonce) => personDecision(person, wish, at, nonce));
  assert.notEqual(decisions[0]!.decisionId, decisions[1]!.decisionId);
  const memory = createMemory(actuatorConfig.parse({}));
  const effect: Omit<Effect, 'decisionId'> = {
    subject: wish.subject,
    pipeline: 'console',
    action: 'extend',
    outcome: 'enforced',
    detail: '',
    skipped: '',
    requestedTtlMs: 60_000,
    remainingMs: 60_000,
    expiresAt: null,
    status: 200,
    attempts: 1,
    latencyMs: 1,
    appliedAt: at,
  };
  for (const { decisionId } of decisions) assert.equal(recall(memory, { ...effect, decisionId }, at), true);
  assert.deepEqual(memory.applied.get(wish.subject), { windowEnd: at, revoked: false });
});
