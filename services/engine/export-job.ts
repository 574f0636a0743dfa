/** A version's classifier as an ONNX file, run before it is handed out. */
import { exportClassifier } from '../../src/models/export-classifier.ts';
import { toProbabilities } from '../../src/models/probabilities.ts';
import type { ModelSpec } from '../../src/models/spec.ts';
import { fillUniform, randomKey } from '../../src/random.ts';
import { readWeights, specOfManifest } from '../../src/registry/bundle.ts';
import { readManifest } from '../../src/registry/bundle-files.ts';
import type { BundleManifest } from '../../src/registry/manifest.ts';
import { onnxMetadata } from '../../src/registry/onnx-metadata.ts';
import { runModel, runtimeVersion } from '../../src/tensor/onnxruntime/run-model.ts';
import type { HostedModel } from './model-host.ts';
import type { ExportedModel, ExportRequest } from './protocol.ts';

/** Batches of the check; one of a single row, because the dimension is open. */
const CHECK_ROWS = [33, 1] as const;
/** Between what Classify answers and what the file does: probabilities, float32 in another order of summation. */
const TOLERANCE = 1e-5;

/** Errors: ARTIFACT_CORRUPT, KERNEL_UNSUPPORTED. */
export async function exportHosted(
  model: HostedModel,
  { version, directory, sha256 }: ExportRequest,
): Promise<ExportedModel> {
  const manifest = await readManifest(directory);
  const spec = specOfManifest(manifest);
  const classifier = {
    spec,
    limits: manifest.limits,
    weights: await readWeights(directory, manifest, 'classifier'),
    temperature: manifest.temperature ?? 1,
  };
  const bytes = await exportClassifier(classifier, onnxMetadata(version, sha256, manifest));
  let largestDifference = 0;
  for (const rows of CHECK_ROWS) {
    const values = checkRows(rows, spec, manifest);
    const samples = { shape: [rows, spec.channels, spec.steps], values };
    const { probabilities } = await runModel(bytes, { samples });
    const { logits } = await model.classify(rows, values);
    const served = toProbabilities(logits, spec.classes, manifest.temperature);
    served.forEach((value, i) => {
      largestDifference = Math.max(largestDifference, Math.abs(value - (probabilities?.[i] ?? Number.NaN)));
    });
  }
  // Also when it is NaN.
  if (!(largestDifference <= TOLERANCE))
    throw new Error(`the exported model is off by ${largestDifference}; allowed: ${TOLERANCE}`);
  const rows = CHECK_ROWS.reduce((sum, count) => sum + count, 0);
  return { bytes, check: { rows, largestDifference, runtime: runtimeVersion() } };
}

/** Values within the limits and beyond them, where scaling clips. */
function checkRows(rows: number, { channels, steps }: ModelSpec, { limits }: BundleManifest): Float32Array {
  const values = fillUniform(randomKey(1, 'export/check', rows), new Float32Array(rows * channels * steps));
  return values.map((value, i) => {
    const channel = Math.floor(i / steps) % channels;
    const [low, high] = [limits.low[channel]!, limits.high[channel]!];
    return low + (high - low) * (1.5 * value - 0.25);
  });
}
