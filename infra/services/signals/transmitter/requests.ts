import { z } from 'zod';
import { deliveryMethods } from '../../../../schemas/securityEvents.ts';
import { Problem } from '../../../http/problem.ts';

const url = z.url().max(2_000);
const text = z.string().max(1_000);

const delivery = z.discriminatedUnion('method', [
  z.object({
    method: z.literal(deliveryMethods.push),
    endpoint_url: url,
    authorization_header: text.regex(/^[\x20-\x7e]+$/).optional(),
  }),
  z.object({ method: z.literal(deliveryMethods.poll), endpoint_url: z.string().optional() }),
]);

const receiverSupplied = {
  delivery: delivery.optional(),
  events_requested: z.array(z.string().max(500)).max(100).optional(),
  description: text.optional(),
};

/** Properties that the transmitter supplies: they may come back, and must then be what they are. */
const transmitterSupplied = {
  iss: z.unknown().optional(),
  aud: z.unknown().optional(),
  events_supported: z.unknown().optional(),
  events_delivered: z.unknown().optional(),
};

export const createStream = z.object(receiverSupplied);
export const changeStream = z.object({ stream_id: text, ...receiverSupplied, ...transmitterSupplied });
export const changeStatus = z.object({
  stream_id: text,
  status: z.enum(['enabled', 'paused', 'disabled']),
  reason: text.optional(),
});
export const changeSubject = z.object({
  stream_id: text,
  subject: z.looseObject({ format: z.string().min(1).max(100) }),
  verified: z.boolean().optional(),
});
export const verifyStream = z.object({ stream_id: text, state: text.optional() });
export const pollRequest = z.object({
  maxEvents: z.int().min(0).max(1_000_000).optional(),
  returnImmediately: z.boolean().default(false),
  ack: z.array(text).max(100_000).default([]),
  setErrs: z.record(z.string(), z.object({ err: text, description: text.optional() })).default({}),
});

/** @throws {Problem} 400, saying which member is wrong */
export const parsed = <T>(schema: z.ZodType<T>, body: unknown): T => {
  const result = schema.safeParse(body ?? {});
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Problem(400, 'request-invalid', `${issue?.path.join('.') || 'body'}: ${issue?.message}`);
};
