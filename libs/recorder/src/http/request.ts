import {
  kindOf,
  parseEvent,
  refusal,
  WHICH_STREAM,
  type PostedEvent,
  type Refusal,
  type StreamKind,
} from '@deal-ledger/domain';
import { MAX_POSTED_EVENTS } from '@deal-ledger/ledger';
import { repeatedId, type PostRequest, type ProposedEvent } from '../decision';

/** Without authentication everybody is this one. */
export const LOCAL_ACTOR = { id: 'local' } as const;

const STREAM_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

export type Read<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly refusals: readonly Refusal[] };

/** The stream that a path or an event names, if it can be one of a kind we know. */
export function streamName(kind: StreamKind, id: string): string | undefined {
  return STREAM_ID.test(id) ? `${kind.name}/${id}` : undefined;
}

/** Whether a text names a stream that can be written here. */
export function isWritable(stream: string): boolean {
  const kind = kindOf(stream);
  return kind !== undefined && streamName(kind, stream.slice(kind.name.length + 1)) === stream;
}

/** The event itself with one more field: a copy would take as long as the checking did. */
const forStream = (event: PostedEvent, stream: string): ProposedEvent => Object.assign(event, { stream });

/** What was posted to one stream. */
export function readStreamPost(kind: StreamKind, stream: string, body: unknown): Read<readonly ProposedEvent[]> {
  return readEvents(body, [], (item, pointer) => {
    const parsed = parseEvent(kind, item, pointer);
    return parsed.ok ? [forStream(parsed.event, stream)] : parsed.refusals;
  });
}

/** What was posted to several streams at once; `also` names further fields the body may have. */
export function readCommit(body: unknown, also: readonly string[] = []): Read<readonly ProposedEvent[]> {
  return readEvents(body, also, (item, pointer) => {
    if (!isObject(item) || typeof item['stream'] !== 'string') {
      return [invalid(WHICH_STREAM, `${pointer}/stream`)];
    }
    const { stream, ...event } = item as { stream: string };
    const kind = isWritable(stream) ? kindOf(stream) : undefined;
    if (!kind) {
      return [
        invalid(
          `"${stream.slice(0, 120)}" is not a stream that can be written: it is kind/id, with a kind of this ledger and an id of 1 to 100 of the characters A-Z a-z 0-9 . _ -`,
          `${pointer}/stream`,
        ),
      ];
    }
    const parsed = parseEvent(kind, event, pointer);
    return parsed.ok ? [forStream(parsed.event, stream)] : parsed.refusals;
  });
}

function readEvents(
  body: unknown,
  also: readonly string[],
  read: (item: unknown, pointer: string) => readonly (ProposedEvent | Refusal)[],
): Read<readonly ProposedEvent[]> {
  if (!isObject(body))
    return { ok: false, refusals: [invalid('The body is a JSON object with the field "events".', '')] };
  const refusals: Refusal[] = Object.keys(body)
    .filter((key) => key !== 'events' && !also.includes(key))
    .map((key) =>
      refusal('UNKNOWN_FIELD', `There is no field "${key.slice(0, 100)}" here; check its spelling or leave it out.`, {
        pointer: `/${escape(key)}`,
      }),
    );
  const items = body['events'];
  if (!Array.isArray(items) || items.length < 1 || items.length > MAX_POSTED_EVENTS) {
    const given = Array.isArray(items) ? `${items.length} were given; ` : '';
    return {
      ok: false,
      refusals: [
        ...refusals,
        invalid(
          `"events" is a list of 1 to ${MAX_POSTED_EVENTS} events; ${given}post the rest in another commit.`,
          '/events',
        ),
      ],
    };
  }
  const events: ProposedEvent[] = [];
  for (const [index, item] of items.entries()) {
    for (const result of read(item, `/events/${index}`)) {
      if ('code' in result) refusals.push(result);
      else events.push(result);
    }
  }
  const repeated = refusals.length === 0 ? repeatedId(events) : undefined;
  if (repeated) refusals.push(repeated);
  return refusals.length > 0 ? { ok: false, refusals } : { ok: true, value: events };
}

/** Whether a repeated request could be told from a new one. */
export const canBeRepeated = ({ events, commandId }: Pick<PostRequest, 'events' | 'commandId'>): boolean =>
  commandId !== undefined || events.every(({ id }) => id !== undefined);

const invalid = (message: string, pointer: string): Refusal => refusal('VALIDATION_FAILED', message, { pointer });
const escape = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
