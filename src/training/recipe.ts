/** How C learns, apart from when: what sets the baselines apart from the paper's regimes and from each other. */
export interface ClassifierRecipe {
  /** C's real batches: as the data comes, or as many rows of every class. */
  readonly batches: 'natural' | 'balanced';
  readonly loss: 'cross_entropy' | 'focal' | 'logit_adjusted';
  /** Weight of a real row in the loss: 1, or by how rare its class is. */
  readonly rowWeights: 'equal' | 'inverse_frequency';
  /** Where the rows come from that make up the class deficits in phases with an augmented C. */
  readonly extraRows: 'generator' | 'duplicates' | 'smote' | 'perturbed';
}

export const PAPER_RECIPE: ClassifierRecipe = {
  batches: 'natural',
  loss: 'cross_entropy',
  rowWeights: 'equal',
  extraRows: 'generator',
};
