/** Kinds of settings that several rooms have. */
import { z } from 'zod';

/** An integer within bounds. */
export const count = (least: number, most: number) => {
  const error = `allowed: an integer from ${least} to ${most}`;
  return z.coerce.number({ error }).int({ error }).min(least, { error }).max(most, { error });
};
