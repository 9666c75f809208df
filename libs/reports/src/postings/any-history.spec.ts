import { firstDay, lastDay, STAGES, type Stage } from '@deal-ledger/domain';
import fc from 'fast-check';
import { given, type Line } from '../testing';
import { dealPostings } from './deal';
import { fundingPostings } from './funding';
import { poolPostings } from './pool';
import { referencePostings } from './reference';

const seed = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31);

const day = fc.integer({ min: 1, max: 9 }).map((number) => `2026-03-0${number}`);
const fact = fc.record({ day, stage: fc.constantFrom<Stage>('announced', 'preliminary', 'binding') });

const opened: Line = {
  type: 'DealOpened',
  data: {
    dealId: 'd',
    title: 'd',
    kinds: ['lease'],
    parties: [
      { partyId: 'nvidia', role: 'lessor' },
      { partyId: 'openai', role: 'lessee' },
    ],
  },
};

function lineOf({ day: effective, stage }: { day: string; stage: Stage }): Line {
  if (stage === 'announced') return { type: 'DealAnnounced', effective, data: {} };
  return {
    type: 'AgreementSigned',
    effective,
    data: { instrument: 'unspecified', binding: stage === 'binding' ? 'yes' : 'no' },
  };
}

const defined: Line = {
  type: 'PoolDefined',
  data: { poolId: 'p', scope: 'global', itemId: 'hbm', unit: 'WFR', per: 'P1M' },
};

const proposed: Line = {
  type: 'FundingProposed',
  data: {
    fundingId: 'f',
    funderIds: ['nvidia'],
    recipientId: 'openai',
    instrument: 'equity',
    amount: { ceiling: { currency: 'USD', amount: '30' } },
  },
};

/** What holds on a day: of what began by then the last by day, and of one day the one recorded last. */
function lastOf<Entry extends { readonly day: string }>(list: readonly Entry[], on: string): Entry | undefined {
  return list.reduce<Entry | undefined>(
    (latest, each) => (each.day <= on && (latest === undefined || each.day >= latest.day) ? each : latest),
    undefined,
  );
}

