import { gatherRows } from '../../data/batches.ts';
import type { Engine } from '../../tensor/engine.ts';
import type { AugmentationPlan } from '../augmentation.ts';
import type { TrainingOptions } from '../options.ts';
import type { ClassifierRecipe } from '../recipe.ts';
import type { TrainingData } from '../training-data.ts';
import { duplicateRows } from './duplicates.ts';
import { nearestNeighbours } from './neighbours.ts';
import { perturbedRows } from './perturbed.ts';
import type { RowSource, SourceRows } from './row-source.ts';
import { smoteRows } from './smote.ts';

/**
 * What a recipe's extra rows are drawn from, or what G's are mixed with; undefined for rows that G alone draws. `pause` is
 * awaited while it computes.
 */
export async function openRowSource(
  kind: ClassifierRecipe['extraRows'],
  { data, options, plan }: { data: TrainingData; options: TrainingOptions; plan: AugmentationPlan },
  engine: Engine,
  pause: () => Promise<void>,
): Promise<RowSource | undefined> {
  const { scaled, byClass, dataset } = data;
  const rows: SourceRows = { scaled, byClass, size: dataset.channels * dataset.steps };
  switch (kind) {
    case 'generator':
      return options.syntheticMixing > 0 ? duplicateRows(rows, options.seed) : undefined;
    case 'duplicates':
      return duplicateRows(rows, options.seed);
    case 'perturbed': {
      const { jitterSigma: jitter, scaleSigma: scale, warpSigma: warp } = options;
      return perturbedRows(rows, dataset.steps, { jitter, scale, warp }, options.seed);
    }
    case 'smote': {
      const neighbours: (Uint32Array | undefined)[] = [];
      for (const [label, own] of byClass.entries()) {
        // The largest class gets no rows, and would take longest.
        if (plan.expected[label] === 0) continue;
        const points = gatherRows(scaled, rows.size, own);
        neighbours[label] = await nearestNeighbours(
          engine,
          points,
          rows.size,
          options.smoteNeighbours,
          pause,
        );
      }
      return smoteRows(rows, neighbours, options.seed);
    }
  }
}
