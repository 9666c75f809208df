import type { LedgerEvent } from '@deal-ledger/domain';
import { decodeRecord, type JudgedFact } from '@deal-ledger/ledger';
import type { Log } from '@deal-ledger/log';

const NONE = -1;
const FIRST_ROOM = 1024;
/** Records asked for at once. */
const PIECE = 200;

/**
 * Where the commits of each stream stand, and which ids it has: what it takes to read a stream back from
 * the log alone, and to tell an id that comes twice, in a few bytes for each event.
 */
export class StreamPlaces {
  /** Per stream its latest entry below. */
  private readonly latest = new Map<string, number>();
  /** Entries: where a commit stands, and the stream's entry before it. */
  private positions = new Float64Array(FIRST_ROOM);
  private earlier = new Int32Array(FIRST_ROOM);
  private entries = 0;
  private readonly ids = new Fingerprints();

  constructor(private readonly log: Pick<Log, 'at'>) {}

  get streams(): number {
    return this.latest.size;
  }

  /** Takes in a fact. Answers the events whose id their stream may have had before. */
  add({ commit, position }: JudgedFact): LedgerEvent[] {
    for (const stream of commit.streams) {
      if (this.entries === this.positions.length) this.grow();
      this.positions[this.entries] = position;
      this.earlier[this.entries] = this.latest.get(stream) ?? NONE;
      this.latest.set(stream, this.entries);
      this.entries += 1;
    }
    return commit.events.filter(({ stream, id }) => !this.ids.add(`${stream} ${id}`));
  }

  /** The events of these streams before a position, each stream's in order, read from the log. */
  async before(position: number, streams: readonly string[]): Promise<Map<string, LedgerEvent[]>> {
    const wanted = new Set(streams);
    const positions = new Set<number>();
    for (const stream of wanted)
      for (let at = this.latest.get(stream) ?? NONE; at !== NONE; at = this.earlier[at] as number)
        if ((this.positions[at] as number) < position) positions.add(this.positions[at] as number);
    const rising = [...positions].sort((a, b) => a - b);
    const histories = new Map<string, LedgerEvent[]>([...wanted].map((stream) => [stream, []]));
    for (let at = 0; at < rising.length; at += PIECE) {
      for (const record of await this.log.at(rising.slice(at, at + PIECE))) {
        const commit = decodeRecord(record);
        // It was a fact when it was read before; if it no longer is a commit, the one who compares will see.
        if (typeof commit === 'string') continue;
        for (const event of commit.events) histories.get(event.stream)?.push(event);
      }
    }
    return histories;
  }

  private grow(): void {
    const positions = new Float64Array(2 * this.positions.length);
    positions.set(this.positions);
    this.positions = positions;
    const earlier = new Int32Array(2 * this.earlier.length);
    earlier.set(this.earlier);
    this.earlier = earlier;
  }
}

/** A set of texts by 53 bits of each: a text that is in it is always known, and one that is not nearly never taken for one. */
class Fingerprints {
  private slots = new Float64Array(2 * FIRST_ROOM);
  private size = 0;

  /** Says whether it was not in it yet. */
  add(text: string): boolean {
    if (2 * this.size >= this.slots.length) this.grow();
    const added = put(this.slots, fingerprint(text));
    if (added) this.size += 1;
    return added;
  }

  private grow(): void {
    const slots = new Float64Array(2 * this.slots.length);
    for (const print of this.slots) if (print !== 0) put(slots, print);
    this.slots = slots;
  }
}

function put(slots: Float64Array, print: number): boolean {
  let at = print % slots.length;
  while (slots[at] !== 0) {
    if (slots[at] === print) return false;
    at = (at + 1) % slots.length;
  }
  slots[at] = print;
  return true;
}

/** 53 bits, never 0: cyrb53 by two multiplicative hashes side by side. */
function fingerprint(text: string): number {
  let [high, low] = [0xdeadbeef, 0x41c6ce57];
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 4294967296 * (2097151 & low) + (high >>> 0) || 1;
}
