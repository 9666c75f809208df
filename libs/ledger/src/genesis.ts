import type { Log } from '@deal-ledger/log';
import { GENESIS_STREAM, LEDGER_CREATED } from './commit';
import { encodeCommit } from './record';

export interface Origin {
  /** A fresh UUID: the ledger's id, if this turns out to be its first commit. */
  readonly ledgerId: string;
  readonly writer: string;
  readonly source: string;
  readonly nowMs: number;
}

/**
 * Sees to it that the log begins with a ledger's first commit. Several instances may do this at
 * once: the first one wins, the others' commits are void by the ordinary rule.
 */
export async function ensureGenesis(log: Log, origin: Origin): Promise<void> {
  if ((await log.end()) > 0) return;
  const time = new Date(origin.nowMs).toISOString();
  const day = time.slice(0, 10);
  await log.append(
    encodeCommit({
      writer: origin.writer,
      n: 1,
      heads: new Map([[GENESIS_STREAM, null]]),
      source: origin.source,
      time,
      events: [
        {
          id: origin.ledgerId,
          stream: GENESIS_STREAM,
          version: 1,
          type: LEDGER_CREATED,
          schemaVersion: 1,
          effective: { edtf: day, from: day, to: day },
          action: 'new',
          actor: { id: origin.source },
          sources: [],
          data: {},
        },
      ],
    }),
  );
}
