import type { FastifyInstance } from 'fastify';
import { ReplaySubject } from 'rxjs';
import { z } from 'zod';
import { type PolicyPipeline, policyParsers } from '../../../schemas/control.ts';
import { EbbtideError, isEbbtideError } from '../../../schemas/errors.ts';
import { Problem } from '../../http/problem.ts';
import type { Trial } from '../../replay/trial.ts';
import { personOf } from '../people/guard.ts';
import { policyPipelines } from '../policies/book.ts';
import { policyFields } from '../policies/fields.ts';
import { needs, parse, type RouteContext } from './context.ts';

const policyBytes = 262_144;
const dayMs = 86_400_000;
/** Previews at once: each has a thread, and counts until that has ended. */
const mostAtOnce = 2;
const progressMs = 200;

/** Policies of the past that are asked of the archive. */
const mostPast = 1_000;

/** Body of `POST /api/policies/preview`. */
export const previewBody = z.strictObject({
  pipeline: z.enum(policyPipelines).default('lifecycle'),
  policy: z.record(z.string(), z.unknown()),
  days: z.number().positive().max(90),
});

/** Policies in force, what could be changed in them, and what a change would have done. */
export const addPolicyRoutes = (server: FastifyInstance, { policies, ports, model, app, now }: RouteContext): void => {
  /** By person: what ends the trial on its way, and when it has ended. */
  const running = new Map<string, { readonly stopping: ReplaySubject<void>; readonly ended: Promise<void> }>();
  server.get('/api/policies', needs('viewer'), async () => {
    // The topic is compacted: what was before the last policy of each pipeline is known to the archive
    if (!policies.isComplete) {
      const past = await model.desk.archive.attempt((archive) => archive.policies(mostPast));
      if (past) policies.remember(past);
    }
    return { pipelines: policyPipelines.map(pipelineView) };
  });
  const pipelineView = (pipeline: PolicyPipeline) => ({
    ...policies.view(pipeline, now()),
    fields: policyFields[pipeline],
    canPreview: ports.trials?.[pipeline] !== undefined,
  });

  server.post('/api/policies/preview', { ...needs('analyst'), bodyLimit: policyBytes }, async (request, reply) => {
    const wish = parse(previewBody, request.body);
    const { pipeline } = wish;
    const attempt = ports.trials?.[pipeline] as Trial<object> | undefined;
    if (!attempt)
      throw new EbbtideError('SERVICE_MISSING', 'There is no archive to try a policy on; set clickhouse.url');
    const policy = policyParsers[pipeline](wish.policy);
    const { id } = personOf(request);
    const { raw } = reply;
    for (let earlier = running.get(id); earlier; earlier = running.get(id)) {
      earlier.stopping.next();
      await earlier.ended;
    }
    if (raw.destroyed) return reply.hijack();
    if (running.size >= mostAtOnce)
      throw new Problem(503, 'busy', 'Others are trying policies; try again when they are done');
    // Trials listen late, once they have read what there is
    const stopping = new ReplaySubject<void>(1);
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    reply.hijack();
    raw.writeHead(200, {
      'content-type': 'application/x-ndjson; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    const tell = (line: object): void => void raw.write(`${JSON.stringify(line)}\n`);
    raw.on('error', () => {});
    raw.on('close', () => stopping.next());
    tell({ progress: 0 });
    let toldAt = 0;
    running.set(id, { stopping, ended });
    try {
      const to = now();
      const preview = await attempt({
        policy,
        inForce: policies.policy(pipeline, to),
        from: to - wish.days * dayMs,
        to,
        stopping,
        progressed(done, all) {
          if (now() - toldAt < progressMs) return;
          toldAt = now();
          tell({ progress: all > 0 ? done / all : 0 });
        },
      });
      tell({ preview });
    } catch (error) {
      if (!isEbbtideError(error)) app.log.error({ err: error }, 'Policy could not be tried');
      tell({ error: isEbbtideError(error) ? error.message : 'The policy could not be tried; see the log' });
    } finally {
      running.delete(id);
      end();
      raw.end();
    }
    return reply;
  });
};
