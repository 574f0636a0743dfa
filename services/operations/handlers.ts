import { rm } from 'node:fs/promises';
import { durationMs } from '@bufbuild/protobuf/wkt';
import { VigilError } from '../../src/errors.ts';
import type { Operations } from '../gen/google/longrunning/operations_pb.ts';
import { pageSize, parseToken, toPage } from '../paging.ts';
import { idOf, operationName } from '../resource-names.ts';
import type { ServiceHandlers } from '../rpc/handler.ts';
import type { DataDirectory } from '../storage/data-directory.ts';
import type { RunRecord, Store } from '../storage/store.ts';
import { isOver, type TrainingSupervisor } from '../train/supervisor.ts';
import { toOperation } from './convert.ts';

/** google.longrunning.Operations over training runs. */
export function createOperationHandlers(settings: {
  store: Store;
  supervisor: TrainingSupervisor;
  data: DataDirectory;
  stopping: AbortSignal;
  now: () => number;
}): ServiceHandlers<typeof Operations> {
  const { store, supervisor, data, stopping, now } = settings;

  const find = async (name: string): Promise<RunRecord> => {
    const run = await store.getRun(idOf(name, 'operations'));
    if (run) return supervisor.withLive(run);
    throw new VigilError('OPERATION_NOT_FOUND', `no operation ${name}`, { metadata: { operation: name } });
  };

  return {
    getOperation: async ({ name }) => toOperation(await find(name)),

    listOperations: async ({ name, filter, pageSize: size, pageToken }) => {
      if (name !== '' && name !== 'operations')
        throw VigilError.field('name', JSON.stringify(name), '"operations" or nothing');
      if (filter !== '')
        throw VigilError.field('filter', JSON.stringify(filter), 'nothing; filters are not supported');
      const limit = pageSize(size);
      const rows = await store.listRuns({ limit: limit + 1, after: parseToken(pageToken) });
      const { page, nextPageToken } = toPage(rows, limit, ({ id }) => id);
      return { operations: page.map((run) => toOperation(supervisor.withLive(run))), nextPageToken };
    },

    /** The operation when it is done, or as it is when the timeout passes (none: until the deadline). */
    waitOperation: async ({ name, timeout }, { signal }) => {
      const limit = timeout ? durationMs(timeout) : undefined;
      if (limit !== undefined && limit < 0) throw VigilError.field('timeout', `${limit} ms`, 'not negative');
      const passed = limit === undefined ? [] : [AbortSignal.timeout(Math.min(limit, 2 ** 31 - 1))];
      const ended = AbortSignal.any([signal, stopping, ...passed]);
      for (;;) {
        const change = supervisor.changed(ended);
        const run = await find(name);
        if (isOver(run) || passed.some(({ aborted }) => aborted)) return toOperation(run);
        await change;
        signal.throwIfAborted();
        if (stopping.aborted) throw new VigilError('SHUTTING_DOWN', 'the server is shutting down');
      }
    },

    cancelOperation: async ({ name }, { principal }) => {
      const { id } = await find(name);
      await supervisor.cancel(id);
      await store.audit({ time: now(), principal, action: 'CancelOperation', subject: name, detail: '' });
      return {};
    },

    deleteOperation: async ({ name }, { principal }) => {
      const run = await find(name);
      if (!isOver(run)) {
        const message = `${name} is ${run.state}; cancel it first`;
        throw new VigilError('RUN_STATE', message, { metadata: { subject: operationName(run.id) } });
      }
      await store.deleteRun(run.id);
      await rm(data.run(run.id), { recursive: true, force: true });
      // The bundle of a version outlives its run.
      if (run.version === undefined) await rm(data.bundle(run.id), { recursive: true, force: true });
      await supervisor.changedRuns();
      await store.audit({ time: now(), principal, action: 'DeleteOperation', subject: name, detail: '' });
      return {};
    },
  };
}
