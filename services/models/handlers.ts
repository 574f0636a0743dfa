import { VigilError } from '../../src/errors.ts';
import { checkAlias, type Registry } from '../../src/registry/registry.ts';
import type { VersionRecord } from '../../src/registry/version.ts';
import type { ModelService } from '../gen/vigil/v1/models_pb.ts';
import { pageSize, parseToken, toPage } from '../paging.ts';
import type { ServiceHandlers } from '../rpc/handler.ts';
import type { AuditLog, ModelStore } from '../storage/store.ts';
import { toModelVersion } from './convert.ts';
import type { ModelResidency } from './residency.ts';

export function createModelHandlers(settings: {
  registry: Registry;
  residency: ModelResidency;
  store: ModelStore & AuditLog;
  now: () => number;
}): ServiceHandlers<typeof ModelService> {
  const { registry, residency, store, now } = settings;
  const describe = (version: VersionRecord) =>
    toModelVersion(version, registry.aliasesOf(version.version), residency.isLoaded(version.version));
  return {
    listModelVersions: async (request) => {
      const size = pageSize(request.pageSize);
      const after = parseToken(request.pageToken);
      const older = registry
        .versions()
        .filter(({ version }) => after === undefined || Number(version) < Number(after));
      const { page, nextPageToken } = toPage(older, size, ({ version }) => version);
      return { versions: page.map(describe), nextPageToken };
    },
    getModelVersion: async ({ model }) => ({ version: describe(registry.resolve(model)) }),
    setAlias: async ({ alias, version, expectedVersion }, { principal, log }) => {
      checkAlias(alias);
      if (version === '') throw VigilError.field('version', 'nothing', 'a version or an alias');
      const began = performance.now();
      const target = registry.resolve(version);
      // Loaded and warmed first: an alias never points at what cannot serve.
      const { release } = await residency.prepare(target);
      let previous: string;
      try {
        ({ previous } = await store.setAlias(alias, target.version, expectedVersion));
        residency.point(alias, target.version, (performance.now() - began) / 1000);
      } finally {
        release();
      }
      const detail = `version ${target.version}, before ${previous || 'none'}`;
      await store.audit({ time: now(), principal, action: 'SetAlias', subject: alias, detail });
      log.info({ alias, version: target.version, previous }, 'alias moved');
      return { version: describe(target), previousVersion: previous };
    },
  };
}
