import { addDecimals, negated, trimmed } from './decimal';
import type { Day, Decimal, LedgerEvent } from '@deal-ledger/domain';

/**
 * One additive line that an event writes. A figure is a formula over sums of these, and nothing
 * in it is ever updated or deleted: a change of mind is a line of the opposite sign.
 *
 * The sum at knowledge position K and date D is over the lines of events up to K whose `effective`
 * is absent or not after D. Two sorts of line share the table:
 *
 * - numeric lines: an `amount` in a `unit`, for example `leg.ceiling` of `nvda-openai/L2`;
 * - attribute lines: `amount` `1` or `-1` and a `value`. An attribute holds the value whose lines
 *   sum to 1; to change it from a day on is to write -1 of the old and +1 of the new for that day.
 *
 * Whether a number was stated at all cannot be read from a sum (a stated zero sums to nothing), so
 * the attribute beside it says which numbers are stated.
 *
 * | measure | subject | holds |
 * | --- | --- | --- |
 * | `deal`, `deal.confidence` | deal | title, kinds and parties; the lowest confidence of what is known of it |
 * | `deal.stage`, `deal.announced`, `deal.agreement` | deal | stage; when it was announced; the paper it stands on |
 * | `deal.probability`, `deal.amendment` | deal | what was assessed in its present stage; that an amendment is in force |
 * | `leg` | deal/leg | class, category, parties, what is stated, schedule, source of the terms |
 * | `leg.firm`, `.expected`, `.ceiling` | deal/leg | money by period; `value` names the party of a cut share |
 * | `leg.qtyFirm`, `.qtyExpected`, `.qtyCeiling` | deal/leg | quantities likewise |
 * | `leg.incurred` | deal/leg | money by the period of the cost; `value` has the day of its exchange rate |
 * | `leg.paid` | deal/leg | money; `value` has the day of its exchange rate and its kind; refunds and reversals are negative |
 * | `policy` | policy | probability by stage |
 * | `item` | item | its name and unit |
 * | `fx` | base/quote | rate, day and type |
 * | `conversion` | from/to, from/to/item | factor, and the first day it is assumed for |
 * | `funding` | funding | funders, recipient, instrument, deal, whether undisclosed |
 * | `funding.stage`, `funding.availability` | funding | stage; days between which money may be called |
 * | `funding.ceiling`, `.committed`, `.recallable` | funding | money |
 * | `funding.repaid` | funding | money; `value` is the day of its exchange rate |
 * | `tranche`, `tranche.condition`, `tranche.cancelled` | funding/tranche | terms; met or waived; that it is cancelled |
 * | `tranche.amount` | funding/tranche | money |
 * | `tranche.received` | funding/tranche | money; `value` is the day of its exchange rate |
 * | `call.called`, `call.received` | funding/tranche/call | money; `value` of the first says when it is due |
 * | `forecast` | forecast/version | whose, of what, on which basis, and which lines it states |
 * | `forecast.low`, `.base`, `.high` | forecast/version | money by period |
 * | `party` | party | name, country, other names |
 * | `relation` | from/to | how the one party stands to the other, with which share, of which item |
 * | `forecast.withdrawn` | forecast/version | that it was withdrawn |
 * | `pool`, `pool.availability` | pool | what is produced; when deliveries begin |
 * | `pool.declaration`, `pool.capacity` | pool | months, bound and basis of a declared rate; the rate |
 * | `request`, `request.ceiling` | reservation | who asks whom, of which pools, when; the rate |
 * | `reservation`, `reservation.closed`, `priority` | reservation | whether binding, and the least that is paid for; its end; the place in the queue |
 * | `ramp`, `plan` | reservation | which ramp is in force, and what is planned by period with its slips taken in |
 * | `ramp.plan` | reservation | what each ramp planned, by period |
 * | `slip.out`, `slip.in` | reservation | what was moved out of and into a period |
 * | `delivered`, `accepted`, `rejected` | reservation | quantities by the period of the delivery |
 * | `shortfall` | reservation | what was declared short, by period; `value` says whose and how it is made good |
 * | `site`, `site.phase`, `site.status` | site, site/phase | where and whose it is; when it is to be online; how far it is |
 * | `site.power` | site, site/phase | as planned, and as reached where that is known |
 * | `engagement` | engagement | who met whom, where, for what |
 */
export interface Posting {
  /** What is measured, for example `leg.ceiling` or `deal.stage`. */
  readonly measure: string;
  /** Whose it is: ids joined by `/`, which no id contains. */
  readonly subject: string;
  /** Canonical JSON text: of an attribute its value, of a number what tells it from its like. */
  readonly value?: string | undefined;
  /** The bucket a time-phased amount falls in (EDTF period), absent for amounts without one. */
  readonly period?: string | undefined;
  /** Counts in reports for this date and later; absent: whenever known. */
  readonly effective?: Day | undefined;
  /** Currency or unit of the amount; absent for attribute lines. */
  readonly unit?: string | undefined;
  readonly amount: Decimal;
}

/** How one kind of stream becomes postings. Pure. */
export interface PostingRule<State = unknown, Event extends LedgerEvent = LedgerEvent> {
  /** The stream kind it listens to. */
  readonly kind: string;
  /** What the stream's later postings depend on; nothing when they depend on nothing. */
  evolve(state: State | undefined, event: Event): State;
  /** The difference that `event` makes: sums before it plus these are sums after it. */
  post(before: State | undefined, event: Event, after: State): readonly Posting[];
}

/** A rule whose kind's state and events are its own business. */
export type AnyPostingRule = PostingRule<unknown, LedgerEvent>;

/** An attribute line that says `value` holds. */
export function holds(measure: string, subject: string, value: object): Posting {
  return { measure, subject, value: canonical(value), amount: '1' };
}

/** JSON text with sorted keys and without undefined members, so that equal values are equal text. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`);
  return `{${members.join(',')}}`;
}

/** What must be added to `before` to get `after`; lines that cancel out are left away. */
export function difference(before: readonly Posting[], after: readonly Posting[]): Posting[] {
  const net = new Map<string, Posting>();
  const add = (posting: Posting, amount: Decimal): void => {
    const { measure, subject, value, period, effective, unit } = posting;
    const key = `${measure}\n${subject}\n${value}\n${period}\n${effective}\n${unit}`;
    const known = net.get(key);
    net.set(key, { ...posting, amount: known === undefined ? trimmed(amount) : addDecimals(known.amount, amount) });
  };
  for (const posting of before) add(posting, negated(posting.amount));
  for (const posting of after) add(posting, posting.amount);
  return [...net.values()].filter(({ amount }) => amount !== '0');
}
