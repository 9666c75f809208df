import { Dice, IDS } from './any.testing';
import { PROPOSALS } from './any-event.testing';
import { catalogue } from './catalogue';
import { cancellation, CONTROLLER, correction, BEGINNING, Scenario, type Draft } from './testing';

/** A draft that says all of the event it becomes. */
export type NamedDraft = Omit<Draft, 'id' | 'effective'> & { readonly id: string; readonly effective: string };

/** How often something is posted to a stream of a kind. */
const WEIGHTS: Readonly<Record<string, number>> = { deal: 12, funding: 9, reservation: 7, reference: 3, pool: 2 };
const KINDS = Object.keys(PROPOSALS).flatMap((kind) => Array<string>(WEIGHTS[kind] ?? 1).fill(kind));

/** What much else waits for, or comes of much else, comes oftener. */
const OFTEN = [
  'AgreementSigned',
  'LegAdded',
  'CostIncurred',
  'PaymentMade',
  'PaymentReversed',
  'LegTermsChanged',
  'TrancheScheduled',
  'TrancheConditionMet',
  'FundingCommitted',
  'FundsCalled',
  'FundsReceived',
  'QuantityDelivered',
  'RampScheduled',
  'DeliveryAccepted',
  'DeliverySlipped',
];

/** How often something of a type is tried until it is accepted. */
const TRIES = 8;

/** What mostly comes soon, because so much else waits for it. */
const SOON = [
  ['funding/f1', 'FundingCommitted'],
  ['funding/f1', 'CommitmentChanged'],
  ['funding/f1', 'CommitmentChanged'],
  ['funding/f1', 'TrancheScheduled'],
  ['funding/f1', 'FundsCalled'],
  ['deal/d1', 'LegAdded'],
  ['deal/d1', 'LegAdded'],
  ['deal/d1', 'AgreementSigned'],
  ['reservation/r1', 'RampScheduled'],
] as const;

/** After these little happens in a stream, so they come seldom. */
const ENDINGS = ['DealClosed', 'FundingClosed', 'ReservationClosed', 'EngagementCancelled', 'LegRemoved'];

/** Streams that take one type of event only. */
const HOMES: Readonly<Record<string, string>> = {
  'reference/items': 'ItemDefined',
  'reference/conversions': 'UnitConversionAssumed',
  'reference/fx': 'FxRateRecorded',
  'reference/policy': 'ProbabilityPolicySet',
};

const SOURCES = [{ sourceId: 'filing', attribution: 'official', confidence: 'high' }];

/**
 * Commits that the rules accept one after the other, of streams of every kind: facts, corrections and
 * cancels, alone and several together. The same numbers from `random` give the same history.
 */
export function anyHistory(random: () => number, events = 120): readonly (readonly NamedDraft[])[] {
  const beginning = BEGINNING.map((draft, index) => [
    { effective: '2025-12-01', sources: SOURCES, ...draft, id: `begin-${index + 1}` },
  ]);
  const chronicle = new Chronicle(new Dice(random));
  for (const commit of beginning) chronicle.post(commit);
  chronicle.open('pool/global', 'pool/own', 'deal/d1', 'funding/f1', 'reservation/r1');
  while (chronicle.recorded < events) chronicle.go();
  return chronicle.commits;
}

/** Posts what comes to mind, and keeps what is accepted. */
class Chronicle {
  readonly commits: (readonly NamedDraft[])[] = [];
  private readonly scenario = new Scenario();
  private readonly drafts = new Map<string, NamedDraft>();
  private tried = 0;

  constructor(private readonly dice: Dice) {}

  get recorded(): number {
    return this.drafts.size;
  }

  /** Whether the commit is accepted. */
  post(commit: readonly NamedDraft[]): boolean {
    if (this.scenario.when(...commit).refusals.length > 0) return false;
    this.commits.push(commit);
    for (const draft of commit) this.drafts.set(draft.id, draft);
    return true;
  }

  /** Begins these streams, and what mostly comes soon in them. */
  open(...streams: readonly string[]): void {
    for (const stream of streams) {
      const [kindName = ''] = stream.split('/');
      this.insist(() => [this.fact(stream, this.typeFor(kindName, stream))]);
    }
    for (const [stream, type] of SOON) if (this.dice.happens(0.7)) this.insist(() => [this.fact(stream, type)]);
  }

