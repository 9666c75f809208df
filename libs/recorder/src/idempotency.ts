import { refusal, type Refusal } from '@deal-ledger/domain';
import { contentHash } from './content-hash';
import type { PostRequest } from './decision';
import type { Recorded, Streams } from './streams';

export type Repetition =
  | { readonly kind: 'same'; readonly recorded: Recorded }
  /** The id or key stands for something else already. */
  | { readonly kind: 'reused'; readonly refusal: Refusal };

/** Whether a request was recorded before, by its `Idempotency-Key` or its events' ids. */
export function repetitionOf(request: PostRequest, streams: Streams): Repetition | undefined {
  const [first] = request.events;
  const byKey =
    request.commandId === undefined ? undefined : streams.recordedCommand(first?.stream ?? '', request.commandId);
  if (byKey)
    return sameContent(request, byKey)
      ? { kind: 'same', recorded: byKey }
      : reused(`Idempotency-Key ${request.commandId}`, byKey);
  for (const [index, { stream, id }] of request.events.entries()) {
    const byId = id === undefined ? undefined : streams.recordedEvent(stream, id);
    if (byId)
      return sameContent(request, byId)
        ? { kind: 'same', recorded: byId }
        : reused(`event id ${id}`, byId, `/events/${index}/id`);
  }
  return undefined;
}

function sameContent(request: PostRequest, recorded: Recorded): boolean {
  return (
    request.events.length === recorded.events.length &&
    request.events.every((event, index) => {
      const before = recorded.events[index];
      return (
        before?.stream === event.stream &&
        (event.id ?? before.id) === before.id &&
        before.contentHash === contentHash(event)
      );
    })
  );
}

function reused(what: string, { position }: Recorded, pointer?: string): Repetition {
  return {
    kind: 'reused',
    refusal: refusal(
      'COMMAND_ID_REUSED',
      `The ${what} is recorded at position ${position} with other content. Send what was sent then, or use a new one.`,
      {
        ...(pointer === undefined ? {} : { pointer }),
        details: { recordedAtPosition: position },
      },
    ),
  };
}
