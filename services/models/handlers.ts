import { createHash } from 'node:crypto';
import { VigilError } from '../../src/errors.ts';
import { promotionRefused } from '../../src/registry/gate-report.ts';
import { checkAlias, type Registry } from '../../src/registry/registry.ts';
import type { VersionRecord } from '../../src/registry/version.ts';
import type { EngineClient } from '../engine/engine.ts';
import type { ModelService, SetAliasRequest } from '../gen/vigil/v1/models_pb.ts';
import { pageSize, parseNumberToken, toPage } from '../paging.ts';
import type { ServiceHandlers } from '../rpc/handler.ts';
import type { ModelStore } from '../storage/store.ts';
import type { AliasMover } from './alias-mover.ts';
import { toModelVersion } from './convert.ts';
import { toAliasChange, toGateReport } from './convert-gate.ts';
import { checkShare, fromTrafficMode, toTrafficSplit } from './convert-traffic.ts';
import type { ModelResidency } from './residency.ts';
import type { TrafficSetter } from './traffic-setter.ts';
import type { VersionRemover } from './version-remover.ts';

const MAX_REASON = 512;
/** Far below what clients take by default. */
const CHUNK_BYTES = 64 * 1024;

export function createModelHandlers(settings: {
  registry: Registry;
  residency: ModelResidency;
  mover: AliasMover;
  traffic: TrafficSetter;
  remover: VersionRemover;
  /** The one that serves. */
  engine: EngineClient;
  store: ModelStore;
}): ServiceHandlers<typeof ModelService> {
  const { registry, residency, mover, traffic, remover, engine, store } = settings;
  const describe = (version: VersionRecord) =>
    toModelVersion(
      version,
      registry.aliasesOf(version.version),
      residency.isLoaded(version.version),
      registry.trafficOf().filter((split) => split.version === version.version),
    );
  return {
    listModelVersions: async (request) => {
      const size = pageSize(request.pageSize);
      const after = parseNumberToken(request.pageToken);
      const older = registry
        .versions()
        .filter(({ version }) => after === undefined || Number(version) < Number(after));
      const { page, nextPageToken } = toPage(older, size, ({ version }) => version);
      return { versions: page.map(describe), nextPageToken };
    },
    getModelVersion: async ({ model }) => ({ version: describe(registry.resolve(model)) }),
    setAlias: async (request, { principal, signal }) => {
      checkMove(request);
      const { alias, expectedVersion: expected, force, reason } = request;
      const target = registry.resolve(request.version);
      const move = { alias, target, expected, force, reason: reason.trim(), principal };
      const { moved, previous, gate } = await mover.move(move, signal);
      if (!moved) throw promotionRefused(gate!);
      return { version: describe(target), previousVersion: previous, gate: toGateReport(gate) };
    },
    listAliasChanges: async ({ alias, pageSize: asked, pageToken }) => {
      const size = pageSize(asked);
      const named = alias === '' ? undefined : checkAlias(alias);
      const rows = await store.aliasChanges(named, { limit: size + 1, after: parseNumberToken(pageToken) });
      const { page, nextPageToken } = toPage(rows, size, ({ id }) => id);
      return { changes: page.map(toAliasChange), nextPageToken };
    },
    setTraffic: async ({ alias, version, mode, share }, { principal }) => {
      const split = { alias, version, mode: fromTrafficMode(mode), share: checkShare(share) };
      return { split: toTrafficSplit(await traffic.set(split, principal)) };
    },
    clearTraffic: async ({ alias, mode }, { principal }) => {
      const ended = await traffic.clear(alias, fromTrafficMode(mode), principal);
      return { split: ended && toTrafficSplit(ended) };
    },
    deleteModelVersion: async ({ version }, { principal }) => {
      await remover.remove(version, principal);
      return {};
    },
    exportModel: async function* ({ model }, { signal }) {
      const { version: record, release } = await residency.lease(model, signal);
      try {
        const { version, directory, sha256 } = record;
        const { bytes, check } = await engine.call('export', { version, directory, sha256 }, signal);
        for (let start = 0; start < bytes.length; start += CHUNK_BYTES)
          yield { event: { case: 'data' as const, value: bytes.subarray(start, start + CHUNK_BYTES) } };
        const summary = {
          modelVersion: version,
          size: BigInt(bytes.length),
          sha256: createHash('sha256').update(bytes).digest('hex'),
          checkedRows: BigInt(check.rows),
          largestDifference: check.largestDifference,
          runtime: check.runtime,
        };
        yield { event: { case: 'summary' as const, value: summary } };
      } finally {
        release();
      }
    },
  };
}

/** Errors: FIELD_INVALID. */
function checkMove({ alias, version, force, reason }: SetAliasRequest): void {
  checkAlias(alias);
  if (version === '') throw VigilError.field('version', 'nothing', 'a version or an alias');
  if (force && reason.trim() === '')
    throw VigilError.field('reason', 'nothing', `why the gate is overruled, 1 to ${MAX_REASON} characters`);
  if (reason.length > MAX_REASON)
    throw VigilError.field('reason', `${reason.length} characters`, `at most ${MAX_REASON}`);
}
