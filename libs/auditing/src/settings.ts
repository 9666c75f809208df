import { join } from 'node:path';
import { isKeyName, MalformedKey, parseVerifierKey } from '@deal-ledger/proof';
import { z } from 'zod';
import type { WitnessAddress } from './witnesses';

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
  WITNESS_URLS: z
    .string()
    .transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .pipe(z.array(z.string().transform(witnessAddress)))
    .optional()
    .describe(
      'Addresses of witnesses that are asked to cosign checkpoints, separated by commas; behind a # the vkey of each, or else the one that it shows at /vkey counts.',
    ),
} as const;

type AuditingSettings = z.output<z.ZodObject<typeof AUDITING_SETTINGS>> & { readonly DATA_DIR: string };

/** What {@link AUDITING_SETTINGS} say about the signing of checkpoints. */
export const signingOf = ({ DATA_DIR, CHECKPOINT_KEY_FILE, CHECKPOINT_ORIGIN, WITNESS_URLS }: AuditingSettings) => ({
  // A folder may have seen several ledgers.
  keyFile: (ledgerId: string) =>
    CHECKPOINT_KEY_FILE ?? join(DATA_DIR, `checkpoint-${ledgerId.replaceAll(/[^A-Za-z0-9-]/g, '_')}.key`),
  origin: CHECKPOINT_ORIGIN,
  witnesses: WITNESS_URLS ?? [],
});

function witnessAddress(text: string, context: z.RefinementCtx): WitnessAddress {
  const at = text.indexOf('#');
  const url = at < 0 ? text : text.slice(0, at);
  try {
    if (!/^https?:$/.test(new URL(url).protocol))
      throw new TypeError('it begins neither with http:// nor with https://');
    return { url: url.replace(/\/$/, ''), vkey: at < 0 ? undefined : parseVerifierKey(text.slice(at + 1)) };
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof MalformedKey)) throw error;
    context.addIssue({ code: 'custom', message: `must be http(s)://…, or http(s)://…#<vkey>: ${error.message}` });
    return z.NEVER;
  }
}
