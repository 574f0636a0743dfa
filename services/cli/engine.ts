import { type Command, Option } from 'commander';
import { projectRoot } from '../project.ts';
import { defaultCache, installTensorflow } from '../staging/install.ts';
import type { Wheel } from '../staging/pins.ts';
import { stagedEngines } from '../staging/status.ts';
import { remark, write, writeJson, writeTable } from './print.ts';
import { globalsOf } from './session.ts';

const MIB = 2 ** 20;

/** On a terminal one line that is rewritten; elsewhere a line per quarter. */
function downloadProgress(): (wheel: Wheel, bytes: number) => void {
  let quarter = '';
  return ({ project, bytes: total }, bytes) => {
    const share = bytes / total;
    const text = `  ${project}: ${(bytes / MIB).toFixed(0)} of ${(total / MIB).toFixed(0)} MiB (${(100 * share).toFixed(0)} %)`;
    if (process.stderr.isTTY) process.stderr.write(`\r${text.padEnd(70)}${share === 1 ? '\n' : ''}`);
    else if (quarter !== `${project} ${Math.floor(4 * share)}`) remark(text);
    quarter = `${project} ${Math.floor(4 * share)}`;
  };
}

export function addEngine(program: Command): void {
  const engine = program.command('engine').description('engines that npm alone does not bring');
  engine
    .command('install')
    .description('stage TensorFlow behind @tensorflow/tfjs-node: fetch, check, unpack, build, try')
    .argument('<engine>', 'tensorflow')
    .option('--gpu', 'the CUDA build behind @tensorflow/tfjs-node-gpu (2.2 GiB to fetch)', false)
    .addOption(
      new Option('--cache <directory>', 'where libraries are kept').default(
        defaultCache(process.env),
        'the user cache, $XDG_CACHE_HOME/vigil or ~/.cache/vigil',
      ),
    )
    .action(async (name: string, options: { gpu: boolean; cache: string }, command: Command) => {
      if (name !== 'tensorflow') command.error(`error: found engine "${name}"; allowed: tensorflow`);
      const result = await installTensorflow({
        flavour: options.gpu ? 'gpu' : 'cpu',
        cache: options.cache,
        root: projectRoot(),
        onStep: remark,
        onProgress: downloadProgress(),
      });
      if (globalsOf(command).json) writeJson(result);
      else
        write(
          `${result.package} runs TensorFlow ${result.tensorflow} (${result.unchanged ? 'nothing to do' : 'installed'})`,
        );
    });
  engine
    .command('status')
    .description('which native engines are staged')
    .action((_: object, command: Command) => {
      const staged = stagedEngines();
      if (globalsOf(command).json) writeJson(staged);
      else
        writeTable(
          ['package', 'version', 'state'],
          staged.map(({ package: name, version, detail }) => [name, version ?? '-', detail]),
        );
    });
}
