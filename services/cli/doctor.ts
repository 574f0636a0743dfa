import { constants, existsSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { type Config, readConfig } from '../config.ts';
import { probeEngine } from '../engine/host.ts';
import { createLogger } from '../observability/logger.ts';
import { projectVersion } from '../project.ts';
import { stagedEngines } from '../staging/status.ts';
import { addExplainOptions, type ExplainFlags, explainStep } from './explain-step.ts';
import { EXIT, toFailure } from './failure.ts';
import { write, writeJson } from './print.ts';
import { globalsOf, type ServerChoice, withClients } from './session.ts';

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
}

async function checkEngine(config: Config): Promise<Finding[]> {
  try {
    const info = await probeEngine({
      engine: config.VIGIL_ENGINE,
      device: config.VIGIL_ENGINE_DEVICE,
      threads: config.VIGIL_ENGINE_THREADS,
      role: 'serve',
      log: createLogger('silent'),
    });
    const { engine, device, version, refused } = info;
    return [
      {
        check: 'engine',
        ok: true,
        detail: `${engine} on ${device} (${version}), ${config.VIGIL_ENGINE_THREADS} threads`,
      },
      ...refused.map(({ engine: name, reason }) => ({
        check: 'engine refused',
        ok: true,
        detail: `${name}: ${reason}`,
      })),
    ];
  } catch (error) {
    return [{ check: 'engine', ok: false, detail: error instanceof Error ? error.message : String(error) }];
  }
}

/** What is staged for TensorFlow, whether or not it was chosen. */
function checkStaging(): Finding[] {
  return stagedEngines().map(({ package: name, version, detail }) => ({
    check: 'tensorflow package',
    ok: true,
    detail: `${name} ${version ?? ''}: ${detail}`.replace(' :', ':'),
  }));
}

/** Looks, and makes nothing: the directory, or the nearest one above it where it is absent, must be writable. */
async function checkData(config: Config): Promise<Finding> {
  const path = resolve(config.VIGIL_DATA_DIR);
  let nearest = path;
  while (!existsSync(nearest)) nearest = dirname(nearest);
  try {
    await access(nearest, constants.W_OK);
    const absent = nearest === path ? '' : ' (made when the server starts)';
    return { check: 'data directory', ok: true, detail: path + absent };
  } catch (error) {
    return { check: 'data directory', ok: false, detail: error instanceof Error ? error.message : path };
  }
}

/** No server is no fault: the doctor is often asked before there is one. */
async function checkServer(server: ServerChoice): Promise<Finding> {
  const { address } = server;
  try {
    const { status } = await withClients(server, ({ health }) => health.check({}, { timeoutMs: 2000 }));
    return { check: 'server', ok: true, detail: `${address} is ${status === 1 ? 'ready' : 'not ready'}` };
  } catch (error) {
    return { check: 'server', ok: true, detail: toFailure(error, address).message };
  }
}

export function addDoctor(program: Command): void {
  const doctor = program
    .command('doctor')
    .description('what this machine offers: which engine was chosen, which were refused and why')
    .action(async (flags: ExplainFlags, command: Command) => {
      const { address, json } = globalsOf(command);
      const config = readConfig(process.env);
      if (flags.explainStep) {
        process.exitCode = (await explainStep(flags, config, json)) ? EXIT.ok : EXIT.failed;
        return;
      }
      const findings: Finding[] = [
        { check: 'vigil', ok: true, detail: projectVersion() },
        {
          check: 'node',
          ok: true,
          detail: `${process.version} on ${process.platform} ${process.arch}, ${availableParallelism()} cores`,
        },
        ...(await checkEngine(config)),
        ...checkStaging(),
        await checkData(config),
        await checkServer(address),
      ];
      if (json) writeJson(findings);
      else
        for (const { check, ok, detail } of findings) write(`${ok ? 'ok  ' : 'FAIL'}  ${check}: ${detail}`);
      process.exitCode = findings.every(({ ok }) => ok) ? EXIT.ok : EXIT.failed;
    });
  addExplainOptions(doctor);
}
