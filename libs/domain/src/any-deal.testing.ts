import type { z } from 'zod';
import {
  currencyFor,
  ITEMS,
  moneyClaim,
  moneyFor,
  moneyIn,
  PARTIES,
  qtyClaim,
  type Dice,
  type Proposals,
} from './any.testing';
import type { dealEvents } from './deal';
import { sum, times } from './decimal';
import type { fundingEvents } from './funding';

const LEGS = ['L1', 'L1', 'L2', 'L2', 'L3'];
const TRANCHES = ['T1', 'T1', 'T2'];

type Terms = z.input<typeof dealEvents.LegTermsChanged.data>['terms'];

/** Money and how it falls due; of some schedules the amounts follow from the money. */
function moneyTerms(id: string, dice: Dice): Terms {
  const currency = currencyFor(id, dice);
  const from = dice.month();
  const to = dice.oneOf([from, '2027-06', '2027-12', '2032-03']);
  const [one, other] = [moneyIn(currency, dice), moneyIn(currency, dice)];
  const total = { currency, amount: sum([one.amount, other.amount]) };
  switch (dice.between(0, 6)) {
    case 0:
      return {
        money: { firm: total },
        schedule: {
          method: 'explicit',
          lines: [
            { period: dice.period(), money: { firm: one } },
            { period: dice.period(), money: { firm: other } },
          ],
        },
      };
    case 1: {
      const [r0, r1] = [dice.between(0, 9), dice.between(0, 9)];
      return {
        money: { firm: { currency, amount: times(String(r0 + r1), 6) } },
        schedule: { method: 'ramp', from: '2026-07', to: '2027-06', r0: String(r0), r1: String(r1) },
      };
    }
    case 2:
      return {
        money: moneyClaim(currency, dice),
        schedule: { method: 'proRataDays', from: dice.day(), to: dice.oneOf(['2027-01-15', '2028-02-29']) },
      };
    case 3:
      return { money: moneyClaim(currency, dice), schedule: { method: 'lump', period: dice.period() } };
    case 4:
      return { money: moneyClaim(currency, dice), schedule: { method: 'unscheduled' } };
    case 5:
      return { money: moneyClaim(currency, dice) };
    default:
      return { money: moneyClaim(currency, dice), schedule: { method: 'evenMonths', from, to } };
  }
}

function sides(dice: Dice) {
  const [one = '', ...others] = dice.some(PARTIES, dice.happens(0.25) ? 3 : 2);
  const [providers, receivers] = dice.happens(0.5) ? [[one], others] : [others, [one]];
  const shares = [
    { partyId: others[0] ?? '', share: '0.3' },
    { partyId: others[1] ?? '', share: '0.7' },
  ];
  return { providers, receivers, ...(others.length > 1 && dice.happens(0.5) ? { shares } : {}) };
}

export const deal: Proposals<typeof dealEvents> = {
  DealOpened: (dealId, dice) => ({
    dealId,
    title: dice.oneOf(['Alliance', 'Lease', 'Supply']),
    kinds: dice.some(['lease', 'supply', 'investment'], dice.between(1, 2)),
    parties: dice
      .some(PARTIES, dice.between(2, 3))
      .map((partyId) => ({ partyId, role: dice.oneOf(['lessor', 'lessee']) })),
    ...dice.maybe({ replacesDealId: 'd1' }, 0.2),
  }),
  DealAnnounced: (_, dice) => dice.maybe({ announcedOn: dice.effective(), by: [dice.oneOf(PARTIES)] }),
  AgreementSigned: (_, dice) => ({
    instrument: dice.oneOf(['loi', 'framework', 'definitive', 'amendment']),
    binding: dice.oneOf(['yes', 'yes', 'yes', 'no', 'unknown']),
    ...dice.maybe({ effectiveFrom: dice.day(), expiresOn: '2027-12-31' }),
  }),
  LegAdded: (id, dice) => {
    const legId = dice.oneOf(LEGS);
    const type = dice.oneOf(['payment', 'payment', 'payment', 'lease', 'supply', 'funding'] as const);
    const more = dice.maybe({ reciprocalOf: dice.oneOf(LEGS) }, 0.1);
    if (type === 'funding') return { legId, class: type, ...sides(dice), fundingId: dice.oneOf(['f1', 'f2']), ...more };
    if (type !== 'payment')
      return {
        legId,
        class: type,
        ...sides(dice),
        itemId: dice.oneOf(ITEMS),
        quantity: qtyClaim(type === 'supply' ? 'WFR' : 'EA', dice),
        commencesOn: dice.effective(),
        ...dice.maybe({ schedule: { method: 'evenMonths' as const, from: '2026-03', to: '2026-09' } }),
        ...more,
      };
    const category = dice.oneOf(['computeRental', 'memory']);
    return { legId, class: type, category, ...sides(dice), ...moneyTerms(`${id}-${legId}`, dice), ...more };
  },
  LegTermsChanged: (id, dice) => {
    const legId = dice.oneOf(LEGS);
    return {
      legId,
      changeType: dice.oneOf(['amendment', 'disclosure'] as const),
      ...dice.maybe({ amendmentNo: dice.between(1, 2) }, 0.3),
      ...dice.maybe({ effectiveFrom: dice.day() }),
      terms: dice.happens(0.7) ? moneyTerms(`${id}-${legId}`, dice) : { quantity: qtyClaim('EA', dice) },
    };
  },
  LegRemoved: (_, dice) => ({ legId: dice.oneOf(LEGS), reason: 'left out' }),
  DealProbabilityAssessed: (_, dice) => ({ probability: dice.oneOf(['0.1', '0.35', '1']), method: 'judgement' }),
  CostIncurred: (id, dice) => {
    const legId = dice.oneOf(LEGS);
    return {
      costId: `c${dice.between(1, 6)}`,
      legId,
      period: dice.period(),
      money: moneyFor(`${id}-${legId}`, dice, 30),
      overCeiling: dice.happens(0.5),
    };
  },
  PaymentMade: (id, dice) => {
    const legId = dice.oneOf(LEGS);
    return {
      paymentId: `p${dice.between(1, 6)}`,
      legId,
      kind: dice.oneOf(['settlement', 'prepayment', 'deposit', 'refund'] as const),
      money: moneyFor(`${id}-${legId}`, dice, 15),
    };
  },
  PaymentReversed: (_, dice) => ({ paymentId: `p${dice.between(1, 6)}`, reason: 'it bounced' }),
  DealClosed: (_, dice) => ({
    outcome: dice.oneOf(['completed', 'terminated', 'lapsed', 'withdrawn'] as const),
    reason: 'over',
    ...dice.maybe({ terminationFee: moneyIn('USD', dice) }, 0.3),
  }),
};

