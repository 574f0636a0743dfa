/** Shares of an alias's requests that go to another version, and which requests they are. */
export const TRAFFIC_MODES = ['canary', 'shadow'] as const;
export type TrafficMode = (typeof TRAFFIC_MODES)[number];

/** A canary answers its share instead of the alias's version; a shadow gets a copy of its share. */
export interface TrafficSplit {
  readonly alias: string;
  readonly version: string;
  readonly mode: TrafficMode;
  /** Above 0, at most 1. */
  readonly share: number;
}

/**
 * Whether a request belongs to a split's share: by a hash of its id, the alias and the mode, not of the version. A retry gets
 * the answer of the first try; a share that grows keeps those that it had; splits choose independently of each other.
 */
export function takes({ alias, mode, share }: Omit<TrafficSplit, 'version'>, requestId: string): boolean {
  return unitHash(`${mode} ${alias} ${requestId}`) < share;
}

/** FNV-1a over UTF-16 code units, finished with MurmurHash3's mixer: uniform on [0, 1) also for ids that count up. */
function unitHash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}
