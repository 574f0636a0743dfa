import { VigilError } from '../../src/errors.ts';
import type { ResolvedDataset } from '../datasets/resolve.ts';
import type { TrainingService } from '../gen/vigil/v1/train_pb.ts';
import { toOperation } from '../operations/convert.ts';
import { pageSize, parseToken, toPage } from '../paging.ts';
import { idOf, runName } from '../resource-names.ts';
import type { ServiceHandlers } from '../rpc/handler.ts';
import type { Store } from '../storage/store.ts';
import type { Admission } from './admission.ts';
import { toEpoch, toProgress, toPromotion, toRunState, toStoredRequest, toTrainingRun } from './convert.ts';
import { isOver, type TrainingSupervisor } from './supervisor.ts';

export function createTrainingHandlers(settings: {
  store: Store;
  admission: Admission;
  supervisor: TrainingSupervisor;
  resolveDataset: (name: string) => Promise<ResolvedDataset>;
  /** Aborts when the server begins to stop: streams end, runs go on with the next process. */
  stopping: AbortSignal;
  now: () => number;
}): ServiceHandlers<typeof TrainingService> {
  const { store, admission, supervisor, resolveDataset, stopping, now } = settings;
  return {
    train: async (request, { principal, log }) => {
      const stored = toStoredRequest(request);
      await resolveDataset(stored.dataset);
      const { run, isNew } = await admission.submit(request.requestId, principal, stored);
      if (isNew) {
        const { regime, dataset } = stored;
        const subject = runName(run.id);
        await store.audit({
          time: now(),
          principal,
          action: 'Train',
          subject,
          detail: `${regime} on ${dataset}`,
        });
        log.info({ run: subject, regime, dataset }, 'training queued');
      }
      // Also for a run that an earlier try stored and could not finish.
      await supervisor.changedRuns();
      return toOperation(supervisor.withLive(run));
    },
    watchTraining: async function* ({ name }, { signal }) {
      const id = idOf(name, 'runs');
      const ended = AbortSignal.any([signal, stopping]);
      let sent = 0;
      for (;;) {
        const change = supervisor.changed(ended);
        const run = await supervisor.get(id);
        // Epochs come from the store: also those of earlier processes, and none twice.
        const unread = (supervisor.liveEpoch(id) ?? Number.POSITIVE_INFINITY) > sent;
        const epochs = unread ? (await store.history(id)).filter(({ epoch }) => epoch > sent) : [];
        sent = epochs.at(-1)?.epoch ?? sent;
        yield {
          state: toRunState(run.state),
          progress: toProgress(run.progress),
          epochs: epochs.map(toEpoch),
          modelVersion: run.version ?? '',
          error: run.error && { ...run.error },
          warnings: [...run.warnings],
          promotion: toPromotion(run.promotion),
        };
        if (isOver(run)) return;
        await change;
        signal.throwIfAborted();
        if (stopping.aborted)
          throw new VigilError(
            'SHUTTING_DOWN',
            'the server is shutting down; the run goes on when it is back',
          );
      }
    },
    getRun: async ({ name }) => {
      const run = await supervisor.get(idOf(name, 'runs'));
      return { run: toTrainingRun(run, await store.history(run.id)) };
    },
    listRuns: async (request) => {
      const size = pageSize(request.pageSize);
      const rows = await store.listRuns({ limit: size + 1, after: parseToken(request.pageToken) });
      const { page, nextPageToken } = toPage(rows, size, ({ id }) => id);
      return { runs: page.map((run) => toTrainingRun(supervisor.withLive(run), [])), nextPageToken };
    },
  };
}
