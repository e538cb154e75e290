import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actuatorConfig } from '../../../../infra/vault/config.ts';
import { createMemory, recall } from '../../../../infra/vault/memory.ts';
import { isRenewal, renewalEffect } from '../../../../operators/actuate/renewal.ts';
import { openBao } from '../../../services/openbao.ts';
import { kafkaRig, prepareVault, until } from '../../vault/rig.ts';
import { startService } from './rig.ts';

test('a renewal must be written among the effects, with the life that Vault then said', async (t) => {
  const vault = await prepareVault(t, await openBao(t));
  const kafka = await kafkaRig(t);
  const service = await startService(t, vault, kafka);
  const { body } = await service.issue();
  const renewed = await service.call('POST', `/v1/credentials/${body.credentialId}/renew`, {});
  assert.equal(renewed.status, 200);
  const effect = await until('the renewal', () => kafka.effects.find(isRenewal));
  assert.deepEqual(
    [effect.subject, effect.action, effect.outcome, effect.requestedTtlMs, effect.expiresAt],
    [body.credentialId, 'extend', 'enforced', 60_000, (renewed.body as unknown as { expiresAt: number }).expiresAt],
  );
  assert.equal(JSON.stringify(effect).includes(body.token), false);
});

test('recall must take nothing from a renewal: no decision is older or done for it', () => {
  const memory = createMemory(actuatorConfig.parse({}));
  const life = { remainingMs: 60_000, expiresAt: 61_000, detail: '' };
  assert.equal(recall(memory, renewalEffect({ credentialId: 'cred-1' }, 60_000, life, 2, 1_000), 1_000), false);
  assert.equal(memory.applied.get('cred-1'), undefined);
});
