import {
  spendForecast,
  supplierCommitments,
  audit,
  type ReportDefinition,
  type ReportSet,
  type Row,
} from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import { groundworkOf, marketOf } from '../../../tests/bench/market';
import type { PostedLine } from './testing';
import { projected, type TestProjection } from './testing-projection';

const seed = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31);
const STORY = [...groundworkOf(), ...[...marketOf({ seed, events: 2_500 })].flat()].map((event): PostedLine => ({
  ...event,
  data: event['data'],
}));
/** Of each report so many are asked for one by one. */
const ASKED = 12;

/** A request and a funding that name a deal, both corrected to name another. */
function renamed(): PostedLine[] {
  const naming = STORY.filter(
    ({ id, data }) => ['requested', 'proposed'].includes(id ?? '') && dealIn(data) !== undefined,
  );
  const dealIds = [...new Set(naming.map(({ data }) => dealIn(data)))];
  return ['requested', 'proposed'].flatMap((id) => {
    const named = naming.find((line) => line.id === id);
    if (named === undefined) return [];
    const dealId = dealIds.find((each) => each !== dealIn(named.data)) ?? dealIn(named.data);
    return [
      {
        ...named,
        id: `${id}-of-another`,
        action: 'correct',
        corrects: id,
        reason: 'it was another deal',
        approvedBy: { id: 'controller-1' },
        data: { ...(named.data as object), dealId },
      },
    ];
  });
}

const dealIn = (data: unknown): string | undefined => (data as { dealId?: string } | null)?.dealId;

/** Filters by an id, for which a report reads no more than it needs. */
const filtersOf = ({ key, filters, row }: ReportDefinition): string[] =>
  [key[0] ?? '', 'dealId'].filter(
    (name, index, all) => filters[name] !== undefined && row.shape[name] !== undefined && all.indexOf(name) === index,
  );

describeWithPostgres(`reports of one deal, funding, pool … (seed ${seed})`, (url) => {
  const corrected = renamed();

  it.each<[string, ReportSet]>([
    ['finance', spendForecast],
    ['supply', supplierCommitments],
    ['audit', audit],
  ])(
    'have the very rows of %s that the whole report has of it, as known now and before',
    async (_, set) => {
      const { projection } = await projected(url, set, [...STORY, ...corrected]);
      try {
        for (const asOf of [STORY.length + corrected.length, STORY.length, Math.floor(STORY.length / 2)]) {
          for (const definition of set.reports) {
            for (const filter of filtersOf(definition)) await compare(projection, definition, filter, String(asOf));
          }
        }
      } finally {
        await projection.stop();
      }
    },
    180_000,
  );

  async function compare(
    projection: TestProjection,
    definition: ReportDefinition,
    filter: string,
    asOf: string,
  ): Promise<void> {
    const at = { asOf, effectiveOn: '2026-06-30' };
    const whole = await allOf(projection, definition, at);
    const ids = new Set(whole.map((row) => row[filter]).filter((id) => typeof id === 'string'));
    const some = [...ids].slice(0, ASKED).map(String);
    for (const asked of [...some.map((id) => [id]), some, ['nobody', ...some.slice(-2)]].filter(
      (each) => each.length > 0,
    )) {
      const rows = await allOf(projection, definition, { ...at, [filter]: asked.join(',') });
      expect([definition.name, filter, asked, rows]).toEqual([
        definition.name,
        filter,
        asked,
        whole.filter((row) => asked.includes(String(row[filter]))),
      ]);
    }
  }
});

async function allOf(
  projection: TestProjection,
  definition: ReportDefinition,
  query: Readonly<Record<string, string>>,
): Promise<readonly Row[]> {
  const { rows, meta } = await projection.read(definition, query);
  const { nextCursor } = meta;
  return nextCursor === null ? rows : [...rows, ...(await allOf(projection, definition, { cursor: nextCursor }))];
}
