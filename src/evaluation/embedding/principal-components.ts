import { EigenvalueDecomposition, Matrix, QrDecomposition } from 'ml-matrix';
import { fillNormal, randomKey } from '../../random.ts';

/** Directions beyond those asked for, and rounds of powers: more than enough for data with any structure. */
const SURPLUS = 10;
const ROUNDS = 4;

/**
 * Scores of the first principal components, `rows` x `components`, of values `[rows, size]`. By randomised subspace iteration
 * (N. Halko, P.-G. Martinsson, J. Tropp, "Finding structure with randomness", SIAM Review 53(2), 2011, algorithm 4.4): a full
 * decomposition of 1,800 dimensions would take minutes. A function of the values and the seed.
 */
export function principalComponents(
  values: Float32Array,
  rows: number,
  components: number,
  seed: number,
): number[][] {
  const size = values.length / rows;
  const x = Matrix.from1DArray(rows, size, values).center('column');
  const width = Math.min(components + SURPLUS, rows, size);
  const start = fillNormal(randomKey(seed, 'embedding/pca'), new Float32Array(size * width));
  const transposed = x.transpose();
  let basis = orthogonal(x.mmul(Matrix.from1DArray(size, width, start)));
  for (let round = 0; round < ROUNDS; round++) basis = orthogonal(x.mmul(orthogonal(transposed.mmul(basis))));
  // X is about basis B: the eigenvectors of B B^T turn the basis into left singular vectors, its eigenvalues are their squares.
  const projected = basis.transpose().mmul(x);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(
    projected.mmul(projected.transpose()),
    { assumeSymmetric: true },
  );
  const largest = [...realEigenvalues.keys()]
    .sort((a, b) => realEigenvalues[b]! - realEigenvalues[a]!)
    .slice(0, components);
  const vectors = basis.mmul(eigenvectorMatrix);
  return Array.from({ length: rows }, (_, row) =>
    largest.map((at) => vectors.get(row, at) * Math.sqrt(Math.max(0, realEigenvalues[at]!))),
  );
}

const orthogonal = (matrix: Matrix): Matrix => new QrDecomposition(matrix).orthogonalMatrix;
