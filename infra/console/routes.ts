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
import type { Model } from './model.ts';
import { parse } from './parse.ts';
import { personOf } from './people/guard.ts';
import type { ConsolePorts } from './ports.ts';
import { addInvestigationRoutes } from './routes/investigations.ts';
import { addQueueRoutes } from './routes/queue.ts';
import { addSubjectRoutes } from './routes/subjects.ts';
import { longestId } from './view/paths.ts';

const labelBody = z
  .strictObject({
    subject: z.string().min(1).max(longestId),
    decisionId: z
      .string()
      .min(1)
      .max(2 * longestId)
      .nullable()
      .default(null),
    verdict: z.enum(['legitimateAnomaly', 'falsePositive', 'maliciousActivity', 'withdrawn']),
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

const viewer = { config: { role: 'viewer' } } as const;
const analyst = { config: { role: 'analyst' } } as const;
const operator = { config: { role: 'operator' } } as const;
/** How soon a page is cut off whose session has ended. */
const stillInMs = 5_000;

/** What the routes work on. */
export interface RouteContext {
  readonly app: AppContext;
  readonly model: Model;
  readonly ports: ConsolePorts;
  readonly producer: Producer;
  readonly historyMs: number;
  readonly now: () => number;
  /** Whether whoever asked has not been turned out since. */
  stillIn(request: FastifyRequest): Promise<boolean>;
}

/** The console's API: what is read, and the few things that can be done. */
export const addRoutes = async (server: FastifyInstance, context: RouteContext): Promise<void> => {
  const { model, ports, producer, now, stillIn } = context;
  const labels = await TopicCodec.open<Label>(topics.labels, context.app.registry);
  const controls = await TopicCodec.open<Control>(topics.control, context.app.registry);
  const set = async (setting: Setting): Promise<Control> => {
    const record = controlRecord(setting, now());
    const value = controls.encode(record);
    await producer.send([{ topic: topics.control.name, partition: controlPartition, key: record.key, value }]);
    context.app.log.info({ key: record.key, value: record.value, by: record.by }, 'Control set');
    return record;
  };

  server.get('/api/state', viewer, async () => model.snapshot());
  server.get('/api/events', viewer, (request, reply) => {
    reply.hijack();
    try {
      model.hub.join(reply.raw);
      const check = setInterval(async () => {
        if (!(await stillIn(request))) reply.raw.end();
      }, stillInMs).unref();
      reply.raw.on('close', () => clearInterval(check));
    } catch (error) {
      reply.raw.writeHead(503, { 'content-type': 'text/plain' }).end((error as Error).message);
    }
  });
  server.get('/api/credentials/:id/history', viewer, async (request) => {
    const { id } = z.object({ id: z.string().min(1).max(512) }).parse(request.params);
    if (!ports.archive) throw new EbbtideError('NOT_FOUND', 'There is no archive to read the history from', { id });
    const to = now();
    return ports.archive.history(id, to - context.historyMs * 12, to);
  });
  server.post('/api/labels', analyst, async (request, reply) => {
    const label: Label = { ...parse(labelBody, request.body), by: personOf(request).name, at: now() };
    await producer.send([{ topic: topics.labels.name, key: label.subject, value: labels.encode(label) }]);
    return reply.code(201).send(label);
  });
  server.post('/api/control/kill-switch', operator, async (request) => {
    const body = parse(killSwitchBody, request.body);
    return set({ kind: 'killSwitch', value: body.on, by: personOf(request).name, reason: body.reason });
  });
  server.post('/api/control/mode', operator, async (request) => {
    const body = parse(modeBody, request.body);
    return set({ kind: 'mode', value: body.mode, by: personOf(request).name, reason: body.reason });
  });
  for (const action of ['misbehave', 'behave'] as const)
    server.post(`/api/demo/${action}`, analyst, async (request) => {
      if (!ports.demo)
        throw new EbbtideError('NOT_FOUND', 'This is no demonstration: start one with ebbtide up --demo');
      const { credentialId } = parse(credentialBody, request.body);
      await ports.demo[action](credentialId);
      return { credentialId, action };
    });
  addQueueRoutes(server, context);
  addSubjectRoutes(server, context);
  addInvestigationRoutes(server, context);
};
