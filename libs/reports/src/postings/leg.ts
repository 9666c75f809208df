import {
  effectiveOf,
  measureOfClaim,
  termsOf,
  type Claim,
  type ClaimValue,
  type Leg,
  type LegTerms,
  type Measured,
  type TermsInForce,
} from '@deal-ledger/domain';
import { canonical, difference, holds, type Posting } from '../posting';
import { scaleFor, spread, type Side } from '../spread';
import { timeline, type Since } from '../timeline';
import { shared } from './shares';

const CONFIDENCES = ['low', 'medium', 'high'] as const;

const MEASURES = {
  money: { firm: 'leg.firm', expected: 'leg.expected', ceiling: 'leg.ceiling' },
  quantity: { firm: 'leg.qtyFirm', expected: 'leg.qtyExpected', ceiling: 'leg.qtyCeiling' },
} as const;

/** What changes of a leg's terms by date, from when it is part of the deal until it is removed. */
export function legDifference(dealId: string, before: Leg | undefined, after: Leg | undefined): Posting[] {
  const was = before === undefined ? [] : inTime(before);
  const is = after === undefined ? [] : inTime(after);
  // Up to there nothing changes, and of a leg with many terms most of the lines are these.
  const from = before === undefined || after === undefined ? 0 : lastShared(before, was, after, is);
  const linesOf = (entries: readonly Entry[]): Posting[] =>
    timeline(entries.slice(from), (value) => (value === null ? [] : legLines(dealId, value)));
  return difference(linesOf(was), linesOf(is));
}

/** Null from the day on that the leg is removed. */
type Entry = Since<TermsInForce | null>;

/** The place of the last terms that both have and that are in force in both for some time. */
function lastShared(before: Leg, was: readonly Entry[], after: Leg, is: readonly Entry[]): number {
  if (before.added !== after.added) return 0;
  const changed = after.changes.findIndex((change, index) => change !== before.changes[index]);
  const present = [was, is].map((entries) => entries.findLastIndex(({ value }) => value !== null));
  return Math.min(changed < 0 ? after.changes.length : changed, ...present);
}

/** A leg's terms one after the other; null once it is removed. */
function inTime(leg: Leg): Entry[] {
  const { removedFrom } = leg;
  const terms = termsOf(leg)
    .filter(({ from }) => removedFrom === null || from === null || from < removedFrom)
    .map((value) => ({ from: value.from ?? undefined, value }));
  return [...terms, ...(removedFrom === null ? [] : [{ from: removedFrom, value: null }])];
}

/** What a leg is and states, and its amounts by the period they fall due in. */
function legLines(dealId: string, inForce: TermsInForce): Posting[] {
  const { terms } = inForce;
  const subject = `${dealId}/${terms.legId}`;
  return [
    holds('leg', subject, description(inForce)),
    ...amountLines(subject, terms, 'quantity', terms.quantity ?? undefined),
    ...amountLines(subject, terms, 'money', terms.money ?? undefined),
  ];
}

function description({ terms, termsEventId, sources }: TermsInForce): object {
  const { quantity, money } = terms;
  return {
    class: terms.class,
    category: terms.category ?? null,
    providers: terms.providers,
    receivers: terms.receivers,
    sharedSide: sharedSide(terms),
    shares: terms.shares ?? null,
    itemId: terms.itemId ?? null,
    per: terms.per ?? null,
    unit: statedIn(quantity),
    currency: statedIn(money),
    qtyExpectedStated: quantity?.expected !== undefined,
    expectedStated: money?.expected !== undefined,
    undisclosed: quantity?.undisclosed === true || money?.undisclosed === true,
    bound: money?.bound ?? quantity?.bound ?? null,
    scheduleMethod: terms.class === 'funding' ? null : (terms.schedule?.method ?? 'unscheduled'),
    commencesOn: terms.commencesOn ?? null,
    commencesBy: (terms.commencesOn == null ? undefined : effectiveOf(terms.commencesOn)?.to) ?? null,
    reciprocalOf: terms.reciprocalOf ?? null,
    fundingId: terms.fundingId ?? null,
    sourceIds: [...new Set(sources.map(({ sourceId }) => sourceId))],
    confidence: CONFIDENCES.find((level) => sources.some(({ confidence }) => confidence === level)) ?? null,
    termsEventId,
  };
}

function statedIn(claim: Claim<Measured> | null | undefined): string | null {
  return claim == null ? null : (measureOfClaim(claim) ?? null);
}

function sharedSide({ shares, providers }: LegTerms): 'providers' | 'receivers' | null {
  if (shares == null || shares.length === 0) return null;
  return providers.length > 1 ? 'providers' : 'receivers';
}

/** What is certain, what is expected, and the most it can be: the ceiling, else the other two. */
function amountLines(subject: string, terms: LegTerms, side: Side, claim: Claim<Measured> | undefined): Posting[] {
  if (claim === undefined || claim.undisclosed === true) return [];
  const highest: ClaimValue =
    claim.ceiling !== undefined ? 'ceiling' : claim.expected !== undefined ? 'expected' : 'firm';
  const line = (measure: string, name: ClaimValue): Posting[] => valueLines(subject, measure, terms, side, claim, name);
  const measures = MEASURES[side];
  return [...line(measures.firm, 'firm'), ...line(measures.expected, 'expected'), ...line(measures.ceiling, highest)];
}

function valueLines(
  subject: string,
  measure: string,
  terms: LegTerms,
  side: Side,
  claim: Claim<Measured>,
  name: ClaimValue,
): Posting[] {
  const stated = claim[name];
  if (stated === undefined) return [];
  const unit = measureOfClaim(claim);
  // A rate ("900,000 a month") is no total that falls on periods.
  const isRate = side === 'quantity' && terms.per != null;
  const schedule = isRate ? undefined : terms.schedule;
  const buckets = spread(claim, name, schedule ?? { method: 'unscheduled' }, side);
  return buckets
    .flatMap(({ period, amount }) =>
      shared(terms, amount, scaleFor(stated)).map((part) => ({
        measure,
        subject,
        value: part.partyId === undefined ? undefined : canonical({ partyId: part.partyId }),
        period,
        unit,
        amount: part.amount,
      })),
    )
    .filter(isSome);
}

/** A line of nothing says nothing: what is stated is told by the leg's description. */
const isSome = ({ amount }: Posting): boolean => !/^0(?:\.0*)?$/.test(amount);
