/** Unpacks what the addon needs out of the wheels: one directory with `lib` and `include`, whole or absent. */
import { existsSync } from 'node:fs';
import { rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastLines, runCommand } from './command.ts';
import { type Flavour, TENSORFLOW_VERSION } from './pins.ts';
import { missing } from './requirements.ts';
import { inTemporary } from './temporary.ts';

/**
 * Takes the headers, both TensorFlow libraries, every CUDA library into one flat directory (so that one entry of
 * LD_LIBRARY_PATH finds them all), and ptxas with the bitcode library that it needs.
 */
const UNPACK = `
import os, re, shutil, sys, zipfile
target = sys.argv[1]
def place(name):
    if re.fullmatch(r'tensorflow/libtensorflow_(cc|framework)\\.so\\.2', name): return 'lib/' + os.path.basename(name)
    if name.startswith('tensorflow/include/'): return name[len('tensorflow/'):]
    if re.fullmatch(r'nvidia/[^/]+/lib/lib[^/]+\\.so[.0-9]*', name): return 'lib/' + os.path.basename(name)
    if name == 'nvidia/cuda_nvcc/bin/ptxas': return 'bin/ptxas'
    if name.startswith('nvidia/cuda_nvcc/nvvm/libdevice/'): return name[len('nvidia/cuda_nvcc/'):]
    if re.fullmatch(r'[^/]+\\.dist-info/(LICENSE|License)[^/]*', name): return 'licenses/' + name.replace('/', '-')
for wheel in sys.argv[2:]:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            to = place(name)
            if to is None or name.endswith('/'): continue
            path = os.path.join(target, to)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with archive.open(name) as source, open(path, 'wb') as sink: shutil.copyfileobj(source, sink, 1 << 20)
            if to.startswith(('lib/', 'bin/')): os.chmod(path, 0o755)
`;

/** Written last: a directory without it is not used. */
const DONE = 'staged.json';

/** Where a flavour's library lives in the cache. */
export const libraryPath = (cache: string, flavour: Flavour): string =>
  join(cache, `libtensorflow-${TENSORFLOW_VERSION}-${flavour}`);

/** Whether the cache holds a whole library. */
export const hasLibrary = (cache: string, flavour: Flavour): boolean =>
  existsSync(join(libraryPath(cache, flavour), DONE));

/** Unpacks checked wheels beside the final place, then renames. REQUIREMENT_MISSING when they cannot be unpacked. */
export async function unpackLibrary(
  python: string,
  cache: string,
  flavour: Flavour,
  wheels: readonly string[],
): Promise<void> {
  const path = libraryPath(cache, flavour);
  await inTemporary(cache, async (parent) => {
    const temporary = join(parent, 'library');
    const result = await runCommand(python, ['-c', UNPACK, temporary, ...wheels]);
    if (result?.code !== 0)
      throw missing(`the wheels cannot be unpacked: ${lastLines(result?.output ?? '', 1)}`);
    // The names by which the addon is linked.
    await symlink('libtensorflow_cc.so.2', join(temporary, 'lib', 'libtensorflow.so'));
    await symlink('libtensorflow_framework.so.2', join(temporary, 'lib', 'libtensorflow_framework.so'));
    await writeFile(join(temporary, DONE), JSON.stringify({ tensorflow: TENSORFLOW_VERSION, flavour }));
    await rm(path, { recursive: true, force: true });
    await rename(temporary, path);
  });
}
