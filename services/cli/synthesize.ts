import { writeFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { writeNpz } from '../../src/data/npz.ts';
import { VigilError } from '../../src/errors.ts';
import type { VigilClient } from '../client/vigil-client.ts';
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

/** Collects a whole stream. */
export async function synthesizeRows(
  client: Pick<VigilClient, 'synthesize'>,
  request: Parameters<VigilClient['synthesize']>[0],
): Promise<SyntheticRows> {
  let header: SynthesizeHeader | undefined;
  let summary: SynthesizeSummary | undefined;
  const classNames: string[] = [];
  const parts: Buffer[] = [];
  for await (const event of client.synthesize(request)) {
    if (event.kind === 'header') header = event.header;
    else if (event.kind === 'summary') summary = event.summary;
    else {
      classNames.push(...Array.from({ length: event.rows }, () => event.className));
      parts.push(Buffer.from(event.values.buffer));
    }
  }
  const values = new Float32Array(Uint8Array.from(Buffer.concat(parts)).buffer);
  return { header: header!, summary: summary!, classNames, values };
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
