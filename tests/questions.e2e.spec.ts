import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openCheckpoint, parseVerifierKey, verifyConsistency, type Checkpoint } from '@deal-ledger/proof';
import { startPostgres } from './harness/postgres';
import { startService, type RunningService } from './harness/services';
import { afterwards, AFTERWARDS_DAY as END_DAY } from './support/afterwards';
import { addressOf, REPORTS } from './support/article';
import { post, record, send } from './support/client';
import { dataDir } from './support/data-dir';
import type { StreamEvent } from './support/events';
import { rebuildLog } from './support/rebuilt';
import { only, SetClock, Tour, type Report, type Row } from './support/tour';

jest.setTimeout(120_000);

/** The ledger as it stood after the article, after further sources, at the end of 2026, and at the end of the story. */
const ARTICLE = 58;
const SOURCES = 80;
const YEAR_END = 108;
const END = 115;

const ARTICLE_DAY = '2025-10-05';
const YEAR_END_DAY = '2026-12-31';
const USD = { reportingCurrency: 'USD' };

const data = dataDir();
const clock = new SetClock(join(mkdirOf(join(data.path, '..')), 'clock'));
let ledger: RunningService;
let tour: Tour;
/** What the auditors noted before the last events were recorded. */
let lastAudit: Checkpoint;

function mkdirOf(path: string): string {
  mkdirSync(path, { recursive: true });
  return path;
}

beforeAll(async () => {
  ledger = await startService({
    service: 'standalone',
    environment: { DATA_DIR: data.path, LEDGER_CLOCK: clock.file, KAFKA_BROKERS: '', DATABASE_URL: '' },
  });
  tour = await Tour.tell(ledger.url, clock);
  lastAudit = await head();
  clock.set(`${END_DAY}T12:00:00Z`);
  for (const event of afterwards(tour.at(YEAR_END))) {
    if (event.id === 'call-2') await callTooMuch(event);
    await record(`${ledger.url}/v1/commits`, { events: [event] });
  }
});
afterAll(async () => {
  await ledger?.stop();
  data.remove();
});

/** The same call, but for more than the tranche has left. */
async function callTooMuch(call: StreamEvent): Promise<void> {
  const data = { ...(call['data'] as object), money: { currency: 'USD', amount: '7000000000' } };
  const { status } = await post(`${ledger.url}/v1/commits`, { events: [{ ...call, id: 'call-2-at-first', data }] });
  expect(status).toBe(409);
}

/** The last checkpoint, once it is of all that is recorded, if the key that the log was known by has signed it. */
async function head(): Promise<Checkpoint> {
  const { json } = await send(`${ledger.url}/v1/audit/events?sort=-position&limit=1`);
  const [last] = json['rows'] as readonly Row[];
  await send(`${ledger.url}/v1/audit/proofs/inclusion?position=${String(last?.['position'])}`);
  const { text: key } = await send(`${ledger.url}/v1/audit/vkey`);
  const vkey = parseVerifierKey(key.trim());
  const { text } = await send(`${ledger.url}/v1/audit/checkpoint`);
  const opened = openCheckpoint(text, { origin: vkey.name, keys: [vkey] });
  if (!opened.ok) throw new Error(`the checkpoint is ${opened.problem}: ${text}`);
  return opened.checkpoint;
}

type Query = Readonly<Record<string, string>>;

/** A report with all that is known now. */
const now = (report: string, day: string, query: Query = {}): Promise<Report> =>
  tour.read(report, END, day, { asOf: 'latest', ...query });
const events = async (query: Query): Promise<readonly Row[]> => (await now('audit-trail', END_DAY, query)).rows;
const exceptions = async (query: Query, day = END_DAY): Promise<readonly Row[]> =>
  (await now('exceptions', day, query)).rows;
const columns = (rows: readonly Row[], ...names: readonly string[]): unknown[][] =>
  rows.map((row) => names.map((name) => row[name]));
const column = (rows: readonly Row[], name: string): unknown[] => rows.map((row) => row[name]);
const said = (row: Row): Row => JSON.parse(String(row['data'])) as Row;

