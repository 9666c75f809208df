import { STAGES, type Stage } from '@deal-ledger/domain';
import fc from 'fast-check';
import { given, type Line } from '../testing';
import { dealPostings } from './deal';
import { policyPostings } from './policy';

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
        const held = Object.entries(given(policyPostings, 'reference/policy', ...lines).sums(on));
        expect(held).toHaveLength(latest === undefined ? 0 : 1);
        if (latest !== undefined)
          expect(held[0]).toEqual([expect.stringContaining(`"announced":"${latest.announced}"`), '1']);
      }),
      { seed },
    );
  });
});