export const funding: Proposals<typeof fundingEvents> = {
  FundingProposed: (fundingId, dice) => {
    const [recipientId = '', ...funderIds] = dice.some(PARTIES, dice.between(2, 3));
    return {
      fundingId,
      funderIds,
      recipientId,
      instrument: dice.oneOf(['equity', 'debt', 'grant'] as const),
      amount: dice.happens(0.2)
        ? { undisclosed: true }
        : { ceiling: { currency: fundingId === 'f2' ? 'KRW' : 'USD', amount: '150' } },
      ...dice.maybe({ dealId: dice.oneOf(['d1', 'd2']) }),
    };
  },
  FundingCommitted: (id, dice) => ({
    committed: { currency: currencyFor(id, dice), amount: String(dice.between(60, 150)) },
    ...dice.maybe({ availability: { from: '2026-01-01', to: dice.oneOf([null, '2026-10-31', '2027-12-31']) } }),
  }),
  CommitmentChanged: (id, dice) => ({
    committed: { currency: currencyFor(id, dice), amount: String(dice.between(40, 150)) },
    changeType: dice.oneOf(['amendment', 'disclosure'] as const),
    reason: 'agreed anew',
  }),
  TrancheScheduled: (id, dice) => ({
    trancheId: dice.oneOf(TRANCHES),
    amount: moneyClaimWithin(id, dice),
    condition: { type: dice.oneOf(['milestone', 'date', 'none', 'none'] as const) },
    ...dice.maybe({ window: dice.effective() }),
  }),
  TrancheConditionMet: (_, dice) => ({
    trancheId: dice.oneOf(TRANCHES),
    evidence: 'seen',
    ...dice.maybe({ waived: true }, 0.2),
  }),
  FundsCalled: (id, dice) => ({
    callId: `c${dice.between(1, 5)}`,
    trancheId: dice.oneOf(TRANCHES),
    money: moneyFor(id, dice, 20),
    dueOn: dice.day(),
  }),
  FundsReceived: (id, dice) => ({
    receiptId: `r${dice.between(1, 6)}`,
    trancheId: dice.oneOf(TRANCHES),
    money: moneyFor(id, dice, 12),
    ...dice.maybe({ callId: `c${dice.between(1, 5)}` }),
  }),
  FundsRepaid: (id, dice) => {
    const kind = dice.oneOf(['principal', 'interest', 'returnOfCapital'] as const);
    const recallable = kind !== 'interest' && dice.happens(0.5);
    return { repaymentId: `b${dice.between(1, 5)}`, money: moneyFor(id, dice, 8), kind, recallable };
  },
  TrancheCancelled: (_, dice) => ({ trancheId: dice.oneOf(TRANCHES), reason: 'not needed' }),
  FundingClosed: (_, dice) => ({
    outcome: dice.oneOf(['fullyDrawn', 'cancelled', 'expired'] as const),
    reason: 'over',
  }),
};

function moneyClaimWithin(id: string, dice: Dice) {
  const ceiling = { currency: currencyFor(id, dice), amount: String(dice.between(1, 60)) };
  return dice.happens(0.1) ? { undisclosed: true } : { ceiling };
}
