import { z } from 'zod';

const MIB = 1024 * 1024;

/** Settings of whatever process reports are read from. */
export const PROJECTION_SETTINGS = {
  REPORTS_MEMORY_MIB: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, 'must be a number of MiB, 1 to 9999')
    .default('256')
    .transform(Number)
    .describe('Text of answers that each projection keeps in memory: pages, and what the next answer is made of.'),
} as const;

/** What {@link PROJECTION_SETTINGS} say of a projection. */
export const keptBytesOf = ({ REPORTS_MEMORY_MIB }: { readonly REPORTS_MEMORY_MIB: number }): number =>
  REPORTS_MEMORY_MIB * MIB;
