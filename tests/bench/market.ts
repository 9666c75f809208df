import { partyRegistered, sourceRegistered, type StreamEvent } from '../support/events';
import { Chance } from './chance';
import { deal } from './market-deals';
import { engagement, forecast, funding, pool, reservation, site } from './market-others';
import { event, monthAfter, type Market } from './market-terms';

/** A ledger as it may be after years of use. */
export interface MarketPlan {
  readonly seed: number;
  /** How large it is then; it goes on after that. */
  readonly events: number;
}

const EVENTS_PER_STREAM = 50;
/** Streams begin over so much of the ledger; in the rest of it the last ones go on. */
const BEGIN_WITHIN = 0.86;
const MONTHS = 14;
/** Beyond its size so few of its streams go on at any time, and others begin. */
const OPEN_AT_LAST = 25;
const FIRST_MONTH = '2023-01';
const MOST_PER_COMMIT = 5;
/** Every so many commits writes two streams at once. */
const JOINT_EVERY = 20;

const STORIES = [
  { often: 43, name: 'deal', tell: deal },
  { often: 16, name: 'funding', tell: funding },
  { often: 26, name: 'reservation', tell: reservation },
  { often: 7, name: 'forecast', tell: forecast },
  { often: 3, name: 'site', tell: site },
  { often: 3, name: 'engagement', tell: engagement },
  { often: 2, name: 'pool', tell: pool },
] as const;

const named = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${name}-${index}`);

/** What the streams of a market rest on: parties and how they stand to each other, items, rates, the policy. */
export function groundworkOf(): StreamEvent[] {
  const { buyers, suppliers, funders, items } = newMarket();
  const day = `${FIRST_MONTH}-01`;
  return [
    sourceRegistered(),
    event(
      'source/press',
      'source',
      day,
      'SourceRegistered',
      { sourceId: 'press', kind: 'press', language: 'en', title: 'A paper' },
      { sources: [] },
    ),
    ...[...buyers, ...suppliers, ...funders].map(partyRegistered),
    ...suppliers.slice(1).map((supplier, index) =>
      event(`party/${supplier}`, 'stands', day, 'PartyRelationRecorded', {
        fromPartyId: supplier,
        toPartyId: suppliers[Math.floor(index / 4)],
        relation: index % 3 === 0 ? 'ownedBy' : 'suppliesTo',
      }),
    ),
    ...items.map((itemId) =>
      event('reference/items', itemId, day, 'ItemDefined', { itemId, name: itemId, defaultUnit: 'EA' }),
    ),
    event('reference/policy', 'policy', day, 'ProbabilityPolicySet', {
      exploring: '0.1',
      announced: '0.3',
      preliminary: '0.5',
      binding: '0.9',
      fundingUnlinkedProposed: '0.2',
    }),
    ...Array.from({ length: 46 }, (_, month) => monthAfter(FIRST_MONTH, month)).flatMap((month, index) =>
      [1, 8, 15, 22].flatMap((first) => {
        const onDate = `${month}-${String(first).padStart(2, '0')}`;
        const rate = `1.${String(10_000 + ((index * 97 + first) % 900)).slice(1)}`;
        return (first === 1 ? ['spot', 'closing'] : ['spot']).map((rateType) =>
          event('reference/fx', `${rateType}-${onDate}`, onDate, 'FxRateRecorded', {
            base: 'EUR',
            quote: 'USD',
            rate,
            onDate,
            rateType,
          }),
        );
      }),
    ),
    ...named('p', 5).map((poolId) =>
      event(`pool/${poolId}`, 'defined', day, 'PoolDefined', {
        poolId,
        scope: 'global',
        itemId: items[0],
        unit: 'EA',
        per: 'P1M',
      }),
    ),
  ];
}

const newMarket = (): Market => {
  const items = named('item', 20);
  return {
    buyers: named('buyer', 40),
    suppliers: named('supplier', 80),
    funders: named('funder', 20),
    items,
    pools: named('p', 5).map((poolId) => ({ poolId, itemId: items[0] as string })),
    deals: [],
  };
};

/** The commits of a market up to its size. */
export function* marketOf(plan: MarketPlan): Generator<StreamEvent[]> {
  let told = 0;
  for (const commit of market(plan)) {
    yield commit;
    told += commit.length;
    if (told >= plan.events) return;
  }
}

/**
 * Commits over a fiftieth as many streams as events, which go on beside each other: the middle of
 * it is half of each kind. It never ends.
 */
export function* market({ seed, events }: MarketPlan): Generator<StreamEvent[]> {
  const chance = new Chance(seed);
  const known = newMarket();
  const streams = Math.ceil(events / EVENTS_PER_STREAM);
  const open: Generator<StreamEvent>[] = [];
  const next = (commit: StreamEvent[]): boolean => {
    const at = chance.below(open.length);
    const story = open[at] as Generator<StreamEvent>;
    const most = commit.length + chance.between(1, MOST_PER_COMMIT);
    while (commit.length < most) {
      const { value, done } = story.next();
      if (done === true) {
        open.splice(at, 1);
        return false;
      }
      commit.push(value);
    }
    return true;
  };
  let begun = 0;
  for (let told = 0, commits = 0; ; commits += 1) {
    const isDue = (): boolean =>
      open.length === 0 ||
      (told < events
        ? begun < streams && begun / streams <= told / (events * BEGIN_WITHIN)
        : open.length < streams / OPEN_AT_LAST);
    while (isDue()) {
      open.push(begin(known, begun, streams, new Chance(seed * 1_000_003 + begun), chance.below(100)));
      begun += 1;
    }
    const commit: StreamEvent[] = [];
    const goesOn = next(commit);
    if (goesOn && open.length > 0 && commits % JOINT_EVERY === 0) next(commit);
    if (commit.length === 0) continue;
    told += commit.length;
    yield commit;
  }
}

function begin(known: Market, place: number, streams: number, chance: Chance, lot: number): Generator<StreamEvent> {
  let left = lot;
  const story = STORIES.find(({ often }) => (left -= often) < 0) ?? STORIES[0];
  const first = monthAfter(FIRST_MONTH, Math.min(MONTHS - 1, Math.floor((MONTHS * place) / streams)));
  return story.tell(known, `${story.name}-${place}`, first, chance);
}
