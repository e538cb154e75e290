import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { tracingConfig } from '../../../infra/tracing/config.ts';
import { openTracing } from '../../../infra/tracing/open.ts';
import { recorder } from '../../services/http.ts';

/** A span as it was told. */
export interface ToldSpan {
  readonly process: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: object }[];
}
interface Resources {
  readonly resource: { readonly attributes: readonly { key: string; value: { stringValue?: string } }[] };
  readonly scopeSpans: readonly { readonly spans: readonly ToldSpan[] }[];
}

/** A receiver of OTLP over HTTP. */
export const receiver = async (t: TestContext) => {
  const { url, requests } = await recorder(t);
  const spans = (): ToldSpan[] =>
    requests.flatMap(({ path, body }) => {
      assert.equal(path, '/v1/traces');
      return (JSON.parse(body) as { resourceSpans: Resources[] }).resourceSpans.flatMap(({ resource, scopeSpans }) => {
        const process = resource.attributes.find(({ key }) => key === 'ebbtide.process')?.value.stringValue ?? '';
        return scopeSpans.flatMap((scope) => scope.spans.map((span) => ({ ...span, process })));
      });
    });
  const open = async (process: string, closing: (() => unknown)[], sampleRatio = 1) => {
    const tracing = (await openTracing(tracingConfig.parse({ endpoint: url, sampleRatio }), process))!;
    closing.push(() => tracing.close());
    return tracing;
  };
  return { spans, open, requests };
};

/**
 * Whether one span ended before another began, or before another ended.
 *
 * Each is told as of a clock whose start is cut to the whole millisecond, so two are comparable to one millisecond.
 */
export const endsBefore = (one: ToldSpan, next: ToldSpan, bound: 'begins' | 'ends' = 'begins'): boolean =>
  BigInt(one.endTimeUnixNano) < BigInt(bound === 'begins' ? next.startTimeUnixNano : next.endTimeUnixNano) + 1_000_000n;
