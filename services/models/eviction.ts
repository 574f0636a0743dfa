/** Which model versions make room for others. */
export interface Evictable {
  readonly version: { readonly version: string };
  readonly loaded: boolean;
  readonly bytes: number;
  /** Rises with every use. */
  readonly usedAt: number;
}

export interface MemoryLimits {
  readonly maxResident: number;
  readonly memoryBytes: number;
}

export interface Eviction<T> {
  /** Least recently used first. */
  readonly unload: readonly T[];
  /** What the others hold. */
  readonly bytes: number;
}

/** As few as the limits ask for, of those that nothing pins or holds; those that stay may exceed the limits. */
export function chooseEvictions<T extends Evictable>(
  residents: readonly T[],
  pinned: ReadonlySet<string>,
  /** Calls that hold a version. */
  leasesOf: (version: string) => number,
  { maxResident, memoryBytes }: MemoryLimits,
): Eviction<T> {
  const idle = residents
    .filter(({ loaded, version: { version } }) => loaded && leasesOf(version) === 0 && !pinned.has(version))
    .sort((a, b) => a.usedAt - b.usedAt);
  let bytes = residents.reduce((sum, resident) => sum + resident.bytes, 0);
  const unload: T[] = [];
  for (const resident of idle) {
    if (residents.length - unload.length <= maxResident && bytes <= memoryBytes) break;
    unload.push(resident);
    bytes -= resident.bytes;
  }
  return { unload, bytes };
}
