import { hi, measureOfClaim } from './claim';
import { judgeAmounts, type DealEventOf } from './deal-events';
import { legOf, type DealState } from './deal-state';
import { compare, grouped } from './decimal';
import { get } from './keyed';
import type { DecisionContext } from './kind';
import { isUntil, startOf, termsOf, withTerms, type Leg } from './leg';
import { notFound, unknown, unknownItem } from './references';
import { refusal, type Refusal } from './refusal';

type TermsEvent = DealEventOf<'LegTermsChanged'>;

/** The leg with this id, unless it was removed. */
export function presentLeg(state: DealState, legId: string): Leg | undefined {
  const leg = legOf(state, legId);
  return leg === undefined || leg.removedFrom !== null ? undefined : leg;
}

export function refuseLeg(
  state: DealState,
  event: DealEventOf<'LegAdded'>,
  context: DecisionContext,
): Refusal | undefined {
  const { data } = event;
  const { legId, providers, receivers, reciprocalOf } = data;
  if (legOf(state, legId) !== undefined) {
    return refusal('LEG_EXISTS', `${event.stream} has a leg ${legId} already; choose another id.`, {
      pointer: '/data/legId',
      details: { legId },
    });
  }
  const both = providers.find((id) => receivers.includes(id));
  if (both !== undefined) {
    return refusal(
      'LEG_SAME_PARTY',
      `"${both}" is provider and receiver of leg ${legId}; a leg goes from one party to another.`,
      {
        pointer: '/data/receivers',
        details: { partyId: both },
      },
    );
  }
  if (data.class === 'funding') {
    const amount = (['quantity', 'money', 'per', 'schedule'] as const).find((field) => data[field] != null);
    if (amount !== undefined) {
      return refusal(
        'LEG_FUNDING_HAS_AMOUNT',
        `Funding leg ${legId} carries its own ${amount}; the amount stands in funding ${data.fundingId} alone, leave it out here.`,
        {
          pointer: `/data/${amount}`,
        },
      );
    }
  }
  if (reciprocalOf != null && presentLeg(state, reciprocalOf) === undefined) {
    return refusal(
      'LEG_RECIPROCAL_NOT_FOUND',
      `Leg ${legId} answers leg "${reciprocalOf}", which ${event.stream} does not have; add that one first.`,
      {
        pointer: '/data/reciprocalOf',
        details: { reciprocalOf },
      },
    );
  }
  return (
    unknown(context, 'party', providers, '/data/providers') ??
    unknown(context, 'party', receivers, '/data/receivers') ??
    unknownItem(context, data.itemId, '/data/itemId') ??
    unknown(context, 'funding', data.fundingId, '/data/fundingId')
  );
}

/** Refuses to change terms in a way that contradicts the contract, or what happened under it. */
export function refuseTerms(state: DealState, event: TermsEvent): Refusal | undefined {
  const { legId } = event.data;
  const leg = presentLeg(state, legId);
  if (leg === undefined) return notFound('leg', legId, '/data/legId');
  return (
    refuseAmendment(state, event, leg) ??
    fundingTerms(event, leg) ??
    otherThanActual(state, event) ??
    contradiction(withTerms(leg, event), event)
  );
}

function refuseAmendment(
  { agreements, lastAmendmentNo }: DealState,
  { stream, data }: TermsEvent,
  leg: Leg,
): Refusal | undefined {
  const { changeType, amendmentNo } = data;
  if (changeType === 'amendment' && agreements.length === 0) {
    return refusal(
      'AMENDMENT_NEEDS_AGREEMENT',
      `Nothing of ${stream} has been signed, so there is nothing to amend; post AgreementSigned first, or call it a disclosure.`,
      { pointer: '/data/changeType' },
    );
  }
  if (amendmentNo == null) return undefined;
  if (changeType === 'disclosure') {
    return refusal('VALIDATION_FAILED', 'A disclosure amends nothing; leave its amendmentNo out.', {
      pointer: '/data/amendmentNo',
    });
  }
  // One amendment may change several legs, each once.
  const again = amendmentNo === lastAmendmentNo && leg.changes.every((change) => change.amendmentNo !== amendmentNo);
  if (again || amendmentNo === lastAmendmentNo + 1) return undefined;
  return refusal(
    'AMENDMENT_NUMBER_GAP',
    `Amendment ${amendmentNo} was posted, the next one of ${stream} is ${lastAmendmentNo + 1}; record the ones before it first.`,
    { pointer: '/data/amendmentNo', details: { amendmentNo, expected: lastAmendmentNo + 1 } },
  );
}

function fundingTerms({ data }: TermsEvent, { terms }: Leg): Refusal | undefined {
  if (terms.class !== 'funding') return undefined;
  return refusal(
    'LEG_FUNDING_HAS_AMOUNT',
    `Funding leg ${data.legId} has no terms of its own; they stand in funding ${terms.fundingId}, change them there.`,
    { pointer: '/data/terms' },
  );
}

// Everything incurred so far counts, whatever its day: order of recording decides what is valid.
function otherThanActual({ cash }: DealState, { data }: TermsEvent): Refusal | undefined {
  const { legId, terms } = data;
  const actual = get(cash, legId);
  if (actual === undefined || terms.money === undefined) return undefined;
  const currency = measureOfClaim(terms.money);
  if (currency !== undefined && currency !== actual.currency) {
    return refusal(
      'LEG_CURRENCY_LOCKED',
      `Leg ${legId} would be in ${currency}, its costs and payments are in ${actual.currency}; keep ${actual.currency}.`,
      { pointer: '/data/terms/money', details: { currency, legCurrency: actual.currency } },
    );
  }
  const ceiling = hi(terms.money);
  if (ceiling === null || compare(ceiling, actual.incurred) >= 0) return undefined;
  return refusal(
    'CEILING_BELOW_INCURRED',
    `The most that leg ${legId} can be would be ${grouped(ceiling)} ${actual.currency}, ` +
      `${grouped(actual.incurred)} ${actual.currency} are incurred already; state at least that, or correct the costs first.`,
    { pointer: '/data/terms/money', details: { ceiling, incurred: actual.incurred } },
  );
}

/** What the terms make together with those they leave alone, on every day from their first on. */
function contradiction(leg: Leg, event: TermsEvent): Refusal | undefined {
  const start = startOf(event);
  const found: Refusal[] = [];
  for (const { from, terms } of termsOf(leg).slice(1)) {
    if (!isUntil(start, from)) continue;
    judgeAmounts(terms, (code, message, [term, ...path] = []) => {
      const isGiven = typeof term === 'string' && term in event.data.terms;
      const since = from === start ? '' : ` This holds from ${from} on, with the terms that begin then.`;
      found.push(
        refusal(code, message + since, { pointer: ['/data/terms', ...(isGiven ? [term, ...path] : [])].join('/') }),
      );
    });
  }
  return found[0];
}

/** Refuses to remove a leg under which something happened. */
export function refuseRemoval(
  state: DealState,
  { stream, data: { legId } }: DealEventOf<'LegRemoved'>,
): Refusal | undefined {
  if (presentLeg(state, legId) === undefined) return notFound('leg', legId, '/data/legId');
  const actual = get(state.cash, legId);
  if (actual === undefined) return undefined;
  const { currency, incurred, paid } = actual;
  return refusal(
    'LEG_HAS_ACTUALS',
    `Leg ${legId} of ${stream} has costs or payments (${grouped(incurred)} ${currency} incurred, ${grouped(paid)} ${currency} paid); ` +
      'cancel those that never were, or change its terms instead.',
    { pointer: '/data/legId', details: { legId, incurred, paid } },
  );
}
