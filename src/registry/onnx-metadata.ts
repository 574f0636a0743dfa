import type { BundleManifest } from './manifest.ts';

/**
 * What an exported model says of itself, as `metadata_props`: text by key, lists and limits as JSON. Enough to feed it
 * (names and order of channels, limits, steps), to read it (classes in output order, training shares for prior correction)
 * and to find out where it comes from.
 */
export function onnxMetadata(
  version: string,
  sha256: string,
  manifest: BundleManifest,
): Record<string, string> {
  const {
    channels,
    steps,
    channelNames,
    classNames,
    limits,
    trainPriors,
    lineage,
    temperature = 1,
  } = manifest;
  return {
    class_names: JSON.stringify(classNames),
    channel_names: JSON.stringify(channelNames),
    channel_limits: JSON.stringify(limits),
    channels: String(channels),
    steps: String(steps),
    train_priors: JSON.stringify(trainPriors),
    temperature: String(temperature),
    version,
    bundle_sha256: sha256,
    run: lineage.run,
    regime: lineage.regime,
    seed: String(lineage.seed),
    dataset: lineage.dataset,
    dataset_sha256: lineage.datasetSha256,
    code_version: lineage.codeVersion,
  };
}
