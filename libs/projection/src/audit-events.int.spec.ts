import { randomUUID } from 'node:crypto';
import { MemoryLog } from '@deal-ledger/log';
import { audit, auditEvents, auditTrail, type Row } from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import { TestWriter, type PostedLine } from './testing';
import { projected, TestProjection, type ReportAnswer } from './testing-projection';
import { deal as opened, pick } from './testing-reports';
import { story } from './testing-story';

jest.setTimeout(60_000);

const deal = (id: string, more: Partial<PostedLine> = {}): PostedLine => ({
  id: `opened-${id}`,
  ...opened(id),
  ...more,
});
const announced = (id: string, more: Partial<PostedLine> = {}): PostedLine => ({
  id: `announced-${id}`,
  stream: `deal/${id}`,
  type: 'DealAnnounced',
  data: {},
  ...more,
});

/** The record at a position, appended once more. */
async function copied(log: MemoryLog, position: number): Promise<number> {
  const [record] = await log.at([position]);
  if (record === undefined) throw new Error(`no ${position}`);
  const headers = Object.fromEntries(record.headers.map(([name, value]) => [name, value.toString()]));
  return log.append({ key: String(record.key), value: record.value ?? Buffer.alloc(0), headers });
}

describeWithPostgres('the events that an auditor asks for', (url) => {
  const running: TestProjection[] = [];
  afterAll(async () => {
    for (const projection of running) await projection.stop();
  });

  describe('of the whole story', () => {
    let events: TestProjection;
    beforeAll(async () => {
      events = (await projected(url, audit, story)).projection;
      running.push(events);
    });
    const rows = async (query: Record<string, string> = {}): Promise<readonly Row[]> =>
      (await events.read(auditEvents, query)).rows;
    const event = async (eventId: string, query: Record<string, string> = {}): Promise<Row> => {
      const [row] = await rows({ eventId, ...query });
      if (row === undefined) throw new Error(`no ${eventId}`);
      return row;
    };

    it('says of every event what the audit trail says, and that it is a fact', async () => {
      const { rows: trail, meta } = await events.read(auditTrail);
      const all = await events.read(auditEvents);
      expect(all.rows).toEqual(trail.map((row) => expect.objectContaining(row) as Row));
      expect(all.meta.totals).toEqual({ ...meta.totals, byVerdict: { fact: 116, void: 0, foreign: 0 } });
      expect(new Set(pick(all.rows, 'verdict', 'why', 'record').map(String))).toEqual(new Set(['fact,,']));
    });

    it('shows of a correction what was said before and after, and what changed', async () => {
      const { dataBefore, dataAfter, changes, ...row } = await event('evt-0066');
      const before = JSON.parse(String((await event('evt-0051'))['data'])) as Row;
      const after = JSON.parse(String(row['data'])) as Row;
      expect(row).toMatchObject({ action: 'correct', correctsEventId: 'evt-0051' });
      expect([JSON.parse(String(dataBefore)), JSON.parse(String(dataAfter))]).toEqual([before, after]);
      const told = JSON.parse(String(changes)) as { pointer: string; before: unknown; after: unknown }[];
      expect(told.map(({ pointer }) => pointer)).toEqual(row['changed']);
      expect(told).toContainEqual({ pointer: '/data/rate/unit', before: 'EA', after: 'WFR' });
      expect(row['changed']).toContain('/sources/0/sourceId');
      expect(row['changed']).not.toContain('/data/poolId');
    });

    it('shows of a cancel what was said before, and that nothing is left of it', async () => {
      const row = await event('evt-0101');
      expect(row).toMatchObject({ dataAfter: null, changed: ['/data', '/effective', '/sources'] });
      expect(JSON.parse(String(row['dataBefore']))).toMatchObject({ paymentId: 'p3-dup' });
      expect(JSON.parse(String(row['changes']))).toContainEqual({
        pointer: '/effective',
        before: expect.any(String) as string,
        after: null,
      });
    });

    it('shows nothing of that for an event that corrects nothing', async () => {
      expect(await event('evt-0032')).toMatchObject({
        dataBefore: null,
        dataAfter: null,
        changes: null,
        changed: [],
        sources: expect.stringContaining('src-ar-2025-10') as string,
      });
    });

    it('finds by a range of positions what the audit trail finds by it', async () => {
      const range = { positionFrom: '30', positionTo: '34' };
      expect(pick(await rows(range), 'position').flat()).toEqual([30, 31, 32, 33, 34]);
      expect(pick((await events.read(auditTrail, range)).rows, 'position').flat()).toEqual([30, 31, 32, 33, 34]);
      // A correction far behind the range is told of what is in it.
      expect(await event('evt-0051', { positionTo: '60' })).toMatchObject({ correctedBy: 'evt-0066' });
    });
  });

  describe('of records that are no facts', () => {
    let events: TestProjection;
    let at: Record<'copy' | 'lost' | 'again' | 'gap' | 'bytes' | 'strange', number>;

    beforeAll(async () => {
      const log = new MemoryLog();
      const writer = new TestWriter(log);
      const rival = new TestWriter(log);
      await writer.begin();
      const first = await writer.post(deal('d'));
      const copy = await copied(log, first);
      // Decided when there was no such deal.
      const lost = await rival.post(
        deal('d', { id: 'mine', correlationId: 'ticket-7', onBehalfOf: { id: 'ann', role: 'strategicFinance' } }),
      );
      const again = await writer.post(announced('d', { id: 'mine' }));
      const gap = await log.append(await recordWith(log, first, 'deal/gap', 7));
      const bytes = await log.append({
        key: '\u0000x',
        value: Buffer.from(`not\u0000 a commit ${'x'.repeat(5_000)}`),
        headers: {},
      });
      const strange = await log.append({ key: 'x', value: Buffer.from([0xff, 0xfe, 0x00]), headers: { a: 'b' } });
      at = { copy, lost, again, gap, bytes, strange };
      events = await TestProjection.start(log, audit, { connectionString: url });
      running.push(events);
      await events.caughtUp();
    });

    const read = (query: Record<string, string>): Promise<ReportAnswer> => events.read(auditEvents, query);
    const record = async (position: number, query: Record<string, string> = {}): Promise<Row> => {
      const { rows } = await read({
        include: 'void,foreign',
        positionFrom: String(position),
        positionTo: String(position),
        ...query,
      });
      if (rows[0] === undefined) throw new Error(`nothing at ${position}`);
      return rows[0];
    };
    const kept = (row: Row): unknown => JSON.parse(String(row['record']));

    it('leaves them out unless they are asked for, each kind by itself or both', async () => {
      const verdicts = async (include?: string): Promise<unknown> =>
        ((await read(include === undefined ? {} : { include })).meta.totals as { byVerdict: unknown }).byVerdict;
      expect(await verdicts()).toEqual({ fact: 3, void: 0, foreign: 0 });
      expect(await verdicts('void')).toEqual({ fact: 3, void: 3, foreign: 0 });
      expect(await verdicts('foreign')).toEqual({ fact: 3, void: 0, foreign: 2 });
      expect(await verdicts('void,foreign')).toEqual({ fact: 3, void: 3, foreign: 2 });
      await expect(read({ include: 'everything' })).rejects.toMatchObject({ status: 400 });
    });

    it('tells of a copy that came again by which number it lost, and where the first one stands', async () => {
      const row = await record(at.copy);
      expect(row).toMatchObject({
        verdict: 'void',
        eventId: 'opened-d',
        isCurrent: false,
        factPosition: 1,
        data: null,
      });
      expect(row['why']).toBe(
        'Void: it is number 1 of its writer, and number 1 stood in the ledger before it. A number counts once and only upwards: ' +
          'this is a copy that came again, or came too late. The first copy is a fact at position 1.',
      );
      expect(kept(row)).toMatchObject({ number: 1, metNumber: 1 });
    });

    it('tells of a commit that came second which head it was decided on, which it met, and where it was decided again', async () => {
      const row = await record(at.lost);
      const winner = (await record(1))['commit'] as string;
      expect(row).toMatchObject({
        ...{ verdict: 'void', stream: 'deal/d', version: 1, type: 'DealOpened', actorId: 'local', onBehalfOfId: 'ann' },
        ...{ correlationId: 'ticket-7', effective: '2025-10-05', sourceIds: ['filing'], factPosition: at.again },
      });
      expect(row['why']).toBe(
        `Void: the last commit of deal/d was ${winner} (position 1), and it was decided on none: that the stream did not exist. ` +
          `Another commit had come first. It was decided again, and is a fact at position ${at.again}.`,
      );
      expect(kept(row)).toMatchObject({ heads: [{ stream: 'deal/d', expected: null, found: winner, version: 1 }] });
    });

    it('does not know before it was recorded that it was decided again', async () => {
      const row = await record(at.lost, { asOf: String(at.lost) });
      expect(row).toMatchObject({ factPosition: null });
      expect(row['why']).toMatch(/No fact says the same as far as was known\.$/);
      expect((await read({ include: 'void,foreign', asOf: String(at.lost) })).meta.rowCount).toBe(4);
    });

    it('tells of a commit whose versions do not follow which one was due', async () => {
      const row = await record(at.gap);
      expect(row['why']).toContain('Void: version 1 of deal/gap was due, and its event 0 says another.');
    });

    it('tells of foreign bytes why they are no commit, how many they are and how they begin, not all of them', async () => {
      const row = await record(at.bytes);
      expect(row).toMatchObject({
        verdict: 'foreign',
        stream: null,
        eventId: null,
        actorId: null,
        commit: null,
        factPosition: null,
      });
      expect(row['why']).toBe(
        'Foreign: these bytes are no commit of a ledger: content-type is not that of a commit. Everybody skips them alike.',
      );
      const { preview, ...rest } = kept(row) as { preview: string };
      expect(preview).toMatch(/^not\uFFFD a commit x+$/);
      expect(preview.length).toBe(256);
      expect(rest).toEqual({
        bytes: 5_014,
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        key: '\uFFFDx',
        headers: [],
      });
      expect(kept(await record(at.strange))).toMatchObject({ bytes: 3, headers: ['a'] });
    });

    it('finds them by the same filters as facts', async () => {
      const found = async (query: Record<string, string>): Promise<unknown[]> =>
        pick((await read({ include: 'void,foreign', ...query })).rows, 'position').flat();
      expect(await found({ stream: 'deal/d' })).toEqual([1, at.copy, at.lost, at.again]);
      expect(await found({ verdict: 'void' })).toEqual([at.copy, at.lost, at.gap]);
      expect(await found({ verdict: 'foreign' })).toEqual([at.bytes, at.strange]);
      expect(await found({ correlation: 'ticket-7' })).toEqual([at.lost]);
      expect(await found({ onBehalfOf: 'ann' })).toEqual([at.lost]);
      expect(await found({ text: 'A COMMIT XXX' })).toEqual([at.bytes]);
      expect(await found({ source: 'filing', eventId: 'mine', sort: '-verdict,position' })).toEqual([
        at.lost,
        at.again,
      ]);
    });
  });
});

/** A copy of the record at a position, by another writer and of another stream, whose version it says. */
async function recordWith(log: MemoryLog, position: number, stream: string, version: number) {
  const [record] = await log.at([position]);
  const [event] = JSON.parse(String(record?.value)) as object[];
  return {
    key: stream,
    value: Buffer.from(JSON.stringify([{ ...event, subject: stream, sequence: String(version) }])),
    headers: {
      'content-type': 'application/cloudevents-batch+json',
      writer: randomUUID(),
      n: '1',
      heads: JSON.stringify({ [stream]: null }),
    },
  };
}
