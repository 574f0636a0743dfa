import {
  create,
  type DescMessage,
  isFieldSet,
  type JsonObject,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { VigilError } from '../../src/errors.ts';
import type { EpochRecord, EpochWatch } from '../../src/evaluation/history.ts';
import { parseRegimeName, parseSplitOptions, parseTrainingOptions } from '../../src/training/options.ts';
import type { TrainingProgress } from '../../src/training/progress.ts';
import { toEvaluation } from '../evaluation/convert.ts';
import {
  type EpochRecordSchema,
  type EpochWatchSchema,
  type PromotionSchema,
  RunState as RunStateMessage,
  SplitOptionsSchema,
  type TrainingOptions,
  TrainingOptionsSchema,
  type TrainingProgressSchema,
  type TrainingRunSchema,
  type TrainRequest,
} from '../gen/vigil/v1/train_pb.ts';
import { toGateReport } from '../models/convert-gate.ts';
import { operationName, runName } from '../resource-names.ts';
import type { Promotion, RunRecord, RunState, StoredTrainRequest } from '../storage/store.ts';

const MAX_TEXT = 128;

/** Checks a request: ids, regime, options and split. FIELD_INVALID with the path of each bad field. */
export function toStoredRequest(request: TrainRequest): StoredTrainRequest {
  const { requestId, displayName, dataset, regime, split, options, promote } = request;
  if (requestId.length < 1 || requestId.length > MAX_TEXT)
    throw VigilError.field('request_id', `${requestId.length} characters`, `1 to ${MAX_TEXT}`);
  if (displayName.length > MAX_TEXT)
    throw VigilError.field('display_name', `${displayName.length} characters`, `at most ${MAX_TEXT}`);
  const given = { options: options ? fieldsOf(TrainingOptionsSchema, options) : {} };
  parseTrainingOptions(given.options, parseRegimeName(regime));
  const divided = split && fieldsOf(SplitOptionsSchema, split);
  parseSplitOptions(divided);
  return {
    dataset,
    regime,
    displayName,
    ...given,
    ...(divided && { split: divided }),
    ...(promote && { promote }),
  };
}

/** The fields that a caller set, by their JSON names; 64-bit integers as numbers. */
function fieldsOf<M extends DescMessage>(schema: M, message: MessageShape<M>): Record<string, unknown> {
  const fields = schema.fields.filter((field) => isFieldSet(message, field));
  return Object.fromEntries(
    fields.map(({ localName }) => {
      const value = (message as unknown as Record<string, unknown>)[localName];
      return [localName, typeof value === 'bigint' ? Number(value) : value];
    }),
  );
}

const STATES: Readonly<Record<RunState, RunStateMessage>> = {
  queued: RunStateMessage.QUEUED,
  running: RunStateMessage.RUNNING,
  cancelling: RunStateMessage.CANCELLING,
  succeeded: RunStateMessage.SUCCEEDED,
  failed: RunStateMessage.FAILED,
  cancelled: RunStateMessage.CANCELLED,
  interrupted: RunStateMessage.INTERRUPTED,
};

export const toRunState = (state: RunState): RunStateMessage => STATES[state];

export function toProgress(
  progress: TrainingProgress | undefined,
): MessageInitShape<typeof TrainingProgressSchema> | undefined {
  if (!progress) return undefined;
  const { step, steps, ...rest } = progress;
  return {
    ...rest,
    losses: { ...rest.losses },
    validation: { ...rest.validation },
    step: BigInt(step),
    steps: BigInt(steps),
  };
}

export function toEpoch(epoch: EpochRecord): MessageInitShape<typeof EpochRecordSchema> {
  const { steps, classifierUpdates, validation, losses, watch, ...rest } = epoch;
  // A score that is undefined has no entry.
  const scores = Object.entries(validation).filter((entry): entry is [string, number] => entry[1] !== null);
  return {
    ...rest,
    losses: { ...losses },
    validation: Object.fromEntries(scores),
    steps: BigInt(steps),
    classifierUpdates: BigInt(classifierUpdates),
    watch: watch && toWatch(watch),
  };
}

function toWatch(watch: EpochWatch): MessageInitShape<typeof EpochWatchSchema> {
  const { trainingMacroAccuracy, gradientNorms, discriminator, classes } = watch;
  return {
    trainingMacroAccuracy,
    gradientNorms: { ...gradientNorms },
    discriminatorRealAccuracy: discriminator?.real,
    discriminatorFakeAccuracy: discriminator?.fake,
    classes: classes.map(({ realReal, nearestRatio, ...rest }) => ({
      ...rest,
      realReal: realReal ?? undefined,
      nearestRatio: nearestRatio ?? undefined,
    })),
  };
}

function toOptions({ seed, ...rest }: StoredTrainRequest['options']): TrainingOptions {
  return create(TrainingOptionsSchema, seed === undefined ? rest : { ...rest, seed: BigInt(seed as number) });
}

/** A whole run; `history` is empty in lists. */
export function toTrainingRun(
  run: RunRecord,
  history: readonly EpochRecord[],
): MessageInitShape<typeof TrainingRunSchema> {
  const { id, request, startTime, endTime, evaluation, error, configuration } = run;
  return {
    name: runName(id),
    operation: operationName(id),
    state: toRunState(run.state),
    request: {
      requestId: run.requestId,
      dataset: request.dataset,
      regime: request.regime,
      displayName: request.displayName,
      options: toOptions(request.options),
      split: request.split && create(SplitOptionsSchema, request.split),
      promote: request.promote === true,
    },
    createTime: timestampFromMs(run.createTime),
    startTime: startTime === undefined ? undefined : timestampFromMs(startTime),
    endTime: endTime === undefined ? undefined : timestampFromMs(endTime),
    progress: toProgress(run.progress),
    history: history.map(toEpoch),
    evaluation: evaluation && toEvaluation(evaluation),
    modelVersion: run.version ?? '',
    error: error && { ...error },
    resolvedConfiguration: configuration as JsonObject | undefined,
    warnings: [...run.warnings],
    promotion: toPromotion(run.promotion),
  };
}

export function toPromotion(
  promotion: Promotion | undefined,
): MessageInitShape<typeof PromotionSchema> | undefined {
  if (!promotion) return undefined;
  const { promoted, gate, error } = promotion;
  return { promoted, gate: toGateReport(gate), error: error && { ...error } };
}
