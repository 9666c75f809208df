import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stageAt, type DealState } from './deal';
import type { ForecastState } from './forecast';
import type { FundingState } from './funding';
import { lo, hi } from './claim';
import type { ItemsState } from './reference';
import type { ReservationState } from './reservation';
import { Scenario, type Draft } from './testing';

interface Commit {
  readonly clock: string;
  readonly events: readonly Draft[];
}

const commits = readFileSync(join(__dirname, '../../../apps/standalone/data/article.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Commit);

describe('the article', () => {
  const ledger = new Scenario();
  for (const { clock, events } of commits) ledger.today(clock.slice(0, 10)).and(...events);

  it('is recorded as a whole, 58 events without a refusal', () => {
    expect(commits.flatMap(({ events }) => events)).toHaveLength(58);
    expect(ledger.state<ItemsState>('reference/items')?.items.size).toBe(8);
  });

  it.each([
    ['nvda-openai', 'announced', 3],
    ['kr-memory', 'announced', 2],
    ['kr-datacentres', 'exploring', 0],
    ['hitachi', 'preliminary', 2],
    ['g42-stargate-uae', 'exploring', 0],
  ])('leaves %s %s, with %d legs', (dealId, stage, legs) => {
    const deal = ledger.state<DealState>(`deal/${dealId}`);
    expect(deal && stageAt(deal, '2025-10-05')).toBe(stage);
    expect(Object.keys(deal?.legs ?? {})).toHaveLength(legs);
  });

  it('counts an announcement of "2025-09" from its latest day on', () => {
    const deal = ledger.state<DealState>('deal/nvda-openai');
    expect(deal && [stageAt(deal, '2025-09-29'), stageAt(deal, '2025-09-30')]).toEqual(['exploring', 'announced']);
  });

  it('keeps "up to 100 billion" a ceiling and nothing firm', () => {
    const amount = ledger.state<FundingState>('funding/nvda-openai')?.funding.amount ?? {};
    expect([lo(amount), hi(amount)]).toEqual(['0', '100000000000']);
  });

  it('tells undisclosed from zero', () => {
    const rate = ledger.state<ReservationState>('reservation/tsmc')?.request.rate ?? {};
    expect([lo(rate), hi(rate)]).toEqual([null, null]);
  });

  it('leaves the years between 2025 and 2029 unsaid', () => {
    const lines = ledger.state<ForecastState>('forecast/openai-compute-rental')?.latest.lines;
    expect(lines?.map(({ period }) => period)).toEqual(['2025', '2029']);
  });
});
