import type { Action } from './event';
import type { EventType } from './kind';
import type { Refusal, RefusalCode } from './refusal';
import { VOCABULARY } from './vocabulary';

/** What an event of any type may be refused as, besides what its type names. */
export const COMMON_REFUSALS = {
  /** Whatever it says. */
  event: [
    'VALIDATION_FAILED',
    'UNKNOWN_FIELD',
    'PERIOD_INVALID',
    'SOURCE_REQUIRED',
    'STREAM_NOT_FOUND',
    'STREAM_EXISTS',
    'REF_NOT_FOUND',
    'FUTURE_DATED_FACT',
  ],
  /** When it corrects or cancels another. */
  change: [
    'REASON_REQUIRED',
    'FOUR_EYES_REQUIRED',
    'CORRECTION_TARGET_NOT_FOUND',
    'CORRECTION_TYPE_MISMATCH',
    'CORRECTION_SUPERSEDED',
    'CORRECTION_BREAKS_HISTORY',
    'FIRST_EVENT_NOT_CANCELLABLE',
  ],
  /** For what else is in the request, or for who sent it. */
  request: ['VERSION_CONFLICT', 'COMMAND_ID_REUSED', 'COMMIT_TOO_BROAD'],
} as const satisfies Record<string, readonly RefusalCode[]>;

const VALUE_REFUSALS = new Set<RefusalCode>(VOCABULARY.flatMap(({ refusals }) => refusals));

/**
 * Whether people can know from the documentation that an event of this type may be refused so: its
 * type names it, or it is common. `by` says who refused, the schema or the rules.
 */
export function isNamed(
  type: Pick<EventType, 'refusals'>,
  { code, pointer = '' }: Pick<Refusal, 'code' | 'pointer'>,
  { by, action }: { readonly by: 'schema' | 'rules'; readonly action: Action },
): boolean {
  if (type.refusals.includes(code)) return true;
  if (action !== 'new' && includes(COMMON_REFUSALS.change, code)) return true;
  if (by === 'schema' && VALUE_REFUSALS.has(code)) return true;
  // Of any event only the sources are looked up.
  return includes(COMMON_REFUSALS.event, code) && (code !== 'REF_NOT_FOUND' || pointer.startsWith('/sources/'));
}

function includes(codes: readonly RefusalCode[], code: RefusalCode): boolean {
  return codes.includes(code);
}
