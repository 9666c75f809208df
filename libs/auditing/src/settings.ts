import { join } from 'node:path';
import { isKeyName } from '@deal-ledger/proof';
import { z } from 'zod';

/** Settings of whatever process signs checkpoints. */
export const AUDITING_SETTINGS = {
  CHECKPOINT_KEY_FILE: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File of the private key that checkpoints are signed with. Made before the first of them if it is missing, for its owner alone; keep a copy. By default checkpoint-<ledger id>.key in DATA_DIR.',
    ),
  CHECKPOINT_ORIGIN: z
    .string()
    .refine(isKeyName, 'must be a name without spaces and plus, such as ledger.example/deals')
    .optional()
    .describe("Name of the log in its checkpoints, for ever. By default deal-ledger/ and the ledger's id."),
} as const;

type AuditingSettings = z.output<z.ZodObject<typeof AUDITING_SETTINGS>> & { readonly DATA_DIR: string };

/** What {@link AUDITING_SETTINGS} say about the signing of checkpoints. */
export const signingOf = ({ DATA_DIR, CHECKPOINT_KEY_FILE, CHECKPOINT_ORIGIN }: AuditingSettings) => ({
  // A folder may have seen several ledgers.
  keyFile: (ledgerId: string) =>
    CHECKPOINT_KEY_FILE ?? join(DATA_DIR, `checkpoint-${ledgerId.replaceAll(/[^A-Za-z0-9-]/g, '_')}.key`),
  origin: CHECKPOINT_ORIGIN,
});