async function variance(report: string, query: Query): Promise<readonly Row[]> {
  const { status, text, json } = await send(
    `${tour.url}/v1/reports/${report}/variance?${new URLSearchParams(query).toString()}`,
  );
  if (status !== 200) throw new Error(`variance was answered ${status}: ${text}`);
  return json['rows'] as readonly Row[];
}

const COMMITTED_TO_NVIDIA = { provider: 'openai', receiver: 'nvidia', ladder: 'committed' };

it('1: What did we report as committed to NVIDIA on 31 December, with what we knew that evening?', async () => {
  const { rows } = await now('commitment-lines', YEAR_END_DAY, {
    ...COMMITTED_TO_NVIDIA,
    asOf: '2026-12-31T23:59:00Z',
  });
  expect(columns(rows, 'dealId', 'legId', 'firm', 'remainingFirm')).toEqual([
    ['nvda-openai', 'L2', '84000000000.00', '78000000000.00'],
  ]);
});

it('2: And what do we now know we should have reported for that date?', async () => {
  const { rows, meta } = await now('commitment-lines', YEAR_END_DAY, COMMITTED_TO_NVIDIA);
  expect(columns(rows, 'legId', 'firm', 'remainingFirm')).toEqual([['L2', '92400000000.00', '85800000000.00']]);
  const between = await variance('commitment-lines', {
    measure: 'remainingFirm',
    key: 'nvda-openai/L2',
    from: String(tour.at(YEAR_END)),
    to: String(meta['asOfPosition']),
    effectiveOn: YEAR_END_DAY,
  });
  expect(columns(between, 'eventId', 'contribution', 'cause')).toEqual([
    ['late-amendment', '7800000000.00', 'amendment'],
  ]);
});

it('3: Who changed this number, when, why, on what source?', async () => {
  const [row] = await variance('commitment-lines', {
    measure: 'paid',
    key: 'nvda-openai/L2',
    from: String(tour.at(100)),
    to: String(tour.at(101)),
    effectiveOn: '2026-10-20',
  });
  expect(row).toMatchObject({
    eventId: 'evt-0101',
    actor: 'local',
    recordedAt: expect.stringMatching(/^2026-11-12T/),
    cause: 'cancel',
    contribution: '-1000000000.00',
    reason: 'duplicate posting of p3',
    sourceIds: ['synthetic'],
  });
});

it('4: Show every version of leg L2 of nvda-openai.', async () => {
  const ofLeg = { stream: 'deal/nvda-openai', ref: 'L2' };
  const terms = await events({ ...ofLeg, type: 'LegAdded,LegTermsChanged,LegRemoved' });
  expect(columns(terms, 'eventId', 'type', 'effective')).toEqual([
    ['evt-0033', 'LegAdded', '2025-10-05'],
    ['evt-0085', 'LegTermsChanged', '2026-03-31'],
    ['late-amendment', 'LegTermsChanged', '2026-12-20'],
  ]);
  expect(column(await events(ofLeg), 'action')).toContain('cancel');
  const { json } = await send(`${tour.url}/v1/audit/streams/deal/nvda-openai?pointer=/legs/L2`);
  const set = new Set(column(json['fields'] as Row[], 'eventId'));
  expect([...set].every((eventId) => column(terms, 'eventId').includes(eventId))).toBe(true);
  expect(set).toContain('late-amendment');
});

it('5: Which events were recorded more than 30 days after they took effect?', async () => {
  const late = await events({ minBackdatedDays: '31' });
  expect(columns(late, 'eventId', 'daysBackdated')).toEqual([
    ['evt-0025', 553],
    ['evt-0028', 553],
    ['evt-0075', 153],
    ['evt-0076', 153],
    ['evt-0077', 153],
    ['evt-0078', 153],
    ['board-2026', 64],
    ['signed-nvda', 339],
    ['signed-kr', 124],
    ['late-amendment', 75],
  ]);
  const flagged = await exceptions({ kind: 'BACKDATED' });
  expect(new Set(column(flagged, 'eventId'))).toEqual(new Set(column(late, 'eventId')));
});

