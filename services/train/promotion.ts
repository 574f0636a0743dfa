import { VigilError } from '../../src/errors.ts';
import { type Registry, STABLE } from '../../src/registry/registry.ts';
import type { AliasMover } from '../models/alias-mover.ts';
import { runName } from '../resource-names.ts';
import type { Promotion, RunRecord } from '../storage/store.ts';

/** Tries to make a run's version stable. Whatever keeps it from that is part of the answer, but for INTERNAL errors. */
export function promoterOf(registry: Registry, mover: AliasMover): (run: RunRecord) => Promise<Promotion> {
  return async ({ id, version, principal }) => {
    const target = registry.resolve(version!);
    const reason = `asked for with ${runName(id)}`;
    try {
      const request = { alias: STABLE, target, expected: undefined, force: false, reason, principal };
      const { moved, gate } = await mover.move(request);
      return { promoted: moved, gate };
    } catch (error) {
      if (!(error instanceof VigilError) || error.kind === 'internal') throw error;
      return { promoted: false, error: { code: error.code, message: error.message } };
    }
  };
}
