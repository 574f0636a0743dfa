/** Batch sizes that are compiled and warmed; a batch runs at the next larger one, its last rows zero. */
export const BUCKETS = [1, 2, 4, 8, 16, 32, 64] as const;