it('6: Which facts rest on anonymous sources only?', async () => {
  const atArticle = await tour.read('exceptions', ARTICLE, ARTICLE_DAY, { kind: 'SINGLE_ANONYMOUS_SOURCE' });
  expect(atArticle.rows).toHaveLength(30);
  const resting = await exceptions({ kind: 'SINGLE_ANONYMOUS_SOURCE' });
  // That the name is taken rests on the same source, and is nobody's fact.
  expect(column(resting, 'ref').filter((ref) => /samsung.group/.test(String(ref)))).toEqual([
    'party/samsung-group/samsung-group',
  ]);
  const left = column(resting, 'eventId');
  expect(left).toContain('evt-0033');
  // What a further source corrected no longer does.
  for (const corrected of ['evt-0037', 'evt-0050', 'evt-0051', 'evt-0052', 'evt-0067', 'evt-0068'])
    expect(left).not.toContain(corrected);
});

it('7: What rests on a source, if it is withdrawn?', async () => {
  const resting = await events({ source: 'src-ar-2025-10', posted: 'true' });
  expect(resting).toHaveLength(55);
  expect(new Set(column(resting, 'kind'))).toEqual(
    new Set(['party', 'reference', 'engagement', 'forecast', 'deal', 'funding', 'site', 'pool', 'reservation']),
  );
  expect(column(resting, 'eventId')).not.toContain('evt-0080');
});

it('8: Which deals are counted as committed without a document? None, once the contracts are at hand.', async () => {
  const without = async (query: Query): Promise<unknown[]> => {
    const registered = await events({ ...query, type: 'SourceRegistered' });
    const documents = registered
      .map(said)
      .filter(({ kind }) => ['contract', 'filing', 'official'].includes(String(kind)));
    const documented = column(documents, 'sourceId');
    const papers = await events({ ...query, type: 'AgreementSigned', isCurrent: 'true' });
    const onDocuments = papers.filter(({ sourceIds }) => (sourceIds as string[]).some((id) => documented.includes(id)));
    const binding = (await now('deal-register', YEAR_END_DAY, { ...query, stage: 'binding' })).rows;
    return column(binding, 'dealId').filter(
      (dealId) => !column(onDocuments, 'stream').includes(`deal/${String(dealId)}`),
    );
  };
  expect(await without({ asOf: String(tour.at(YEAR_END)) })).toEqual(['kr-memory', 'nvda-openai']);
  expect(await without({})).toEqual([]);
});

it('9: Which letters of intent lapse in the next 90 days?', async () => {
  const lapsing = await exceptions({ kind: 'LOI_LAPSING' });
  expect(columns(lapsing, 'ref', 'eventId')).toEqual([['deal/kr-datacentres', 'letter']]);
  expect(lapsing[0]?.['text']).toContain('expires on 2027-05-31, in 87 days');
  expect(await exceptions({ kind: 'LOI_LAPSING', lapsingWithinDays: '86' })).toEqual([]);
});

it('10: Why is the weight of deal nvda-openai 35% and not 50%?', async () => {
  expect(await tour.row('deal-register', SOURCES, '2025-11-20', { dealId: 'nvda-openai' })).toMatchObject({
    stage: 'preliminary',
    probability: '0.35',
    probabilitySource: 'assessed',
  });
  const set = await events({
    type: 'DealProbabilityAssessed,ProbabilityPolicySet',
    asOf: String(tour.at(SOURCES)),
  });
  expect(columns(set, 'eventId', 'stream')).toEqual([
    ['evt-0024', 'reference/policy'],
    ['evt-0080', 'deal/nvda-openai'],
  ]);
  expect(set.map((row) => said(row)['preliminary'] ?? said(row)['probability'])).toEqual(['0.50', '0.35']);
});

const DUE = ['remainderOfYear', 'year1', 'year2', 'year3', 'year4', 'year5', 'thereafter', 'unscheduled'];
const cents = (amount: unknown): bigint =>
  BigInt(
    String(amount ?? '0')
      .replace('.', '')
      .replace(/^0$/, '000'),
  );

