import {
  effectiveOf,
  measureOfClaim,
  scaleOf,
  type Claim,
  type ClaimValue,
  type Leg,
  type LegTerms,
  type Measured,
} from '@deal-ledger/domain';
import { minorUnits } from '../decimal';
import { canonical, holds, type Posting } from '../posting';
import { cut, scaleFor, spread, type Side } from '../spread';

const CONFIDENCES = ['low', 'medium', 'high'] as const;

const MEASURES = {
  money: { firm: 'leg.firm', expected: 'leg.expected', ceiling: 'leg.ceiling' },
  quantity: { firm: 'leg.qtyFirm', expected: 'leg.qtyExpected', ceiling: 'leg.qtyCeiling' },
} as const;

/** A leg's terms: what it is and what it states, and its amounts by the period they fall due in. */
export function legLines(dealId: string, leg: Leg): Posting[] {
  const { terms } = leg;
  const subject = `${dealId}/${terms.legId}`;
  return [
    holds('leg', subject, description(leg)),
    ...amountLines(subject, terms, 'quantity', terms.quantity ?? undefined),
    ...amountLines(subject, terms, 'money', terms.money ?? undefined),
  ];
}

function description({ terms, termsEventId, sources }: Leg): object {
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
  const shares = terms.shares ?? [];
  if (shares.length === 0)
    return buckets.map(({ period, amount }) => ({ measure, subject, period, unit, amount })).filter(isSome);

  const scale = Math.max(...shares.map(({ share }) => scaleOf(share)));
  const weights = shares.map(({ share }) => minorUnits(share, scale));
  return buckets
    .flatMap(({ period, amount }) =>
      cut(amount, weights, scaleFor(stated)).map((part, index) => ({
        measure,
        subject,
        value: canonical({ partyId: shares[index]?.partyId }),
        period,
        unit,
        amount: part,
      })),
    )
    .filter(isSome);
}

/** A line of nothing says nothing: what is stated is told by the leg's description. */
const isSome = ({ amount }: Posting): boolean => !/^0(?:\.0*)?$/.test(amount);
