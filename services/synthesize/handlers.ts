import { createHash } from 'node:crypto';
import type { Tracer } from '@opentelemetry/api';
import type { EngineClient } from '../engine/engine.ts';
import type { SynthesizerService } from '../gen/vigil/v1/synthesize_pb.ts';
import type { ModelResidency } from '../models/residency.ts';
import type { Instruments } from '../observability/metrics.ts';
import { withSpan } from '../observability/tracing.ts';
import type { ServiceHandlers } from '../rpc/handler.ts';
import { toPlan } from './convert.ts';
import { type Draw, drawAccepted, drawAll } from './draw.ts';
import { toChunk, toHeader, toSummary } from './messages.ts';
import { againInNextProcess } from './next-process.ts';

export function createSynthesizerHandlers(settings: {
  residency: Pick<ModelResidency, 'lease' | 'whenLoaded'>;
  engine: Pick<EngineClient, 'call'>;
  instruments: Pick<Instruments, 'synthesisedRows' | 'rejectedRows'>;
  tracer: Tracer | undefined;
  /** Most rows that one call may ask for. */
  maxRows: number;
}): ServiceHandlers<typeof SynthesizerService> {
  const { residency, engine, instruments, tracer, maxRows } = settings;
  return {
    // Nothing is drawn before its chunk is asked for: a reader that stops stops the engine calls, one that leaves ends them.
    synthesize: async function* (request, { signal }) {
      const { version: record, release } = await residency.lease(request.model, signal);
      try {
        const plan = toPlan(request, record, maxRows);
        const { version } = record;
        const { seed, units, needed, chunkRows, acceptance } = plan;
        yield { event: { case: 'header' as const, value: toHeader(plan, record) } };
        const hash = createHash('sha256');
        const draws: { className: string; tried: bigint; accepted: bigint }[] = [];
        for (const { className, classIndex, rows: wanted } of plan.counts) {
          const draw: Draw = (firstRow, rows) => {
            const attributes = { 'vigil.model.version': version, 'vigil.rows': rows };
            const payload = { version, classIndex, seed, firstRow, rows, units, scores: needed };
            const call = () =>
              withSpan(tracer, 'engine synthesize', attributes, [], () =>
                engine.call('synthesize', payload, signal),
              );
            return againInNextProcess(call, () => residency.whenLoaded(version, signal));
          };
          const task = { className, rows: wanted, firstRow: plan.firstRow, chunkRows };
          const rejected = (): void => instruments.rejectedRows.inc({ class: className });
          const chunks = acceptance ? drawAccepted(task, acceptance, draw, rejected) : drawAll(task, draw);
          let [sent, tried] = [0, 0];
          for await (const chunk of chunks) {
            const { values, rows } = chunk;
            hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
            instruments.synthesisedRows.inc({ class: className }, rows);
            sent += rows;
            tried = chunk.tried;
            yield { event: { case: 'chunk' as const, value: toChunk(className, chunk, plan, record) } };
          }
          draws.push({ className, tried: BigInt(tried), accepted: BigInt(sent) });
        }
        const summary = toSummary(plan, record, hash.digest('hex'), draws);
        yield { event: { case: 'summary' as const, value: summary } };
      } finally {
        release();
      }
    },
  };
}
