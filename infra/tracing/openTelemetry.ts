import { type Context, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node';
import type { MessageHeaders } from '../kafka/types.ts';
import { version } from '../version.ts';
import type { Span, SpanFacts, Tracing } from './types.ts';

const propagator = new W3CTraceContextPropagator();
const field = 'traceparent';
/** How long spans are gathered, and how many wait at most; further ones are dropped, as work must not wait for them. */
const gatherMs = 1_000;
const queueSpans = 8_192;

const setter = {
  set(carrier: Record<string, string>, key: string, value: string) {
    carrier[key] = value;
  },
};
const getter = {
  keys: () => [field],
  get: (headers: MessageHeaders, key: string) => headers.find((one) => key in one)?.[key]?.toString(),
};

/**
 * Spans by OTLP over HTTP, in protocol W3C Trace Context.
 *
 * Source: https://www.w3.org/TR/trace-context/ and https://opentelemetry.io/docs/specs/otlp/
 */
export const openTelemetryTracing = (
  { endpoint, sampleRatio }: { readonly endpoint: string; readonly sampleRatio: number },
  process: string,
): Tracing => {
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` });
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'ebbtide',
      'service.version': version(),
      'service.instance.id': `${process}/${globalThis.process.pid}`,
      'ebbtide.process': process,
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    spanProcessors: [new BatchSpanProcessor(exporter, { scheduledDelayMillis: gatherMs, maxQueueSize: queueSpans })],
  });
  const tracer = provider.getTracer('ebbtide', version());

  const start = (parent: Context, name: string, facts: SpanFacts = {}, startMs?: number): Span => {
    const span = tracer.startSpan(
      name,
      { attributes: facts, ...(startMs === undefined ? {} : { startTime: startMs }) },
      parent,
    );
    const here = trace.setSpan(parent, span);
    const carrier: Record<string, string> = {};
    propagator.inject(here, carrier, setter);
    return {
      traceId: span.spanContext().traceId,
      headers: [{ [field]: carrier[field]! }],
      child: (...work) => start(here, ...work),
      end(more) {
        if (more) span.setAttributes(more);
        span.end();
      },
      fail(error) {
        const { message, code } = error as { message?: string; code?: string };
        span.setStatus({ code: SpanStatusCode.ERROR, message: code ?? message ?? 'unknown' });
        span.end();
      },
    };
  };
  return {
    root(name, facts) {
      const span = start(ROOT_CONTEXT, name, facts);
      return sampled(span.headers) ? span : undefined;
    },
    causeOf(headers) {
      if (headers === undefined || !sampled(headers)) return undefined;
      const parent = propagator.extract(ROOT_CONTEXT, headers, getter);
      return trace.getSpanContext(parent) ? { child: (...work) => start(parent, ...work) } : undefined;
    },
    close: () => provider.shutdown(),
  };
};

/** By the last bit of the flags, so that what is not sampled costs no more than this. */
const sampled = (headers: MessageHeaders): boolean =>
  (Number.parseInt(getter.get(headers, field)?.slice(-2) ?? '0', 16) & 1) === 1;
