import { setTimeout as sleep } from 'node:timers/promises';
import { AUDITING_SCHEMA } from './schema';
import type { SignedCheckpoint } from './tree-check';
import { TreeStore } from './tree-store';

const POLL_MS = 200;
const NO_SUCH_TABLE = '42P01';

/**
 * The last checkpoint in the database, once one is signed for so many records or the waiting is over. Nothing
 * when none was signed, or nobody keeps a tree there.
 */
export async function signedFor(
  connectionString: string,
  records: number,
  waitMs: number,
  schema = AUDITING_SCHEMA,
): Promise<SignedCheckpoint | undefined> {
  const deadlineMs = Date.now() + waitMs;
  const store = new TreeStore(connectionString, schema, () => undefined);
  try {
    for (;;) {
      const last = await store.lastCheckpoint();
      if ((last?.size ?? 0) >= records || Date.now() >= deadlineMs) return last;
      await sleep(POLL_MS);
    }
  } catch (error) {
    if ((error as { code?: string }).code !== NO_SUCH_TABLE) throw error;
    return undefined;
  } finally {
    await store.close();
  }
}
