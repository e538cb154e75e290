import type { FastifyInstance } from 'fastify';
import { Subject } from 'rxjs';
import { z } from 'zod';
import { EbbtideError, isEbbtideError } from '../../../schemas/errors.ts';
import type { Decision } from '../../../schemas/generated/index.ts';
import { parseLifecyclePolicy } from '../../../schemas/policy.ts';
import { Problem } from '../../http/problem.ts';
import type { Preview } from '../../replay/preview.ts';
import { personOf } from '../people/guard.ts';
import { policyPipelines } from '../policies/book.ts';
import { policyFields } from '../policies/fields.ts';
import type { PolicyDeed, PreviewView } from '../view/policy.ts';
import { needs, parse, type RouteContext } from './context.ts';

const policyBytes = 262_144;
const dayMs = 86_400_000;
/** Previews at once; each has a thread. */
const mostAtOnce = 2;
const progressMs = 200;
const mostListed = 60;
const mostCourses = 8;
const mostSteps = 400;

/** Body of `POST /api/policies/preview`. */
export const previewBody = z.strictObject({
  policy: z.record(z.string(), z.unknown()),
  days: z.number().positive().max(90),
});

/** Policies in force, what could be changed in them, and what a change would have done. */
export const addPolicyRoutes = (server: FastifyInstance, { policies, ports, app, now }: RouteContext): void => {
  const running = new Map<string, Subject<void>>();
  server.get('/api/policies', needs('viewer'), async () => ({
    pipelines: policyPipelines.map((pipeline) => ({
      ...policies.view(pipeline, now()),
      fields: policyFields[pipeline],
      canPreview: pipeline === 'lifecycle' && ports.previewPolicy !== undefined,
    })),
  }));

  server.post('/api/policies/preview', { ...needs('analyst'), bodyLimit: policyBytes }, async (request, reply) => {
    const { policy, days } = parse(previewBody, request.body);
    const candidate = parseLifecyclePolicy(policy);
    if (!ports.previewPolicy)
      throw new EbbtideError('SERVICE_MISSING', 'There is no archive to try a policy on; set clickhouse.url');
    const { id } = personOf(request);
    running.get(id)?.next();
    if (!running.has(id) && running.size >= mostAtOnce)
      throw new Problem(503, 'busy', 'Others are trying policies; try again when they are done');
    const stopping = new Subject<void>();
    running.set(id, stopping);
    reply.hijack();
    const { raw } = reply;
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
    try {
      const to = now();
      const preview = await ports.previewPolicy({
        policy: candidate,
        inForce: policies.policy('lifecycle', to),
        from: to - days * dayMs,
        to,
        stopping,
        progressed(done, all) {
          if (now() - toldAt < progressMs) return;
          toldAt = now();
          tell({ progress: all > 0 ? done / all : 0 });
        },
      });
      tell({ preview: shown(preview, to) });
    } catch (error) {
      if (!isEbbtideError(error)) app.log.error({ err: error }, 'Policy could not be tried');
      tell({ error: isEbbtideError(error) ? error.message : 'The policy could not be tried; see the log' });
    } finally {
      if (running.get(id) === stopping) running.delete(id);
      raw.end();
    }
  });
};

const deedOf = (decision: Decision | undefined): PolicyDeed | null =>
  decision
    ? { action: decision.action, newTtlMs: decision.newTtlMs, withheld: decision.withheld, reason: decision.reason }
    : null;

/** As much of the report as a page shows. */
const shown = ({ report, from, warnings }: Preview, to: number): PreviewView => ({
  figures: report.figures,
  from,
  to,
  span: report.span,
  warnings,
  differences: report.differences
    .slice(-mostListed)
    .reverse()
    .map(({ subject, at, here, there }) => ({ subject, at, draft: deedOf(here), inForce: deedOf(there) })),
  courses: report.courses.slice(0, mostCourses).map(({ subject, verdict, here, there }) => ({
    subject,
    verdict: verdict?.kind ?? null,
    draft: here.slice(-mostSteps),
    inForce: (there ?? []).slice(-mostSteps),
  })),
});
