import type { LedgerEvent } from './event';

/** A fact's place in its stream, and what has become of it. */
export interface Place<Event extends LedgerEvent = LedgerEvent> {
  /** As it was first recorded. */
  readonly original: Event;
  /** The latest correction, or the original: what the next correction must name. */
  readonly latest: Event;
  /** The cancel that removed it, if one did. */
  readonly cancelledBy: Event | undefined;
  /**
   * What a fold finds here: the latest correction, looking like an ordinary event that was recorded
   * where the original was. Nothing once it is cancelled.
   */
  readonly inForce: Event | undefined;
}

/**
 * A stream's recorded events put in their places: a correction stands in the place of what it
 * corrects, and what was cancelled stands nowhere.
 */
export class History<Event extends LedgerEvent = LedgerEvent> {
  readonly #places: Place<Event>[] = [];
  /** By the id of every event recorded: of the original, its corrections and its cancel alike. */
  readonly #indexes = new Map<string, number>();

  /** `events`: all of one stream, in the order recorded. */
  constructor(events: Iterable<Event> = []) {
    for (const event of events) this.add(event);
  }

  /** How many events were recorded. */
  get version(): number {
    return this.#indexes.size;
  }

  /** In the order in which the originals were recorded. */
  get places(): readonly Place<Event>[] {
    return this.#places;
  }

  /** The events that the stream's state is folded from, in order. */
  get inForce(): Event[] {
    return this.#places.flatMap(({ inForce }) => (inForce === undefined ? [] : [inForce]));
  }

  /** The place that an event was recorded for, whether it still stands there or not. */
  placeOf(id: string): Place<Event> | undefined {
    return this.#places[this.#indexes.get(id) ?? -1];
  }

  /** A history of the same events that goes on by itself. */
  copy(): History<Event> {
    const copy = new History<Event>();
    for (const place of this.#places) copy.#places.push(place);
    for (const [id, index] of this.#indexes) copy.#indexes.set(id, index);
    return copy;
  }

  /** Adds the event recorded next. It never argues: whether it may be recorded was decided before. */
  add(event: Event): void {
    if (event.action === 'new') {
      this.#indexes.set(event.id, this.#places.length);
      this.#places.push({ original: event, latest: event, cancelledBy: undefined, inForce: event });
      return;
    }
    const index = this.#indexes.get(event.corrects ?? '');
    const place = index === undefined ? undefined : this.#places[index];
    if (index === undefined || place === undefined) {
      throw new Error(`${event.id} ${event.action}s ${event.corrects}, which ${event.stream} does not have`);
    }
    this.#indexes.set(event.id, index);
    this.#places[index] =
      event.action === 'cancel'
        ? { ...place, cancelledBy: event, inForce: undefined }
        : { ...place, latest: event, inForce: inPlaceOf(place.original, event) };
  }
}

/** The events in force of a stream's recorded events, given in the order recorded. */
export function inForce<Event extends LedgerEvent>(recorded: Iterable<Event>): Event[] {
  return new History(recorded).inForce;
}

function inPlaceOf<Event extends LedgerEvent>(original: Event, correction: Event): Event {
  return { ...correction, version: original.version, action: 'new', corrects: undefined };
}
