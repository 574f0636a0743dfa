import { readFile } from 'node:fs/promises';

const MIB = 1024;

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.trim().split(' ').filter(Boolean).map(Number);
}

/** Resident memory of a process and of those that it started, in MiB. Linux alone tells. */
export async function residentMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const own = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / MIB;
  const others = await Promise.all((await childrenOf(pid)).map(residentMemory));
  return others.reduce((sum, each) => sum + each, own);
}
