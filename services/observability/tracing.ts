import {
  context,
  propagation,
  type SpanContext,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';

export interface Tracing {
  /** Undefined without an endpoint: then nothing is spent on spans. */
  readonly tracer: Tracer | undefined;
  /** Sends what is left. */
  close(): Promise<void>;
}

/**
 * Traces over OTLP/HTTP to `endpoint`; none without one. Our own spans only: the stock gRPC instrumentation does not
 * see ES modules.
 */
export function startTracing(settings: {
  endpoint: string | undefined;
  service: string;
  version: string;
}): Tracing {
  const { endpoint, service, version } = settings;
  if (endpoint === undefined) return { tracer: undefined, close: async () => {} };
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const exporter = new OTLPTraceExporter({
    url: new URL('v1/traces', endpoint.endsWith('/') ? endpoint : `${endpoint}/`).href,
  });
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ [ATTR_SERVICE_NAME]: service, [ATTR_SERVICE_VERSION]: version }),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  return {
    tracer: provider.getTracer('vigil', version),
    close: async () => {
      await provider.shutdown();
      context.disable();
      propagation.disable();
    },
  };
}

/** Runs work in a child span of the active one, linked to other spans that it serves too. */
export async function withSpan<T>(
  tracer: Tracer | undefined,
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  links: readonly SpanContext[],
  work: () => Promise<T>,
): Promise<T> {
  if (!tracer) return work();
  const span = tracer.startSpan(name, { attributes, links: links.map((linked) => ({ context: linked })) });
  return context.with(trace.setSpan(context.active(), span), async () => {
    try {
      return await work();
    } catch (error) {
      span.setStatus({
        code: SpanStatusCode.ERROR,
        message: error instanceof Error ? error.message : String(error),
      });
      throw error;
    } finally {
      span.end();
    }
  });
}
