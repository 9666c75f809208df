import { MemoryLog } from '@deal-ledger/log';
import { audit, auditEvents, auditTrail, type Row } from '@deal-ledger/reports';
import { validQuery } from '@deal-ledger/service';
import { describeWithPostgres } from '../../../tests/harness';
import { querySchema, type ReportQuery } from './reading';
import { strangeEvent, TestWriter } from './testing';
import { TestProjection, type ReportAnswer } from './testing-projection';
import { pick } from './testing-reports';
import { LONG } from './walk';

jest.setTimeout(120_000);

const COMMITS = LONG + 500;
const STREAMS = 40;
const RARE = [17, 9_000, COMMITS - 1];
/** This one has several events. */
const WIDE = 5_000;

describeWithPostgres('the events of a long ledger', (url) => {
  let events: TestProjection;
  let expected: string[];

  beforeAll(async () => {
    const log = new MemoryLog();
    const writer = new TestWriter(log);
    await writer.begin();
    expected = ['0.0'];
    for (let position = 1; position <= COMMITS; position += 1) {
      const version = Math.ceil(position / STREAMS);
      const event = {
        ...strangeEvent(`invention/i${position % STREAMS}`, version),
        correlationId: RARE.includes(position) ? 'rare' : 'usual',
      };
      const more = position === WIDE ? [strangeEvent('invention/wide', 1), strangeEvent('invention/wide', 2)] : [];
      await writer.append([event, ...more]);
      for (const ordinal of [event, ...more].keys()) expected.push(`${position}.${ordinal}`);
    }
    events = await TestProjection.start(log, audit, { connectionString: url });
    await events.caughtUp();
  });
  afterAll(() => events.stop());

  const read = (query: Record<string, string> = {}): Promise<ReportAnswer> => events.read(auditEvents, query);
  const placesIn = (rows: readonly Row[]): string[] =>
    pick(rows, 'position', 'ordinal').map((place) => place.join('.'));

  async function pages(query: Record<string, string>, atMost = Infinity): Promise<string[]> {
    const rows: Row[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < atMost; page += 1) {
      const answer: ReportAnswer = await read(cursor === null ? query : { cursor, limit: query['limit'] ?? '1000' });
      expect(answer.meta).toMatchObject({ rowCount: null, totals: null });
      rows.push(...answer.rows);
      cursor = answer.meta.nextCursor;
      if (cursor === null) break;
    }
    return placesIn(rows);
  }

  it('are had in pages from the beginning to the end, none twice and none left out', async () => {
    expect(await pages({})).toEqual(expected);
  });

  it('are had in pages of the audit trail too', async () => {
    const { rows, meta } = await events.read(auditTrail, { limit: '3' });
    expect(meta).toMatchObject({ rowCount: null, totals: null });
    expect(placesIn(rows)).toEqual(expected.slice(0, 3));
    const next = await events.read(auditTrail, { cursor: meta.nextCursor ?? '', limit: '3' });
    expect(placesIn(next.rows)).toEqual(expected.slice(3, 6));
  });

  it('are had from the end as well, a commit’s events in their order', async () => {
    const backwards = [...expected].sort((one, other) => {
      const [[a = 0, b = 0], [c = 0, d = 0]] = [one.split('.').map(Number), other.split('.').map(Number)];
      return c - a || b - d;
    });
    expect(await pages({ sort: '-position', limit: '7' }, 5)).toEqual(backwards.slice(0, 35));
    expect(await pages({ sort: '-position' })).toEqual(backwards);
  });

  it('are cut between the events of one commit', async () => {
    // Six pages end behind the second of the three events.
    const places = await pages({ positionFrom: '400', limit: '767' }, 7);
    expect(places.slice(4_599, 4_604)).toEqual(['4999.0', '5000.0', '5000.1', '5000.2', '5001.0']);
    expect(places).toHaveLength(7 * 767);
  });

  it('are found however few and far between', async () => {
    const { rows, meta } = await read({ correlation: 'rare' });
    expect(pick(rows, 'position').flat()).toEqual(RARE);
    expect(meta).toMatchObject({ rowCount: null, nextCursor: null });
    expect((await read({ correlation: 'none' })).rows).toEqual([]);
    const [first] = (await read({ correlation: 'rare', sort: '-position', limit: '1' })).rows;
    expect(first).toMatchObject({ position: COMMITS - 1 });
  });

  it('are had all at once, part by part', async () => {
    const query = validQuery(querySchema(auditEvents), {}) as unknown as ReportQuery;
    const parts = await events.reports.all(await events.reports.ask(auditEvents, query, {}));
    const sizes: number[] = [];
    const rows: Row[] = [];
    for await (const part of parts) {
      sizes.push(part.length);
      rows.push(...part);
    }
    expect(placesIn(rows)).toEqual(expected);
    expect(Math.max(...sizes)).toBeLessThan(5_000);
  });

  it('are counted where they are few: of a stretch, of a stream, of one event', async () => {
    const stretch = await read({ positionFrom: '4999', positionTo: '5001' });
    expect(stretch.meta).toMatchObject({ rowCount: 5, totals: { byVerdict: { fact: 5 } } });
    expect((await read({ stream: 'invention/wide' })).meta.rowCount).toBe(2);
    expect((await read({ eventId: 'invention/wide#2' })).meta.rowCount).toBe(1);
  });
});
