import { deal, idOf, legOf, STAGES, type DealEvent, type DealState, type Stage } from '@deal-ledger/domain';
import { difference, holds, type Posting, type PostingRule } from '../posting';
import { reached } from '../stage';
import { timeline } from '../timeline';
import { legLines } from './leg';

/** A deal's stage as it changes by date, and the terms and amounts of its legs. */
export const dealPostings: PostingRule<DealState, DealEvent> = {
  kind: 'deal',
  evolve: deal.evolve,

  post(before, event, after) {
    const dealId = idOf(event.stream);
    switch (event.type) {
      case 'DealOpened':
      case 'DealAnnounced':
      case 'AgreementSigned':
        return difference(before === undefined ? [] : stageLines(dealId, before), stageLines(dealId, after));
      case 'LegAdded': {
        const leg = legOf(after, event.data.legId);
        return leg === undefined ? [] : legLines(dealId, leg);
      }
    }
  },
};

function stageLines(dealId: string, { milestones }: DealState): Posting[] {
  const entries = milestones.map(({ on, stage }) => ({ from: on, value: stage }));
  const stages = reached<Stage>([{ from: undefined, value: 'exploring' }, ...entries], STAGES);
  return timeline(stages, (stage) => [holds('deal.stage', dealId, { stage })]);
}
