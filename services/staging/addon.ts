/** Builds the N-API addon of an npm package against the staged library. The package's own files stay as they are. */
import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { lstat, mkdir, readdir, rename, rm, symlink, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { addonPath, NAPI_VERSION } from '../../src/tensor/tensorflow/packages.ts';
import { lastLines, runCommand } from './command.ts';
import { missing, type Tools } from './requirements.ts';
import { inTemporary } from './temporary.ts';

/** Whether the package at `directory` has an addon and the library that it was built against. */
export function isBuilt(directory: string, library: string): boolean {
  const deps = join(directory, 'deps');
  return existsSync(addonPath(directory)) && existsSync(deps) && realpathSync(deps) === realpathSync(library);
}

/**
 * Links `deps` to the library and compiles `binding/` as the package's binding.gyp does. The addon appears whole, by
 * rename, under its final name. REQUIREMENT_MISSING with the compiler's words when it does not compile.
 */
export async function buildAddon(directory: string, library: string, tools: Tools): Promise<void> {
  await linkLibrary(directory, library);
  const target = addonPath(directory);
  await inTemporary(join(directory, 'lib'), async (temporary) => {
    const output = join(temporary, 'tfjs_binding.node');
    const sources = (await readdir(join(directory, 'binding'))).filter((name) => name.endsWith('.cc'));
    const result = await runCommand(
      tools.compiler,
      [
        ...['-shared', '-fPIC', '-O2', '-std=c++17', '-fno-exceptions', '-fvisibility=hidden', '-w'],
        ...[
          `-DNAPI_VERSION=${NAPI_VERSION}`,
          '-DNODE_GYP_MODULE_NAME=tfjs_binding',
          '-DBUILDING_NODE_EXTENSION',
        ],
        ...[`-I${tools.headers}`, `-I${directory}`, `-I${join(library, 'include')}`],
        ...sources.map((name) => join(directory, 'binding', name)),
        ...[`-L${join(library, 'lib')}`, '-Wl,-rpath,$ORIGIN/../../deps/lib'],
        ...['-ltensorflow', '-ltensorflow_framework', '-o', output],
      ],
      { cwd: directory },
    );
    if (result?.code !== 0)
      throw missing(`${tools.compiler} cannot build the addon: ${lastLines(result?.output ?? '', 3)}`);
    await mkdir(dirname(target), { recursive: true });
    await rename(output, target);
  });
}

/** Points `deps` at the library, replacing a link or what the package's own installation left there. */
async function linkLibrary(directory: string, library: string): Promise<void> {
  const deps = join(directory, 'deps');
  const fresh = `${deps}.${createHash('sha256').update(library).digest('hex').slice(0, 8)}`;
  await rm(fresh, { force: true });
  await symlink(library, fresh);
  const before = await lstat(deps).catch(() => undefined);
  if (before?.isSymbolicLink()) await unlink(deps);
  else if (before) await rm(deps, { recursive: true });
  await rename(fresh, deps);
}
