import {
  catalogue,
  correct,
  funding,
  History,
  inForce,
  kindNameOf,
  refuse,
  type LedgerEvent,
  type StreamKind,
} from '@deal-ledger/domain';
import type { JudgedRecord } from '@deal-ledger/ledger';
import { difference, spendForecast, supplierCommitments, type Posting } from '@deal-ledger/reports';
import fc from 'fast-check';
import { Folder, UnprojectableEvent } from './fold';
import { recorded, strangeEvent, type PostedLine } from './testing';
import { line, proposed, tranche, usd } from './testing-fundings';

jest.setTimeout(60_000);

const CONTEXT = { today: '2028-01-01', position: 0, exists: () => true, peek: () => undefined, state: () => undefined };
const FUNDING = funding as unknown as StreamKind;

/** Commits of one event each, or of several, as a recorder accepts them. */
class Accepted {
  readonly commits: LedgerEvent[][] = [];
  #history = new History();
  #state: unknown;

  get places(): History['places'] {
    return this.#history.places;
  }

  /** Keeps the commit if the rules let it through. */
  try(...lines: readonly PostedLine[]): void {
    const events = lines.map((posted, index) => recorded(posted, this.#history.version + index + 1));
    const [first] = events;
    if (events.every(({ action }) => action === 'new')) {
      if (events.length !== 1 || first === undefined || refuse(FUNDING, this.#state, first, CONTEXT) !== undefined)
        return;
      this.#history.add(first);
      this.#state = FUNDING.evolve(this.#state, first);
    } else {
      const corrected = correct(FUNDING, this.#history, events, CONTEXT);
      if (!corrected.ok) return;
      this.#history = corrected.history;
      this.#state = corrected.state;
    }
    this.commits.push(events);
  }
}

const factsOf = (commits: readonly (readonly LedgerEvent[])[], first = 1): JudgedRecord[] =>
  commits.map(
    (events, index) => ({ verdict: 'fact', position: first + index, commit: { events } }) as unknown as JudgedRecord,
  );

/** The postings of commits, projected in batches of these sizes; a batch of 0 stands for a restart. */
async function projected(
  commits: readonly (readonly LedgerEvent[])[],
  batches: readonly number[],
  rules = spendForecast.rules,
): Promise<Posting[][]> {
  const written: LedgerEvent[] = [];
  const folder = new Folder(rules, (streams) =>
    Promise.resolve(written.filter(({ stream }) => streams.includes(stream))),
  );
  const postings: Posting[][] = [];
  for (let at = 0, turn = 0; at < commits.length; turn += 1) {
    const size = batches[turn % batches.length] ?? 1;
    if (size === 0) folder.forget();
    const batch = commits.slice(at, at + size);
    for (const each of await folder.project(factsOf(batch, at))) postings.push(each.postings.flat());
    written.push(...batch.flat());
    at += batch.length;
  }
  return postings;
}

/** What these events post, one after the other. */
function fromScratch(events: readonly LedgerEvent[]): Posting[] {
  let state: unknown;
  return events.flatMap((event) => {
    const rule = spendForecast.rules.find(({ kind }) => kind === kindNameOf(event.stream));
    const before = state;
    state = rule?.evolve(before, event);
    return rule?.post(before, event, state) ?? [];
  });
}

const sumsOf = (postings: readonly Posting[]): string[] =>
  difference([], postings)
    .map((posting) => JSON.stringify(posting))
    .sort();

const seed = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31);

describe(`projecting corrections (seed ${seed})`, () => {
  const amount = fc.integer({ min: 1, max: 40 });
  const trancheId = fc.constantFrom('T1', 'T2');
  const day = fc.integer({ min: 1, max: 9 }).map((number) => `2026-04-0${number}`);
  const fact: fc.Arbitrary<PostedLine> = fc.oneof(
    fc.tuple(day, amount).map(([on, n]) => line('FundingCommitted', on, { committed: usd(n + 40) })),
    fc.tuple(trancheId, amount).map(([id, n]) => tranche(id, { ceiling: usd(n) })),
    fc.tuple(day, trancheId).map(([on, id]) => line('TrancheConditionMet', on, { trancheId: id, evidence: 'seen' })),
    fc
      .tuple(day, trancheId, amount)
      .map(([on, id, n]) => line('FundsReceived', on, { receiptId: `r${n}`, trancheId: id, money: usd(n) })),
    fc.tuple(day, trancheId).map(([on, id]) => line('TrancheCancelled', on, { trancheId: id, reason: 'not needed' })),
    fc
      .tuple(day, amount)
      .map(([on, n]) => line('FundsRepaid', on, { repaymentId: `p${n}`, money: usd(n), kind: 'principal' })),
  );
  const step = fc.record({
    how: fc.constantFrom('new', 'new', 'correct', 'cancel', 'both'),
    fact,
    at: fc.nat(),
    other: fc.nat(),
    on: day,
  });

  function history(
    steps: readonly { how: string; fact: PostedLine; at: number; other: number; on: string }[],
  ): LedgerEvent[][] {
    const accepted = new Accepted();
    accepted.try({ ...proposed({ amount: { ceiling: usd(100) } }), id: 'opening' });
    for (const [index, { how, fact: posted, at, other, on }] of steps.entries()) {
      const change = (number: number, action: 'correct' | 'cancel'): PostedLine => {
        const { original, latest } = accepted.places[number % accepted.places.length] as History['places'][number];
        const data = action === 'cancel' ? null : posted.type === original.type ? posted.data : latest.data;
        const id = `${action}-${index}-${number}`;
        return { ...line(original.type, on, {}), id, action, corrects: latest.id, reason: 'wrong', data };
      };
      if (how === 'new') accepted.try({ ...posted, id: `e${index}` });
      else if (how === 'both')
        accepted.try(change(at, 'correct'), change(other, 'cancel'), { ...posted, id: `e${index}` });
      else accepted.try(change(at, how as 'correct'));
    }
    return accepted.commits;
  }

  it('adds up at every position to what is in force there, whatever the batches and restarts', async () => {
    let corrections = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 40 }),
        fc.array(fc.nat(6), { minLength: 1, maxLength: 4 }).filter((sizes) => sizes.some((size) => size > 0)),
        async (steps, batches) => {
          const commits = history(steps);
          const postings = await projected(commits, batches);
          for (let end = 1; end <= commits.length; end += 1) {
            const right = inForce(commits.slice(0, end).flat());
            expect(sumsOf(postings.slice(0, end).flat())).toEqual(sumsOf(fromScratch(right)));
          }
          corrections += commits.flat().filter(({ action }) => action !== 'new').length;
        },
      ),
      { seed, numRuns: 60 },
    );
    expect(corrections).toBeGreaterThan(50);
  });
});

