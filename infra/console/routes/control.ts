import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { TopicCodec } from '../../../schemas/codec.ts';
import {
  controlPartition,
  controlRecord,
  modeNow,
  type PolicyPipeline,
  policyParsers,
  type Setting,
} from '../../../schemas/control.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { Control } from '../../../schemas/generated/Control.ts';
import { topics } from '../../../schemas/topics.ts';
import { deedOf, everything } from '../../audit.ts';
import { personOf } from '../people/guard.ts';
import { actorOf, neededReason, needs, parse, type RouteContext, reason, subject } from './context.ts';

const longestExemptionMs = 30 * 86_400_000;
const policyBytes = 262_144;

/** Body of `POST /api/control/kill-switch`. */
export const killSwitchBody = z.strictObject({ on: z.boolean(), reason });
/** Body of `POST /api/control/mode`. */
export const modeBody = z.strictObject({ mode: z.enum(['shadow', 'enforce']), reason });
/** Body of `POST /api/credentials/exempt`. */
export const exemptBody = z.union([
  z.strictObject({ credentialId: subject, forMs: z.int().min(60_000).max(longestExemptionMs), reason: neededReason }),
  z.strictObject({ credentialId: subject, end: z.literal(true), reason }),
]);
/** Body of `POST /api/control/policy`. */
export const policyBody = z.strictObject({
  pipeline: z.enum(Object.keys(policyParsers) as [PolicyPipeline]),
  policy: z.record(z.string(), z.unknown()),
  reason: neededReason,
});

/** Puts a setting in force, on record. */
export type PutSetting = (request: FastifyRequest, setting: Omit<Setting, 'by'>) => Promise<Control>;

/** Writes settings to topic `control`, as the command line does. */
export const openSettings = async ({ app, producer, audit, now }: RouteContext): Promise<PutSetting> => {
  const codec = await TopicCodec.open<Control>(topics.control, app.registry);
  return async (request, setting) => {
    const record = controlRecord({ ...setting, by: personOf(request).name }, now());
    const message = { topic: topics.control.name, partition: controlPartition, key: record.key };
    await audit.around(actorOf(request), deedOf(setting), () =>
      producer.send([{ ...message, value: codec.encode(record) }]),
    );
    app.log.info({ key: record.key, value: record.value, by: record.by }, 'Control set');
    return record;
  };
};

/** Mode, kill switch, exemptions and policies. */
export const addControlRoutes = (server: FastifyInstance, context: RouteContext, put: PutSetting): void => {
  const { config, approvals, audit, settings, now } = context;
  server.post('/api/control/kill-switch', needs('operator'), async (request) => {
    const { on, reason: why } = parse(killSwitchBody, request.body);
    return put(request, { kind: 'killSwitch', value: on, reason: why });
  });
  server.post('/api/control/mode', needs('operator'), async (request, reply: FastifyReply) => {
    const { mode, reason: why } = parse(modeBody, request.body);
    if (mode === 'shadow' || !config.approvals.leaveShadow)
      return put(request, { kind: 'mode', value: mode, reason: why });
    const wish = { kind: 'leaveShadow', subject: everything, request: { mode }, reason: why } as const;
    const deed = { action: 'mode', subject: everything, reason: why, details: { mode, approval: true } };
    const approval = await audit.around(actorOf(request), deed, async (told) => {
      const asked = await approvals.ask(personOf(request), wish);
      await told(`Waits for another person's approval as ${asked.approvalId}`);
      return asked;
    });
    return reply.code(202).send({ approval });
  });
  server.post('/api/credentials/exempt', needs('operator'), async (request) => {
    const body = parse(exemptBody, request.body);
    const setting = { kind: 'exemption', subject: body.credentialId, reason: body.reason } as const;
    return 'end' in body
      ? put(request, { ...setting, value: false })
      : put(request, { ...setting, value: true, expiresAt: now() + body.forMs });
  });
  server.post('/api/control/policy', { ...needs('administrator'), bodyLimit: policyBytes }, async (request) => {
    const { pipeline, policy, reason: why } = parse(policyBody, request.body);
    const value = policyParsers[pipeline](policy);
    // A policy brings a mode along, which must not be the way around the second person
    const setting = { kind: 'policy', pipeline, value, reason: why } as const;
    if (config.approvals.leaveShadow && value.mode === 'enforce' && modeNow(settings, pipeline, now()) !== 'enforce') {
      const refusal = `This policy would take ${pipeline} out of shadow mode, which needs two people: give it "mode": "shadow", then ask for leaving shadow mode`;
      await audit.note(actorOf(request), deedOf(setting), 'refused', refusal);
      throw new EbbtideError('FORBIDDEN', refusal, { pipeline });
    }
    return put(request, setting);
  });
};