it('11: The five-year table and its rows: do the rows add up to the totals?', async () => {
  const { rows, meta } = await tour.read('obligations-maturity', YEAR_END, YEAR_END_DAY, { entity: 'openai', ...USD });
  expect(rows).not.toHaveLength(0);
  const sumOf = (row: Row): bigint => DUE.reduce((total, name) => total + cents(row[name]), 0n);
  for (const row of rows) expect(sumOf(row)).toBe(cents(row['total']));
  const [totals] = meta.totals['byCurrency'] as Row[];
  for (const name of [...DUE, 'total'])
    expect(rows.reduce((sum, row) => sum + cents(row[name]), 0n)).toBe(cents(totals?.[name]));
  expect(totals).toMatchObject({ total: '87655172413.79' });
});

it('12: Which legs were left out of that table and why?', async () => {
  const leftOut = async (known: number, day: string): Promise<unknown[][]> => {
    const { rows } = await tour.read('commitment-lines', known, day, { class: 'payment', provider: 'openai' });
    return columns(
      rows.filter(({ ladder, undisclosed }) => ladder !== 'committed' || undisclosed === true),
      'dealId',
      'legId',
      'ladder',
    );
  };
  const excluded = async (known: number, day: string): Promise<number> => {
    const { rows } = await tour.read('obligations-maturity', known, day, { entity: 'openai', ...USD });
    return rows.reduce(
      (n, row) => n + Number(row['excludedPreliminaryLegs']) + Number(row['excludedUndisclosedLegs']),
      0,
    );
  };
  expect((await leftOut(ARTICLE, ARTICLE_DAY)).sort()).toEqual([
    ['kr-memory', 'L2', 'indicated'],
    ['nvda-openai', 'L2', 'indicated'],
  ]);
  expect(await excluded(ARTICLE, ARTICLE_DAY)).toBe(2);
  expect(await leftOut(YEAR_END, YEAR_END_DAY)).toEqual([]);
  expect(await excluded(YEAR_END, YEAR_END_DAY)).toBe(0);
});

it('13: Which exchange rates made these dollars; were any stale?', async () => {
  const { meta } = await tour.read('obligations-maturity', YEAR_END, YEAR_END_DAY, { entity: 'openai', ...USD });
  expect(meta['fxRates']).toEqual([
    { base: 'USD', quote: 'KRW', rateType: 'closing', onDate: '2026-12-31', rate: '1450', eventId: 'evt-0108' },
  ]);
  const stale = async (query: Query): Promise<readonly Row[]> =>
    (await tour.read('exceptions', YEAR_END, YEAR_END_DAY, { kind: 'FX_STALE', ...query })).rows;
  expect(await stale(USD)).toEqual([]);
  // Into won only the payment of the day of the one spot rate could be converted.
  const intoWon = await stale({ reportingCurrency: 'KRW' });
  expect(column(intoWon, 'eventId').sort()).toEqual(
    [86, 87, 88, 89, 91, 93, 94, 95, 105, 106, 107].map((number) => `evt-${String(number).padStart(4, '0')}`),
  );
});

it('14: Has any tranche been drawn before its condition was met or waived? None has.', async () => {
  const received = await events({ type: 'FundsReceived', isCurrent: 'true' });
  const met = await events({ type: 'TrancheConditionMet', isCurrent: 'true' });
  expect(received).toHaveLength(1);
  const early = received.filter(
    (receipt) =>
      !met.some(
        (each) =>
          each['stream'] === receipt['stream'] &&
          said(each)['trancheId'] === said(receipt)['trancheId'] &&
          Number(each['position']) < Number(receipt['position']),
      ),
  );
  expect(early).toEqual([]);
});

it('15: Which calls are past due and unpaid?', async () => {
  const overdue = async (day: string): Promise<unknown[][]> => {
    const { rows } = await now('funding-position', day);
    return columns(
      rows.filter(({ calledOverdue }) => cents(calledOverdue) > 0n),
      'fundingId',
      'trancheId',
      'calledOverdue',
    );
  };
  expect(await overdue('2027-03-20')).toEqual([]);
  expect(await overdue('2027-04-01')).toEqual([
    ['nvda-openai', null, '1000000000.00'],
    ['nvda-openai', 'T1', '1000000000.00'],
  ]);
  expect(columns(await exceptions({ kind: 'CALL_OVERDUE' }, '2027-04-01'), 'ref', 'since', 'eventId')).toEqual([
    ['funding/nvda-openai/T1/call-2', '2027-03-21', 'call-2'],
  ]);
});

