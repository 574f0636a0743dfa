#!/usr/bin/env node
/** The command line. Each command is a file of its own; docs/cli.md lists them. */
import { Command, CommanderError } from 'commander';
import { projectVersion } from '../project.ts';
import { serve } from '../serve.ts';
import { addAudit } from './audit.ts';
import { addClassify } from './classify.ts';
import { addDatasets } from './datasets.ts';
import { addDoctor } from './doctor.ts';
import { addEngine } from './engine.ts';
import { addEvaluate } from './evaluate.ts';
import { EXIT, toFailure } from './failure.ts';
import { addModels } from './models.ts';
import { remark } from './print.ts';
import { addQuickstart } from './quickstart.ts';
import { addReproduce } from './reproduce.ts';
import { addRuns } from './runs.ts';
import { addServerOptions, DEFAULT_ADDRESS, globalsOf } from './session.ts';
import { addStream } from './stream.ts';
import { addSynthesize } from './synthesize.ts';
import { addTrain } from './train.ts';

const address = process.env.VIGIL_ADDRESS || DEFAULT_ADDRESS;

export function createProgram(): Command {
  const program = addServerOptions(new Command('vigil'), address)
    .description(
      'Train a drowsiness classifier jointly with the network that synthesises its sparse classes; serve both.',
    )
    .version(projectVersion())
    .option('--json', 'results as JSON on stdout, errors as JSON on stderr', false)
    .exitOverride();
  program
    .command('serve')
    .description('run the server, configured by VIGIL_* variables, until it is told to stop')
    .action(async () => process.exit(await serve(process.env)));
  const adders = [
    addTrain,
    addRuns,
    addModels,
    addClassify,
    addStream,
    addSynthesize,
    addEvaluate,
    addDatasets,
    addAudit,
    addDoctor,
    addEngine,
    addQuickstart,
    addReproduce,
  ];
  for (const add of adders) add(program);
  for (const command of program.commands)
    command.exitOverride().showHelpAfterError('(vigil help shows all commands)');
  return program;
}

const program = createProgram();
// A reader that leaves, such as `head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed);
});
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  else {
    const { address: used, json } = globalsOf(program);
    const { code, reason, message, metadata } = toFailure(error, used.address);
    remark(json ? JSON.stringify({ error: { reason, message, metadata } }) : `vigil: ${message}`);
    process.exitCode = code;
  }
}
