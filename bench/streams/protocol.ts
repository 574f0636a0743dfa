/** The call that does nothing. */
export const BARE_PATH = '/bench.Bare/Call';

/** Bytes in use after a collection. */
export interface Memory {
  readonly rss: number;
  readonly heap: number;
  readonly external: number;
  /** Part of `external`. */
  readonly arrayBuffers: number;
}

export interface Ports {
  readonly port: number;
  /** Of /metrics; 0 where there is none. */
  readonly http: number;
}
