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
});