  go(): void {
    const { dice } = this;
    const chance = dice.between(1, 100);
    if (chance <= 60) {
      const [stream, type] = this.chosen();
      this.insist(() => [this.fact(stream, type)]);
    } else if (chance <= 65) this.post([this.fact(...this.chosen()), this.fact(...this.chosen())]);
    else {
      const stream = this.stream();
      if (chance <= 85) this.insist(() => [this.change(stream)]);
      // Some of them hold only with one another.
      else
        this.insist(() => [
          this.change(stream),
          this.change(stream),
          ...(dice.happens(0.3) ? [this.fact(...this.chosen())] : []),
        ]);
    }
  }

  private insist(commit: () => readonly NamedDraft[]): void {
    for (let tries = 0; tries < TRIES; tries += 1) if (this.post(commit())) return;
  }

  private named(draft: Draft): NamedDraft {
    this.tried += 1;
    return { effective: this.dice.effective(), ...draft, id: `e${this.tried}` };
  }

  private fact(stream: string, type: string): NamedDraft {
    return this.named(this.drafted(stream, type));
  }

  /** A stream, and a type of event that may come next in it. */
  private chosen(): [stream: string, type: string] {
    const { dice } = this;
    const kindName = dice.oneOf(KINDS);
    const stream = `${kindName}/${dice.oneOf(IDS[kindName] ?? [])}`;
    return [stream, this.typeFor(kindName, stream)];
  }

  private typeFor(kindName: string, stream: string): string {
    const { dice } = this;
    const kind = catalogue[kindName];
    if (kind === undefined) throw new Error(`no kind of stream: ${stream}`);
    const ofStream = HOMES[stream];
    if (ofStream !== undefined) return ofStream;
    if (this.scenario.state(stream) === undefined) return dice.oneOf(kind.opening);
    const { opening, reopening = [] } = kind;
    const later = Object.keys(kind.events)
      .filter((type) => !opening.includes(type) || reopening.includes(type))
      .flatMap((type) => (OFTEN.includes(type) ? Array<string>(4).fill(type) : [type]));
    if (later.length === 0) return dice.oneOf(opening);
    const type = dice.oneOf(later);
    return ENDINGS.includes(type) && dice.happens(0.6) ? dice.oneOf(later) : type;
  }

  private drafted(stream: string, type: string): Draft & { readonly effective: string } {
    const { dice } = this;
    const [kind = '', id = ''] = stream.split('/');
    const propose = PROPOSALS[kind]?.[type];
    if (propose === undefined) throw new Error(`nothing is proposed for ${type} on ${stream}`);
    return {
      stream,
      type,
      effective: dice.effective(),
      sources: SOURCES,
      approvedBy: CONTROLLER,
      data: propose(id, dice),
    };
  }

  /** A stream in which something may be corrected. */
  private stream(): string {
    return this.dice.oneOf([...this.drafts.values()].slice(BEGINNING.length)).stream;
  }

  /** A correction or a cancel of something in the stream. */
  private change(stream: string): NamedDraft {
    const { dice } = this;
    const { original, latest } = dice.oneOf(this.scenario.history(stream).places);
    const { type } = original;
    if (dice.happens(0.3)) return this.named({ ...cancellation(latest.id, { stream, type }), sources: SOURCES });
    const anew = this.drafted(stream, type);
    if (dice.happens(0.3)) return this.named(correction(latest.id, anew));
    const was = this.drafts.get(latest.id);
    if (was === undefined) throw new Error(`${latest.id} was never posted`);
    const data = dice.happens(0.7) ? this.otherwise(was.data) : was.data;
    const { effective } = dice.happens(0.5) ? anew : was;
    return this.named(correction(latest.id, { ...anew, data, effective }));
  }

  /** The same with other amounts. */
  private otherwise(data: unknown): unknown {
    const { dice } = this;
    if (Array.isArray(data)) return data.map((member) => this.otherwise(member));
    if (typeof data !== 'object' || data === null) return data;
    return Object.fromEntries(
      Object.entries(data).map(([name, member]) => [
        name,
        (name === 'amount' || name === 'value') && typeof member === 'string'
          ? String(Math.max(0, Math.trunc(Number(member)) + dice.between(-3, 3)))
          : this.otherwise(member),
      ]),
    );
  }
}
