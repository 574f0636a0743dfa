import { createHash } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { VigilError } from '../../src/errors.ts';
import type { Clients } from '../client/clients.ts';
import { type ExportSummary, ExportSummarySchema } from '../gen/vigil/v1/models_pb.ts';
import { messageJson, write, writeJson } from './print.ts';
import { globalsOf, withClients } from './session.ts';

/** The whole file, checked against the summary's hash. ARTIFACT_CORRUPT when they differ. */
async function fetchModel(
  { models }: Clients,
  model: string,
): Promise<{ bytes: Buffer; summary: ExportSummary }> {
  const parts: Uint8Array[] = [];
  let summary: ExportSummary | undefined;
  for await (const { event } of models.exportModel({ model })) {
    if (event.case === 'data') parts.push(event.value);
    else if (event.case === 'summary') summary = event.value;
  }
  const bytes = Buffer.concat(parts);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (summary?.sha256 === sha256) return { bytes, summary };
  const wanted = summary?.sha256 ?? 'told at the end of the stream, which did not come';
  throw new VigilError('ARTIFACT_CORRUPT', `the model received has SHA-256 ${sha256}, not ${wanted}`);
}

/** Nobody finds half a file. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, bytes, { flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** `models export`. */
export function addExport(models: Command): void {
  models
    .command('export <model>')
    .description("a version's classifier as one ONNX file, scaling and softmax inside")
    .requiredOption('-o, --out <file.onnx>', 'where it goes')
    .action(async (model: string, { out }: { out: string }, command: Command) => {
      const { address, json } = globalsOf(command);
      if (!out.endsWith('.onnx'))
        throw VigilError.field('--out', JSON.stringify(out), 'a file name that ends in .onnx');
      await withClients(address, async (clients) => {
        const { bytes, summary } = await fetchModel(clients, model);
        await writeWhole(out, bytes);
        if (json) return writeJson(messageJson(ExportSummarySchema, summary));
        const { modelVersion, sha256, checkedRows, largestDifference, runtime } = summary;
        write(`version ${modelVersion} in ${out}: ${bytes.length} bytes, sha256 ${sha256}`);
        write(
          `checked: ${checkedRows} rows in ${runtime} differ from Classify by ${largestDifference.toExponential(1)} at most`,
        );
      });
    });
}