it('16: Drawn + available + locked + cancelled = commitment, for every funding at every position?', async () => {
  let checked = 0;
  for (let known = 1; known <= END; known += 1) {
    const { rows } = await tour.read('funding-position', known, END_DAY);
    for (const row of rows.filter(({ trancheId, committed }) => trancheId === null && cents(committed) > 0n)) {
      const { called, received, available, locked, cancelled, committed } = row;
      const open = cents(called) - cents(received);
      expect(cents(received) + open + cents(available) + cents(locked) + cents(cancelled)).toBe(cents(committed));
      checked += 1;
    }
  }
  expect(checked).toBe(END - 83 + 1);
});

it('17: Where does demand exceed declared capacity, by how much, on whose figure?', async () => {
  const { rows } = await tour.read('capacity-balance', END, END_DAY, { flag: 'OVER_COMMITTED' });
  expect(new Set(column(rows, 'poolId'))).toEqual(new Set(['hbm-global']));
  expect(only(rows, { period: '2025-10' })).toMatchObject({
    requestedCeiling: '900000',
    capacity: '450000',
    capacityBound: 'lessThan',
    capacityBasis: 'derived',
    ratioAtCeiling: '2.0000',
    ratioBound: 'moreThan',
  });
  const declared = await events({ type: 'CapacityDeclared', stream: 'pool/hbm-global', isCurrent: 'true' });
  expect(columns(declared, 'eventId', 'sourceIds')).toEqual([
    ['evt-0066', ['src-wsj']],
    ['evt-0109', ['synthetic']],
  ]);
  expect(column(await exceptions({ kind: 'OVER_COMMITTED' }), 'eventId')).toEqual([
    'evt-0066',
    ...Array.from({ length: 6 }, () => 'evt-0109'),
  ]);
});

it('18: How often and how far has delivery of HBM slipped?', async () => {
  const { rows } = await tour.read('delivery-schedule', END, END_DAY, { itemId: 'hbm', flag: 'SLIP' });
  expect(columns(rows, 'reservationId', 'period', 'slippedOut')).toEqual([['hbm', '2027-02', '20000']]);
  const moved = await events({ type: 'DeliverySlipped,AvailabilityAnnounced' });
  expect(columns(moved, 'eventId', 'stream')).toEqual([
    ['evt-0056', 'pool/rubin'],
    ['evt-0113', 'reservation/hbm'],
  ]);
  expect(column(await exceptions({ kind: 'SLIP' }), 'ref')).toEqual(['reservation/hbm/sl1']);
});

it('19: Promised, delivered, accepted, paid: do they reconcile for January 2027? No cost was recorded.', async () => {
  expect(await tour.row('delivery-schedule', END, END_DAY, { reservationId: 'hbm', period: '2027-01' })).toMatchObject({
    originalPlan: '50000',
    currentPlan: '50000',
    delivered: '45000',
    accepted: '44000',
    rejected: '1000',
    shortfall: '5000',
    remedy: 'makeUp',
  });
  expect(await tour.row('commitment-lines', END, END_DAY, { dealId: 'kr-memory', legId: 'L2' })).toMatchObject({
    currency: 'KRW',
    incurred: '0',
    paid: '1400000000000',
    prepaidUnapplied: '1400000000000',
  });
  expect(await events({ type: 'CostIncurred', stream: 'deal/kr-memory' })).toEqual([]);
});

const LOOPS = { kind: 'financingLoop', ...USD };

it('20: Which suppliers are also our investors; what comes back to them?', async () => {
  const { rows } = await tour.read('circular-flows', YEAR_END, YEAR_END_DAY, LOOPS);
  expect(columns(rows, 'parties', 'forwardCommitted', 'backCommitted', 'recycledShareCommitted')).toEqual([
    [['nvidia', 'openai'], '100000000000.00', '84000000000.00', '0.8400'],
  ]);
});