describe(`any history (seed ${seed})`, () => {
  it('gives a deal on every day exactly the highest stage that was reached by then', () => {
    fc.assert(
      fc.property(fc.array(fact, { maxLength: 8 }), day, (facts, on) => {
        const { sums } = given(dealPostings, 'deal/d', opened, ...facts.map(lineOf));
        const reached = facts.filter((each) => each.day <= on).map(({ stage }) => STAGES.indexOf(stage));
        const stage = STAGES[Math.max(0, ...reached)];
        expect(sums(on, 'deal.stage')).toEqual({ [`deal.stage d {"stage":"${stage}"}`]: '1' });
      }),
      { seed },
    );
  });

  it('has on every day exactly the policy that began last', () => {
    const policies = fc.array(fc.record({ day, announced: fc.constantFrom('0.1', '0.2', '0.3') }), { maxLength: 8 });
    fc.assert(
      fc.property(policies, day, (list, on) => {
        const lines = list.map(({ day: from, announced }) => ({
          type: 'ProbabilityPolicySet',
          data: { exploring: '0', announced, preliminary: '0', binding: '1', fundingUnlinkedProposed: '0', from },
        }));
        const begun = list.map((each, index) => ({ ...each, index })).filter((each) => each.day <= on);
        const latest = begun.sort((a, b) => (a.day === b.day ? a.index - b.index : a.day < b.day ? -1 : 1)).at(-1);
        const held = Object.entries(given(referencePostings, 'reference/policy', ...lines).sums(on));
        expect(held).toHaveLength(latest === undefined ? 0 : 1);
        if (latest !== undefined)
          expect(held[0]).toEqual([expect.stringContaining(`"announced":"${latest.announced}"`), '1']);
      }),
      { seed },
    );
  });

  it('has of a pool on every day exactly the window that was announced last', () => {
    const announcements = fc.array(fc.record({ day, window: fc.constantFrom('2027', '2027-41', '2028') }), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(announcements, day, (list, on) => {
        const lines = list.map(({ day: effective, window }) => ({
          type: 'AvailabilityAnnounced',
          effective,
          data: { firstDeliveryWindow: window },
        }));
        const { sums } = given(poolPostings, 'pool/p', defined, ...lines);
        const latest = lastOf(list, on);
        const window = latest && { from: firstDay(latest.window), to: lastDay(latest.window) };
        const held = window && { [`pool.availability p ${JSON.stringify(window)}`]: '1' };
        expect(sums(on, 'pool.availability')).toEqual(held ?? {});
      }),
      { seed },
    );
  });

  it('has committed on every day exactly the amount that was agreed last', () => {
    const changes = fc.array(fc.record({ day, amount: fc.constantFrom('10', '20', '30') }), { maxLength: 8 });
    fc.assert(
      fc.property(day, changes, day, (signed, list, on) => {
        const money = (amount: string) => ({ committed: { currency: 'USD', amount } });
        const lines = list.map(({ day: effective, amount }) => ({
          type: 'CommitmentChanged',
          effective,
          data: { ...money(amount), changeType: 'amendment', reason: 'agreed anew' },
        }));
        const committed = { type: 'FundingCommitted', effective: signed, data: money('5') };
        const { sums } = given(fundingPostings, 'funding/f', proposed, committed, ...lines);
        // Before it is signed nothing is committed, whatever day a change is given.
        const agreed = [{ day: signed, amount: '5' }, ...list].map((each) => ({
          ...each,
          day: each.day > signed ? each.day : signed,
        }));
        const latest = lastOf(agreed, on);
        expect(sums(on, 'funding.committed')).toEqual(latest ? { 'funding.committed f USD': latest.amount } : {});
      }),
      { seed },
    );
  });

  const money = (amount: number) => ({ currency: 'USD', amount: String(amount) });
  const leg: Line = {
    type: 'LegAdded',
    data: { legId: 'L', class: 'payment', providers: ['openai'], receivers: ['nvidia'], money: { firm: money(1) } },
  };
  const byDay = <Entry extends { readonly day: string }>(entries: readonly Entry[]): Entry[] =>
    [...entries].sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0));

  it('has on every day exactly the terms of a leg that began last, until the leg is removed', () => {
    const change = fc.record({ day: fc.option(day, { nil: '' }), amount: fc.integer({ min: 2, max: 9 }) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), fc.option(day), day, (changes, removedOn, on) => {
        const lines = changes.map(({ day: from, amount }) => ({
          type: 'LegTermsChanged',
          data: {
            legId: 'L',
            changeType: 'disclosure',
            terms: { money: { firm: money(amount) } },
            effectiveFrom: from === '' ? null : from,
          },
        }));
        const removal: Line[] =
          removedOn === null
            ? []
            : [{ type: 'LegRemoved', effective: removedOn, data: { legId: 'L', reason: 'left out' } }];
        const { sums } = given(dealPostings, 'deal/d', opened, leg, ...lines, ...removal);
        const gone = removedOn !== null && removedOn <= on;
        const inForce = lastOf([{ day: '', amount: 1 }, ...changes], on);
        expect(Object.values(sums(on, 'leg.firm'))).toEqual(gone ? [] : [String(inForce?.amount)]);
        expect(Object.values(sums(on, 'leg d/L'))).toEqual(gone ? [] : ['1']);
      }),
      { seed },
    );
  });

  it('gives a deal on every day the probability assessed last in its stage of that day', () => {
    const assessment = fc.record({ day, probability: fc.constantFrom('0.1', '0.2', '0.3') });
    fc.assert(
      fc.property(fc.array(fc.oneof(fact, assessment), { maxLength: 8 }), day, (facts, on) => {
        const lines = facts.map((each) =>
          'stage' in each
            ? lineOf(each)
            : {
                type: 'DealProbabilityAssessed',
                effective: each.day,
                data: { probability: each.probability, method: 'judgement' },
              },
        );
        let [reached, probability] = [0, undefined as string | undefined];
        for (const each of byDay(facts).filter((one) => one.day <= on)) {
          if ('probability' in each) probability = each.probability;
          else if (STAGES.indexOf(each.stage) > reached)
            [reached, probability] = [STAGES.indexOf(each.stage), undefined];
        }
        const held = Object.entries(given(dealPostings, 'deal/d', opened, ...lines).sums(on, 'deal.probability'));
        expect(held).toEqual(
          probability === undefined ? [] : [[expect.stringContaining(`"probability":"${probability}"`), '1']],
        );
      }),
      { seed },
    );
  });

  it('has paid on every day what was paid by then, less what came back', () => {
    const kind = fc.constantFrom('settlement', 'prepayment', 'deposit', 'refund');
    const paid = fc.record({ day, kind, amount: fc.integer({ min: 1, max: 9 }), reversedOn: fc.option(day) });
    fc.assert(
      fc.property(fc.array(paid, { maxLength: 8 }), day, (payments, on) => {
        const lines = payments.flatMap(({ day: effective, kind: of, amount, reversedOn }, index): Line[] => [
          {
            type: 'PaymentMade',
            effective,
            data: { paymentId: `p${index}`, legId: 'L', kind: of, money: money(amount) },
          },
          ...(reversedOn === null
            ? []
            : [
                {
                  type: 'PaymentReversed',
                  effective: reversedOn,
                  data: { paymentId: `p${index}`, reason: 'it bounced' },
                },
              ]),
        ]);
        const total = payments.reduce((sum, { day: made, kind: of, amount, reversedOn }) => {
          const times = (made <= on ? 1 : 0) - (reversedOn !== null && reversedOn <= on ? 1 : 0);
          return sum + times * (of === 'refund' ? -amount : amount);
        }, 0);
        const sums = Object.values(given(dealPostings, 'deal/d', opened, leg, ...lines).sums(on, 'leg.paid'));
        expect(sums.reduce((sum, amount) => sum + Number(amount), 0)).toBe(total);
      }),
      { seed },
    );
  });
});
