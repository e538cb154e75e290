import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { TopicCodec } from '../../schemas/codec.ts';
import { controlPartition, controlRecord, type Setting } from '../../schemas/control.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { Control } from '../../schemas/generated/Control.ts';
import type { Label } from '../../schemas/generated/Label.ts';
import { topics } from '../../schemas/topics.ts';
import type { AppContext } from '../context.ts';
import type { Producer } from '../kafka/types.ts';
import { addBehaviourRoutes } from './behaviour.ts';
import type { Model } from './model.ts';
import { parse } from './parse.ts';
import type { ConsolePorts } from './ports.ts';

const labelBody = z
  .strictObject({
    subject: z.string().min(1).max(512),
    decisionId: z.string().min(1).max(1_024).nullable().default(null),
    verdict: z.enum(['legitimateAnomaly', 'falsePositive', 'maliciousActivity']),
    windowStart: z.int().nonnegative().nullable().default(null),
    windowEnd: z.int().nonnegative().nullable().default(null),
    note: z.string().max(2_000).default(''),
  })
  .refine(({ windowStart, windowEnd }) => windowStart === null || (windowEnd !== null && windowStart < windowEnd), {
    path: ['windowEnd'],
    message: 'must come after windowStart',
  });
const reason = z.string().max(500).default('');
const killSwitchBody = z.strictObject({ on: z.boolean(), reason });
const modeBody = z.strictObject({ mode: z.enum(['shadow', 'enforce']), reason });
const credentialBody = z.strictObject({ credentialId: z.string().min(1).max(512) });

/** What the routes work on. */
export interface RouteContext {
  readonly app: AppContext;
  readonly model: Model;
  readonly ports: ConsolePorts;
  readonly producer: Producer;
  readonly historyMs: number;
  readonly now: () => number;
  /** Who asks, known to be let in. */
  userOf(request: FastifyRequest): string;
}

/** The console's API: what is read, and the few things that can be done. */
export const addRoutes = async (server: FastifyInstance, context: RouteContext): Promise<void> => {
  const { model, ports, producer, now, userOf } = context;
  const labels = await TopicCodec.open<Label>(topics.labels, context.app.registry);
  const controls = await TopicCodec.open<Control>(topics.control, context.app.registry);
  const set = async (setting: Setting): Promise<Control> => {
    const record = controlRecord(setting, now());
    const value = controls.encode(record);
    await producer.send([{ topic: topics.control.name, partition: controlPartition, key: record.key, value }]);
    context.app.log.info({ key: record.key, value: record.value, by: record.by }, 'Control set');
    return record;
  };

  server.get('/api/state', async () => model.snapshot());
  server.get('/api/events', (_request, reply) => {
    reply.hijack();
    try {
      model.hub.join(reply.raw);
    } catch (error) {
      reply.raw.writeHead(503, { 'content-type': 'text/plain' }).end((error as Error).message);
    }
  });
  server.get('/api/credentials/:id/history', async (request) => {
    const { id } = z.object({ id: z.string().min(1).max(512) }).parse(request.params);
    if (!ports.history) throw new EbbtideError('NOT_FOUND', 'There is no archive to read the history from', { id });
    const to = now();
    return ports.history(id, to - context.historyMs * 12, to);
  });
  server.post('/api/labels', async (request, reply) => {
    const label: Label = { ...parse(labelBody, request.body), by: userOf(request), at: now() };
    await producer.send([{ topic: topics.labels.name, key: label.subject, value: labels.encode(label) }]);
    return reply.code(201).send(label);
  });
  server.post('/api/control/kill-switch', async (request) => {
    const body = parse(killSwitchBody, request.body);
    return set({ kind: 'killSwitch', value: body.on, by: userOf(request), reason: body.reason });
  });
  server.post('/api/control/mode', async (request) => {
    const body = parse(modeBody, request.body);
    return set({ kind: 'mode', value: body.mode, by: userOf(request), reason: body.reason });
  });
  addBehaviourRoutes(server, ports.behaviour, userOf);
  for (const action of ['misbehave', 'behave'] as const)
    server.post(`/api/demo/${action}`, async (request) => {
      if (!ports.demo)
        throw new EbbtideError('NOT_FOUND', 'This is no demonstration: start one with ebbtide up --demo');
      const { credentialId } = parse(credentialBody, request.body);
      await ports.demo[action](credentialId);
      return { credentialId, action };
    });
};
