import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { writeNpz } from '../../src/data/npz.ts';
import { VigilError } from '../../src/errors.ts';
import type { Clients } from '../client/clients.ts';
import {
  type SynthesizeHeader,
  type SynthesizeSummary,
  SynthesizeSummarySchema,
  ValueUnits,
} from '../gen/vigil/v1/synthesize_pb.ts';
import { messageJson, write, writeJson } from './print.ts';
import { globalsOf, withClients } from './session.ts';
import { collectPair } from './train.ts';

export interface SyntheticRows {
  readonly header: SynthesizeHeader;
  readonly summary: SynthesizeSummary;
  /** Class of each row. */
  readonly classNames: readonly string[];
  /** `[rows, channels, steps]` */
  readonly values: Float32Array;
}

/** Collects a whole stream and checks it against the summary's hash. ARTIFACT_CORRUPT when they differ. */
export async function synthesizeRows(
  { synthesizer }: Clients,
  request: Parameters<Clients['synthesizer']['synthesize']>[0],
): Promise<SyntheticRows> {
  let header: SynthesizeHeader | undefined;
  let summary: SynthesizeSummary | undefined;
  const classNames: string[] = [];
  const parts: Buffer[] = [];
  for await (const { event } of synthesizer.synthesize(request)) {
    if (event.case === 'header') header = event.value;
    else if (event.case === 'summary') summary = event.value;
    else if (event.case === 'chunk') {
      const { className, samples } = event.value;
      const rows = Number(samples!.shape[0]);
      classNames.push(...Array.from({ length: rows }, () => className));
      parts.push(Buffer.from(samples!.data.value as Uint8Array));
    }
  }
  const bytes = Buffer.concat(parts);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (!header || !summary || sha256 !== summary.sha256)
    throw new VigilError(
      'ARTIFACT_CORRUPT',
      `the rows received have SHA-256 ${sha256}, not ${summary?.sha256}`,
    );
  return { header, summary, classNames, values: new Float32Array(Uint8Array.from(bytes).buffer) };
}

/** As NPZ with the keys that Vigil reads: X, y, class_names, channel_names. */
function toNpz({ header, classNames, values }: SyntheticRows, allClasses: readonly string[]): Uint8Array {
  const { channels, steps, channelNames } = header;
  return writeNpz({
    X: { shape: [classNames.length, channels, steps], data: values },
    y: { shape: [classNames.length], data: Int32Array.from(classNames, (name) => allClasses.indexOf(name)) },
    class_names: { shape: [allClasses.length], data: allClasses },
    channel_names: { shape: [channelNames.length], data: channelNames },
  });
}

export function addSynthesize(program: Command): void {
  program
    .command('synthesize')
    .description('draw rows of given classes from a model that has a generator')
    .requiredOption('-c, --count <class=rows>', 'rows of a class; repeatable', collectPair, {})
    .option('-m, --model <model>', 'a version or an alias', 'stable')
    .option('--seed <seed>', 'the same seed gives the same rows; drawn when absent')
    .addOption(
      new Option('--units <units>', 'units of the values')
        .choices(['original', 'scaled'])
        .default('original'),
    )
    .option('-o, --out <file.npz>', 'where the rows go')
    .action(async (flags: SynthesizeFlags, command: Command) => {
      const { address, json } = globalsOf(command);
      const { model, out, units } = flags;
      const seed = flags.seed === undefined ? {} : { seed: toInteger('--seed', flags.seed) };
      if (out !== undefined && !out.endsWith('.npz'))
        throw VigilError.field('--out', JSON.stringify(out), 'a file name that ends in .npz');
      await withClients(address, async (clients) => {
        const { version } = await clients.models.getModelVersion({ model });
        const rows = await synthesizeRows(clients, {
          model: version!.version,
          counts: Object.entries(flags.count).map(([className, count]) => ({
            className,
            rows: toInteger('--count', count),
          })),
          units: units === 'scaled' ? ValueUnits.SCALED : ValueUnits.ORIGINAL,
          ...seed,
        });
        if (out !== undefined) await writeFile(out, toNpz(rows, version!.classNames));
        if (json) return writeJson(messageJson(SynthesizeSummarySchema, rows.summary));
        const { summary, header } = rows;
        const counts = summary.counts.map(({ className, rows: count }) => `${count} ${className}`).join(', ');
        write(
          `${counts}: [${rows.classNames.length}, ${header.channels}, ${header.steps}] by version ${summary.modelVersion}`,
        );
        write(`seed ${summary.seed}  sha256 ${summary.sha256}${out === undefined ? '' : `  in ${out}`}`);
      });
    });
}

interface SynthesizeFlags {
  readonly count: Readonly<Record<string, string>>;
  readonly model: string;
  readonly seed?: string;
  readonly units: 'original' | 'scaled';
  readonly out?: string;
}

function toInteger(flag: string, text: string): bigint {
  if (/^\d{1,18}$/.test(text)) return BigInt(text);
  throw new InvalidArgumentError(`${flag}: found ${JSON.stringify(text)}; allowed: an integer of at least 0`);
}
