import { inForce, kindNameOf, type LedgerEvent } from '@deal-ledger/domain';
import type { JudgedRecord } from '@deal-ledger/ledger';
import { difference, PROJECTIONS, type AnyPostingRule, type Posting } from '@deal-ledger/reports';
import { seeded } from '../../../tests/simulation/world';
import { anyHistory } from '../../domain/src/any-history.testing';
import { Folder } from './fold';
import { eventsOf } from './testing';

jest.setTimeout(60_000);

/** Every rule there is, once. */
const RULES = [...new Map(PROJECTIONS.flatMap(({ rules }) => rules).map((rule) => [rule.kind, rule])).values()];

/** The postings of each commit, projected in batches of these sizes, with a restart before every second one if so. */
async function projected(
  commits: readonly (readonly LedgerEvent[])[],
  batches: readonly number[],
  restarts: boolean,
): Promise<Posting[][][]> {
  const written: LedgerEvent[] = [];
  const start = (): Folder =>
    new Folder(RULES, (streams) => Promise.resolve(written.filter(({ stream }) => streams.includes(stream))));
  let folder = start();
  const postings: Posting[][][] = [];
  for (let at = 0, turn = 0; at < commits.length; turn += 1) {
    if (restarts && turn % 2 === 1) folder = start();
    const batch = commits.slice(at, at + (batches[turn % batches.length] ?? 1));
    const records = batch.map(
      (events, index) => ({ verdict: 'fact', position: at + index, commit: { events } }) as unknown as JudgedRecord,
    );
    for (const each of await folder.project(records)) postings.push(each.postings.map((list) => [...list]));
    written.push(...batch.flat());
    at += batch.length;
  }
  return postings;
}

/** What the events of one stream post from nothing. */
function fromScratch(rule: AnyPostingRule, events: readonly LedgerEvent[]): Posting[] {
  let state: unknown;
  return events.flatMap((event) => {
    const before = state;
    state = rule.evolve(before, event);
    return rule.post(before, event, state);
  });
}

const sumsOf = (postings: readonly Posting[]): string[] =>
  difference([], postings)
    .map((posting) => JSON.stringify(posting))
    .sort();

/** The commits that post something else here than there. */
const differing = (here: readonly Posting[][][], there: readonly Posting[][][]): object[] =>
  there.flatMap((each, position) =>
    JSON.stringify(here[position]) === JSON.stringify(each) ? [] : [{ position, here: here[position], there: each }],
  );

const fresh = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31);
const SEEDS = [...Array.from({ length: 12 }, (_, seed) => seed), ...[0, 1, 2, 3, 4].map((more) => fresh + more)];

describe.each(SEEDS)('any history (seed %i)', (seed) => {
  const commits = eventsOf(anyHistory(seeded(seed)));

  it('adds up at every position to what is in force there, posted from nothing', async () => {
    const postings = await projected(commits, [1], false);
    const recorded = new Map<string, LedgerEvent[]>();
    const sums = new Map<string, Posting[]>();
    for (const [position, events] of commits.entries()) {
      for (const [ordinal, event] of events.entries()) {
        const { stream } = event;
        recorded.set(stream, [...(recorded.get(stream) ?? []), event]);
        sums.set(stream, [...(sums.get(stream) ?? []), ...(postings[position]?.[ordinal] ?? [])]);
      }
      for (const stream of new Set(events.map((event) => event.stream))) {
        const rule = RULES.find(({ kind }) => kind === kindNameOf(stream));
        const right = sumsOf(rule === undefined ? [] : fromScratch(rule, inForce(recorded.get(stream) ?? [])));
        const posted = sumsOf(sums.get(stream) ?? []);
        // Comparing them as text first takes a tenth of the time.
        if (posted.join() !== right.join())
          expect({ position, stream, posted }).toEqual({ position, stream, posted: right });
      }
    }
  });

  it('posts the same lines in whatever batches it comes, and whatever is restarted between them', async () => {
    const postings = await projected(commits, [1], false);
    for (const batches of [[2, 7, 1], [5, 40], [commits.length]])
      for (const restarts of [false, true])
        expect(differing(await projected(commits, batches, restarts), postings)).toEqual([]);
  });
});