it('21: What if the loop is judged on cash only?', async () => {
  const { rows } = await tour.read('circular-flows', YEAR_END, YEAR_END_DAY, LOOPS);
  expect(columns(rows, 'forwardCash', 'backCash', 'overlapCash', 'recycledShareCash')).toEqual([
    ['4000000000.00', '5000000000.00', '4000000000.00', '1.0000'],
  ]);
});

it('22: What is the exposure to one group, all its companies?', async () => {
  const { rows } = await now('counterparty-exposure', YEAR_END_DAY, {
    entity: 'openai',
    group: 'samsung-group',
    ...USD,
  });
  expect(columns(rows, 'partyId', 'owedFirmRemaining')).toEqual([['samsung+skhynix', '9655172413.79']]);
  const before = await tour.read('counterparty-exposure', END, YEAR_END_DAY, { group: 'samsung-group', ...USD });
  expect(before.rows).toEqual([]);
});

it('23: Who else is fed by the capacity we depend on?', async () => {
  const { rows } = await tour.read('counterparty-exposure', YEAR_END, YEAR_END_DAY, { entity: 'openai', ...USD });
  expect(only(rows, { partyId: 'samsung+skhynix' })['suppliesToCompetingParties']).toEqual(['nvidia']);
});

it('24: What was refused, and did the same person post it again in another form?', async () => {
  const { json } = await send(`${tour.url}/v1/audit/refusals?code=CALL_EXCEEDS_AVAILABLE&actor=local`);
  const asked = json['rows'] as Row[];
  expect(columns(asked, 'count', 'streams', 'laterBy', 'laterEventIds', 'laterActors')).toEqual([
    [1, ['funding/nvda-openai'], 'correlation', ['call-2'], ['local']],
  ]);
  const [refused] = asked;
  expect(JSON.parse(String(refused?.['details']))).toMatchObject({ asked: '7000000000' });
  const [position] = refused?.['laterPositions'] as string[];
  const accepted = await events({ correlation: 'spring-call' });
  expect(columns(accepted, 'eventId', 'actorId')).toEqual([['call-2', 'local']]);
  expect(String(accepted[0]?.['position'])).toBe(position);
});

it('25: Did one person both post and approve? Nobody did.', async () => {
  expect(await events({ selfApproved: 'true' })).toEqual([]);
  const signed = await events({ type: 'FundingCommitted,AgreementSigned', approvedBy: 'controller-1' });
  expect(column(signed, 'eventId')).toEqual([
    'evt-0074',
    'evt-0083',
    'evt-0084',
    'evt-0096',
    'signed-nvda',
    'signed-kr',
  ]);
  const corrections = [...(await events({ action: 'correct' })), ...(await events({ action: 'cancel' }))];
  expect(corrections.filter(({ approvedById }) => approvedById === null)).toEqual([]);
});

it('26: Prove that nothing was altered since the last audit. The tree of then is the beginning of the tree of now.', async () => {
  const today = await head();
  expect(today.size).toBeGreaterThan(lastAudit.size);
  const { json } = await send(`${tour.url}/v1/audit/proofs/consistency?from=${lastAudit.size}&to=${today.size}`);
  const claim = {
    oldSize: lastAudit.size,
    oldRoot: lastAudit.root,
    newSize: today.size,
    newRoot: today.root,
    proof: (json['proof'] as string[]).map((hash) => Buffer.from(hash, 'base64')),
  };
  expect(verifyConsistency(claim)).toBe(true);
  expect(verifyConsistency({ ...claim, oldRoot: today.root })).toBe(false);
});

