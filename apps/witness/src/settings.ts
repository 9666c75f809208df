import { isKeyName, MalformedKey, parseVerifierKey, type VerifierKey } from '@deal-ledger/proof';
import type { OwnMeanings } from '@deal-ledger/service';
import { z } from 'zod';

/** A log to be witnessed: its key, or where it shows its key, which is believed when it is first seen. */
export type LogName = { readonly vkey: VerifierKey } | { readonly url: string };

export const WITNESS_SETTINGS = {
  WITNESS_NAME: z
    .string()
    .refine(isKeyName, 'must be a name without spaces and plus, such as witness.example/one')
    .default('deal-ledger-witness')
    .describe('Name in its cosignatures, for ever.'),
  WITNESS_KEY_FILE: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File of the private key that it cosigns with. Made at the first start if it is missing, for its owner alone; keep a copy. By default witness.key in DATA_DIR.',
    ),
  WITNESS_LOGS: z
    .string()
    .transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .pipe(z.array(z.string().transform(logName)).min(1, 'must name a log'))
    .describe(
      'The logs it witnesses, separated by commas: the vkey of each, or the address that shows it, http(s)://…/v1/audit/vkey, whose first answer is kept and believed for ever.',
    ),
} as const;

/** It stands beside the ledger and takes nothing of it but checkpoints. */
export const MEANINGS: OwnMeanings = {
  DATA_DIR: 'Folder of its key and of the checkpoints that it has seen. Of one process alone.',
  KAFKA_BROKERS: null,
  KAFKA_FLUSH_EVERY_MESSAGE: null,
  DATABASE_URL: null,
  LEDGER_TOPIC: null,
};

function logName(text: string, context: z.RefinementCtx): LogName {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return { url: text };
  try {
    return { vkey: parseVerifierKey(text) };
  } catch (error) {
    if (!(error instanceof MalformedKey)) throw error;
    context.addIssue({ code: 'custom', message: `must be a vkey or http(s)://…: ${error.message}` });
    return z.NEVER;
  }
}
