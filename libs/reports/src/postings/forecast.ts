import { idOf, type ForecastEvent } from '@deal-ledger/domain';
import { negated } from '../decimal';
import { holds, type PostingRule } from '../posting';

/** Each published version of a forecast, whole; none depends on another. */
export const forecastPostings: PostingRule<null, ForecastEvent> = {
  kind: 'forecast',
  evolve: () => null,

  post(_, event) {
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
  },
};
