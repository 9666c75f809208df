import { amountsOf, kindNameOf, MAX_COMMIT_AMOUNTS, type LedgerEvent, type Spread } from '@deal-ledger/domain';
import type { JudgedRecord, Portions } from '@deal-ledger/ledger';

/** What an event is taken for whose amounts only the state tells: three values in every month of fifty years. */
const UNTOLD = 1_800;

/** Portions of the ledger whose postings fit into memory and into one statement, and whose commits are whole. */
export const PORTIONS: Portions = {
  weight: MAX_COMMIT_AMOUNTS,
  weightOf: (record: JudgedRecord) =>
    record.verdict === 'fact' ? record.commit.events.reduce((sum, event) => sum + weightOf(event), 0) : 1,
};

function weightOf({ stream, type, action, data }: LedgerEvent): number {
  if (kindNameOf(stream) !== 'deal') return 1;
  if (action !== 'new') return UNTOLD;
  if (!type.startsWith('Leg')) return 1;
  // A newer writer may have put anything here.
  const terms = (data ?? {}) as Spread & { readonly terms?: Spread };
  const spread = terms.terms ?? terms;
  try {
    return spread.schedule == null && type !== 'LegAdded' ? UNTOLD : amountsOf(spread) || UNTOLD;
  } catch {
    return UNTOLD;
  }
}
