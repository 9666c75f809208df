import { idOf, type ForecastEvent } from '@deal-ledger/domain';
import { negated } from '../decimal';
import { holds, type Posting, type PostingRule } from '../posting';

/** Each published version of a forecast, whole, and that it was withdrawn; none depends on another. */
export const forecastPostings: PostingRule<null, ForecastEvent> = {
  kind: 'forecast',
  evolve: () => null,

  post(_, event) {
    switch (event.type) {
      case 'ForecastPublished':
        return published(event);
      case 'ForecastWithdrawn': {
        const subject = `${idOf(event.stream)}/${event.data.version}`;
        return [{ ...holds('forecast.withdrawn', subject, {}), effective: event.effective.to }];
      }
    }
  },
};

function published(event: Extract<ForecastEvent, { type: 'ForecastPublished' }>): Posting[] {
  const { version, entityId, measure, basis, method, lines } = event.data;
  const subject = `${idOf(event.stream)}/${version}`;
  return [
    holds('forecast', subject, {
      version,
      entityId,
      measure,
      basis,
      method: method ?? null,
      publishedAt: event.effective.edtf,
      publishedOn: event.effective.to,
      currency: lines[0]?.money.currency ?? null,
      lines: lines.map(({ period, scenario, bound }) => ({ period: period ?? null, scenario, bound: bound ?? null })),
      sourceIds: [...new Set(event.sources.map(({ sourceId }) => sourceId))],
    }),
    ...lines
      .filter(({ money }) => negated(money.amount) !== '0')
      .map(({ period, scenario, money }) => ({
        measure: `forecast.${scenario}`,
        subject,
        period: period ?? undefined,
        unit: money.currency,
        amount: money.amount,
      })),
  ];
}