describe('corrections that hold only with one another', () => {
  const pool = (id: string, version: number, type: string, data: object, more: object = {}): LedgerEvent =>
    recorded({ stream: 'pool/p', id, type, data, approvedBy: { id: 'c' }, ...more }, version);
  const defined = (unit: string) => ({ poolId: 'p', scope: 'global', itemId: 'hbm', unit, per: 'P1M' });
  const declared = (unit: string) => ({ from: '2025-10', rate: { unit, value: '900' }, basis: 'declared' });
  const instead = (corrects: string) => ({ action: 'correct', corrects, reason: 'wafers' });
  const chips = [pool('a', 1, 'PoolDefined', defined('EA')), pool('b', 2, 'CapacityDeclared', declared('EA'))];

  it('add up to what they are together', async () => {
    const both = [
      pool('c', 3, 'PoolDefined', defined('WFR'), instead('a')),
      pool('d', 4, 'CapacityDeclared', declared('WFR'), instead('b')),
    ];
    const right = [pool('c', 1, 'PoolDefined', defined('WFR')), pool('d', 2, 'CapacityDeclared', declared('WFR'))];
    const { rules } = supplierCommitments;
    const postings = await projected([...chips.map((event) => [event]), both], [1], rules);
    expect(postings.at(-1)?.length).toBeGreaterThan(0);
    expect(sumsOf(postings.flat())).toEqual(
      sumsOf(
        (
          await projected(
            right.map((event) => [event]),
            [2],
            rules,
          )
        ).flat(),
      ),
    );
  });

  it('stand by themselves where they can, and are posted with the last where they cannot', async () => {
    // A rule that cannot add chips to wafers.
    const rule = {
      kind: 'pool',
      evolve: (unit: unknown, { type, data }: LedgerEvent) =>
        type === 'PoolDefined' ? (data as { unit: string }).unit : unit,
      post: (_: unknown, { type, data }: LedgerEvent, unit: unknown): Posting[] => {
        if (type === 'PoolDefined') return [];
        const { rate } = data as { rate: { unit: string; value: string } };
        if (rate.unit !== unit) throw new Error('mixed');
        return [{ measure: 'rate', subject: 'p', unit: rate.unit, amount: rate.value }];
      },
    };
    const folder = new Folder([rule], () => Promise.resolve([]));
    const commit = [
      ...chips,
      pool('c', 3, 'PoolDefined', defined('WFR'), instead('a')),
      pool('d', 4, 'CapacityDeclared', declared('WFR'), instead('b')),
    ];
    const [record] = await folder.project(factsOf([commit]));
    expect(record?.postings).toEqual([
      [],
      [{ measure: 'rate', subject: 'p', unit: 'EA', amount: '900' }],
      [],
      [
        { measure: 'rate', subject: 'p', unit: 'EA', amount: '-900' },
        { measure: 'rate', subject: 'p', unit: 'WFR', amount: '900' },
      ],
    ]);
    await expect(new Folder([rule], () => Promise.resolve([])).project(factsOf([commit.slice(0, 3)]))).rejects.toThrow(
      UnprojectableEvent,
    );
  });
});