it('27: Rebuild the read models from the events only, and compare: every row of every report is the same.', async () => {
  const { text } = await send(`${tour.url}/v1/audit/events?format=ndjson`);
  const told = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
  const postgres = await startPostgres({ restartable: true, durable: false });
  try {
    await rebuildLog(told, postgres.url);
    const rebuilt = await startService({
      service: 'standalone',
      environment: { DATABASE_URL: postgres.url, LEDGER_CLOCK: clock.file, KAFKA_BROKERS: '' },
    });
    try {
      const asked = `asOf=${String(told.at(-1)?.['position'])}&limit=1000`;
      let rows = 0;
      for (const day of [ARTICLE_DAY, YEAR_END_DAY, END_DAY]) {
        for (const name of REPORTS) {
          const [here, there] = await Promise.all(
            [tour.url, rebuilt.url].map((url) => send(`${addressOf(url, name)}?${asked}&effectiveOn=${day}`)),
          );
          expect(there?.status).toBe(200);
          expect([name, there?.text]).toEqual([name, here?.text]);
          rows += (there?.json['rows'] as unknown[]).length;
        }
      }
      expect(rows).toBeGreaterThan(500);
      const streams = new Set(told.filter(({ kind }) => kind !== 'ledger').map(({ stream }) => String(stream)));
      for (const stream of streams) {
        const [here, there] = await Promise.all(
          [tour.url, rebuilt.url].map((url) => send(`${url}/v1/audit/streams/${stream}`)),
        );
        expect(there?.text).toBe(here?.text);
      }
    } finally {
      await rebuilt.stop();
    }
  } finally {
    await postgres.stop();
  }
});

it('28: Which corrections were made after a published report used the event?', async () => {
  const after = await exceptions({ kind: 'CORRECTED_AFTER_REPORT' });
  expect(columns(after, 'ref', 'since', 'eventId').sort()).toEqual([
    ['report-run/board-2026/deal/kr-memory/evt-0096', END_DAY, 'signed-kr'],
    ['report-run/board-2026/deal/nvda-openai/evt-0084', END_DAY, 'signed-nvda'],
  ]);
  expect(after[0]?.['text']).toContain('report deal-register of run board-2026');
});

it('29: How did the forecast for 2029 develop over time?', async () => {
  const { rows } = await now('forecast-versions', END_DAY, { forecastId: 'openai-compute-rental', period: '2029' });
  expect(columns(rows, 'version', 'basis', 'scenario', 'amount', 'bound')).toEqual([
    [1, 'statedToInvestors', 'high', '400000000000.00', 'upTo'],
    [2, 'assumed', 'base', '400000000000.00', 'about'],
  ]);
});

it('30: Which years have no stated forecast?', async () => {
  const { rows } = await tour.read('spend-outlook', ARTICLE, ARTICLE_DAY, {
    entity: 'openai',
    category: 'computeRental',
    fill: 'true',
    forecastStatus: 'notStated',
  });
  expect(column(rows, 'period').filter((period) => period !== 'unscheduled')).toEqual(['2026', '2027', '2028']);
});

it('31: Which duplicate payments were posted and cancelled?', async () => {
  const cancelled = await events({ type: 'PaymentMade', action: 'cancel' });
  expect(columns(cancelled, 'eventId', 'correctsEventId', 'reason', 'summary')).toEqual([
    [
      'evt-0101',
      'evt-0100',
      'duplicate posting of p3',
      'cancels evt-0100: paymentId p3-dup, legId L2, kind settlement, money 1,000,000,000 USD',
    ],
  ]);
});

it('32: What did the article alone support, before other sources came in?', async () => {
  const stages = async (known: number): Promise<unknown[][]> =>
    columns((await tour.read('deal-register', known, ARTICLE_DAY)).rows, 'dealId', 'stage');
  expect(await stages(ARTICLE)).toEqual([
    ['g42-stargate-uae', 'exploring'],
    ['hitachi', 'preliminary'],
    ['kr-datacentres', 'exploring'],
    ['kr-memory', 'announced'],
    ['nvda-openai', 'announced'],
  ]);
  const { rows, meta } = await tour.read('commitment-lines', ARTICLE, ARTICLE_DAY, { ladder: 'committed' });
  expect(rows).toEqual([]);
  expect(meta['asOfPosition']).toBe(tour.at(ARTICLE));
  expect((await events({ asOf: String(tour.at(ARTICLE)) })).filter(({ action }) => action !== 'new')).toEqual([]);
});
