import { createHash } from 'node:crypto';
import type { Tracer } from '@opentelemetry/api';
import type { EngineClient } from '../engine/engine.ts';
import type { SynthesizerService } from '../gen/vigil/v1/synthesize_pb.ts';
import type { ModelResidency } from '../models/residency.ts';
import type { Instruments } from '../observability/metrics.ts';
import { withSpan } from '../observability/tracing.ts';
import type { ServiceHandlers } from '../rpc/handler.ts';
import { toPlan } from './convert.ts';

export function createSynthesizerHandlers(settings: {
  residency: ModelResidency;
  engine: EngineClient;
  instruments: Instruments;
  tracer: Tracer | undefined;
}): ServiceHandlers<typeof SynthesizerService> {
  const { residency, engine, instruments, tracer } = settings;
  return {
    synthesize: async function* (request, { signal }) {
      const { version: record, release } = await residency.lease(request.model, signal);
      try {
        const plan = toPlan(request, record);
        const { version, manifest } = record;
        const { channels, steps, channelNames } = manifest;
        const seed = BigInt(plan.seed);
        const header = { modelVersion: version, seed, channels, steps, channelNames: [...channelNames] };
        yield { event: { case: 'header' as const, value: header } };
        const hash = createHash('sha256');
        for (const { className, classIndex, rows: wanted } of plan.counts) {
          for (let done = 0; done < wanted; done += plan.chunkRows) {
            const rows = Math.min(plan.chunkRows, wanted - done);
            const firstRow = plan.firstRow + done;
            const attributes = { 'vigil.model.version': version, 'vigil.rows': rows };
            const { values } = await withSpan(tracer, 'engine synthesize', attributes, [], () =>
              engine.call(
                'synthesize',
                { version, classIndex, seed: plan.seed, firstRow, rows, units: plan.units },
                signal,
              ),
            );
            const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
            hash.update(raw);
            instruments.synthesisedRows.inc({ class: className }, rows);
            const samples = {
              shape: [BigInt(rows), BigInt(channels), BigInt(steps)],
              data: { case: 'raw' as const, value: raw },
            };
            yield {
              event: { case: 'chunk' as const, value: { className, firstRow: BigInt(firstRow), samples } },
            };
          }
        }
        const counts = plan.counts.map(({ className, rows }) => ({ className, rows: BigInt(rows) }));
        const summary = { counts, sha256: hash.digest('hex'), modelVersion: version, seed };
        yield { event: { case: 'summary' as const, value: summary } };
      } finally {
        release();
      }
    },
  };
}
