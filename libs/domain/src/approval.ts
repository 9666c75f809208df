import type { LedgerEvent } from './event';
import { refusal, type Refusal } from './refusal';
import { asCompared } from './sameness';

/** Refuses an event that a second person has not approved; `what` says what needs one. */
export function unapproved(event: LedgerEvent, what: string): Refusal | undefined {
  const { actor, onBehalfOf, approvedBy } = event;
  const pointer = '/approvedBy';
  if (approvedBy === undefined) {
    return refusal('FOUR_EYES_REQUIRED', `${what} needs a second person; name in approvedBy who approved it.`, {
      pointer,
    });
  }
  const approver = asCompared(approvedBy.id);
  if ([actor, onBehalfOf].some((poster) => poster !== undefined && asCompared(poster.id) === approver)) {
    return refusal(
      'FOUR_EYES_REQUIRED',
      `${what} needs a second person, and ${approvedBy.id} posted it; somebody else must approve it.`,
      {
        pointer: `${pointer}/id`,
        details: { approvedBy: approvedBy.id },
      },
    );
  }
  return undefined;
}