describe('an event that this version does not know', () => {
  it('posts nothing, and the stream goes on past it', async () => {
    const postings = await projected(
      [
        [recorded(proposed(), 1)],
        [strangeEvent('funding/f', 2)],
        [recorded({ ...tranche('T1', { ceiling: usd(5) }), id: 'scheduled' }, 3)],
        [
          recorded(
            {
              ...tranche('T1', { ceiling: usd(6) }),
              id: 'fix',
              action: 'correct',
              corrects: 'scheduled',
              reason: 'six',
            },
            4,
          ),
        ],
      ],
      [1],
    );
    expect(postings[1]).toEqual([]);
    expect(postings[3]).toContainEqual(expect.objectContaining({ measure: 'tranche.amount', amount: '1' }));
  });
});

describe('an event of an earlier shape', () => {
  /** Events of a kind whose second version says with its unit what the first gave in megawatts. */
  const gauge = { events: { Read: { schemaVersion: 2, upcast: { 1: (mw: string) => ({ unit: 'MW', value: mw }) } } } };
  const read = (version: number, schemaVersion: number, data: unknown, more: Partial<LedgerEvent> = {}) => ({
    ...strangeEvent('gauge/g', version),
    ...{ type: 'Read', schemaVersion, data },
    ...more,
  });
  const rule = {
    kind: 'gauge',
    evolve: (_: unknown, { data }: LedgerEvent) => (data as { unit: string }).unit,
    post: (_: unknown, { data }: LedgerEvent): Posting[] => {
      const { unit, value } = data as { unit: string; value: string };
      return [{ measure: 'power', subject: 'g', unit, amount: value }];
    },
  };

  beforeAll(() => Object.assign(catalogue, { gauge }));
  afterAll(() => Reflect.deleteProperty(catalogue, 'gauge'));

  it('is posted in the present one, and so it is when it is corrected or folded again', async () => {
    const fix = { action: 'correct', corrects: 'gauge/g#1', id: 'fix' } as const;
    const postings = await projected(
      [[read(1, 1, '10')], [read(2, 2, { unit: 'MW', value: '20' })], [read(3, 1, '11', fix)], [read(4, 1, '5')]],
      [1, 0],
      [rule],
    );
    expect(postings.map((each) => each.map(({ unit, amount }) => `${amount} ${unit}`))).toEqual([
      ['10 MW'],
      ['20 MW'],
      ['1 MW'],
      ['5 MW'],
    ]);
  });
});
