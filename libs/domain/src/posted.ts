import { z } from 'zod';
import { effectiveOf } from './calendar';
import type { Action, Person, SourceReference } from './event';
import type { EventType, StreamKind } from './kind';
import { refusal, REFUSALS, type Refusal, type RefusalCode } from './refusal';
import { EdtfSchema, Id, NOT_A_STRING, text, Word } from './values';
import type { Effective } from './calendar';
import { wordingOf } from './wording';

/** What a team posted, checked as far as the body alone allows. */
export interface PostedEvent<Type extends string = string, Data = unknown> {
  readonly id?: string | undefined;
  readonly type: Type;
  readonly schemaVersion: number;
  readonly effective: Effective;
  readonly action: Action;
  /** The event that a correction or cancel is about. */
  readonly corrects?: string | undefined;
  readonly reason?: string | undefined;
  readonly approvedBy?: Person | undefined;
  readonly onBehalfOf?: Person | undefined;
  readonly correlationId?: string | undefined;
  readonly causationId?: string | undefined;
  readonly sources: readonly SourceReference[];
  /** Of a cancel `null`. */
  readonly data: Data;
}

export type Parsed<Event = PostedEvent> =
  { readonly ok: true; readonly event: Event } | { readonly ok: false; readonly refusals: readonly Refusal[] };

/** Most sources that one event may name. */
export const SOURCES_MAX = 20;

const PersonSchema = z.strictObject({
  id: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}$/,
      '1 to 100 of the characters A-Z a-z 0-9 . _ @ + -, the first a letter or digit.',
    )
    .describe('The name that the person is known by to the ledger.'),
  role: Word.optional().describe('What the person is, such as controller.'),
});

const SourceReferenceSchema = z.strictObject({
  sourceId: Id.describe('A registered source.'),
  locator: text(500).optional().describe('Where in the source: a page, a paragraph.'),
  attribution: z
    .enum(['official', 'named', 'documentary', 'anonymousSources', 'analyst', 'unattributed', 'internal', 'synthetic'])
    .describe('Who in the source says so.'),
  confidence: z.enum(['high', 'medium', 'low']).describe('How far it is to be trusted.'),
});

const Reason = text().describe('Why it is posted; a correction or a cancel needs one.');
const Approver = PersonSchema.describe('The second person, where one is needed.');

/** What an event may have, whatever it does. */
const ENVELOPE = {
  id: Id.optional().describe(
    "The poster's own id of the event; makes posting it again harmless. Without ids a request needs an Idempotency-Key.",
  ),
  effective: EdtfSchema.describe('When it is true in the world.'),
  approvedBy: Approver.optional(),
  onBehalfOf: PersonSchema.optional().describe('For whom it is posted, where that is not the poster.'),
  correlationId: Id.optional().describe('What several events belong to, by a name of the poster.'),
  causationId: Id.optional().describe('What led to this event.'),
};

/** Who approved it is looked at by the rules, which know who posted. */
const CHANGE = {
  corrects: Id.describe('The event that this one replaces or removes: the latest correction, if there is one.'),
  reason: Reason,
};

const SOURCES = z
  .array(SourceReferenceSchema)
  .max(SOURCES_MAX)
  .describe('What it is known from: who says so, and how far that is to be trusted.');

const sourcesOf = ({ needsNoSource }: Pick<EventType, 'needsNoSource'>): typeof SOURCES =>
  needsNoSource === true ? SOURCES : SOURCES.min(1);

/** The schema of one event of `type` as it is posted for the first time. */
function newOfType(type: string, eventType: EventType) {
  return z.strictObject({
    type: z.literal(type),
    ...ENVELOPE,
    action: z.literal('new').optional(),
    reason: Reason.optional(),
    sources: sourcesOf(eventType),
    data: eventType.data,
  });
}

/** The schema of an event of `type` that takes the place of one recorded before. */
function correctionOfType(type: string, eventType: EventType) {
  return z.strictObject({
    type: z.literal(type),
    ...ENVELOPE,
    action: z.literal('correct'),
    ...CHANGE,
    sources: sourcesOf(eventType),
    data: eventType.data,
  });
}

/** The schema of a cancel of any event of a kind. */
function cancelOfKind({ events }: StreamKind) {
  const needsNoSource = Object.values(events).every((eventType) => eventType.needsNoSource === true);
  return z
    .strictObject({
      type: z.enum(Object.keys(events)).describe('The type of the event that is removed.'),
      ...ENVELOPE,
      action: z.literal('cancel'),
      ...CHANGE,
      sources: sourcesOf({ needsNoSource }),
      data: z.null().optional(),
    })
    .describe('Removes an event that never was true.');
}

/**
 * What a type may look like, for documentation: whether it states something new or corrects, in one,
 * because a schema of each would double what people have to read.
 */
function documentedType(type: string, eventType: EventType) {
  return z
    .strictObject({
      type: z.literal(type),
      ...ENVELOPE,
      action: z
        .enum(['new', 'correct'])
        .optional()
        .describe('"new" unless said otherwise; also "cancel", then without data.'),
      corrects: CHANGE.corrects.optional(),
      reason: Reason.optional(),
      sources: sourcesOf(eventType),
      data: eventType.data,
    })
    .describe(eventType.summary)
    .meta({
      if: { properties: { action: { const: 'correct' } }, required: ['action'] },
      then: { required: ['corrects', 'reason', 'approvedBy'] },
      else: { properties: { corrects: false } },
    });
}

interface TypeSchemas {
  readonly eventType: EventType;
  readonly new: ReturnType<typeof newOfType>;
  readonly correct: ReturnType<typeof correctionOfType>;
  readonly cancel: ReturnType<typeof cancelOfKind>;
}

const schemas = new WeakMap<StreamKind, ReadonlyMap<string, TypeSchemas>>();

function schemasOf(kind: StreamKind): ReadonlyMap<string, TypeSchemas> {
  let known = schemas.get(kind);
  if (known === undefined) {
    const cancel = cancelOfKind(kind);
    known = new Map(
      Object.entries(kind.events).map(([type, eventType]) => [
        type,
        {
          eventType,
          // What is right, and so is most, is read by generated code; what is wrong is read once more to say why.
          new: z.compile(newOfType(type, eventType)),
          correct: correctionOfType(type, eventType),
          cancel,
        },
      ]),
    );
    schemas.set(kind, known);
  }
  return known;
}

/**
 * The schema of any event that may be posted to a stream of this kind: a union on `type`, and a
 * cancel. For documentation: `z.toJSONSchema(postedSchema(kind), { io: 'input' })`.
 */
export function postedSchema(kind: StreamKind): z.ZodType {
  const [first, ...rest] = Object.entries(kind.events).map(([type, eventType]) => documentedType(type, eventType));
  if (first === undefined) throw new RangeError(`kind ${kind.name} has no events`);
  return z.union([z.discriminatedUnion('type', [first, ...rest]), cancelOfKind(kind)]);
}

/**
 * Reads what was posted to a stream of this kind. Gives every problem at once, each with its own
 * code and a JSON pointer that starts with `pointer` (the place of `input` in the request).
 */
export function parseEvent(kind: StreamKind, input: unknown, pointer = ''): Parsed {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return refused([refusal('VALIDATION_FAILED', 'An event is a JSON object.', { pointer })]);
  }
  const type: unknown = 'type' in input ? input.type : undefined;
  const known = typeof type === 'string' ? schemasOf(kind).get(type) : undefined;
  if (known === undefined) {
    const types = Object.keys(kind.events).join(', ');
    return refused([
      refusal('VALIDATION_FAILED', `A ${kind.name} has no such event type; it has ${types}.`, {
        pointer: `${pointer}/type`,
      }),
    ]);
  }
  const action: unknown = 'action' in input ? input.action : undefined;
  if (action !== undefined && action !== 'new' && action !== 'correct' && action !== 'cancel') {
    return refused([
      refusal('VALIDATION_FAILED', 'An action is "new", "correct" or "cancel"; without one an event is new.', {
        pointer: `${pointer}/action`,
      }),
    ]);
  }
  const result = known[action ?? 'new'].safeParse(input, { reportInput: true });
  if (!result.success) return refused(refusalsOf(result.error.issues, pointer));
  const { data } = result;
  const effective = effectiveOf(data.effective);
  if (effective === undefined) throw new Error(`schema let through the date ${data.effective}`);
  // Field by field: a rest and a spread would take as long as the whole parse.
  return {
    ok: true,
    event: {
      id: data.id,
      type: data.type,
      schemaVersion: known.eventType.schemaVersion,
      effective,
      action: data.action ?? 'new',
      corrects: 'corrects' in data ? data.corrects : undefined,
      reason: data.reason,
      approvedBy: data.approvedBy,
      onBehalfOf: data.onBehalfOf,
      correlationId: data.correlationId,
      causationId: data.causationId,
      sources: data.sources,
      data: data.data ?? null,
    },
  };
}

/** The refusals that zod's issues stand for, with pointers below `pointer`. */
function refusalsOf(issues: readonly z.core.$ZodIssue[], pointer: string): Refusal[] {
  return issues.flatMap((issue) => {
    const at = pointer + pointerTo(issue.path);
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) =>
        refusal('UNKNOWN_FIELD', `There is no field "${key.slice(0, 100)}" here; check its spelling or leave it out.`, {
          pointer: `${at}${pointerTo([key])}`,
        }),
      );
    }
    const code = codeOf(issue);
    return [refusal(code, messageOf(issue, code), { pointer: at })];
  });
}

function codeOf(issue: z.core.$ZodIssue): RefusalCode {
  if (issue.code === 'custom') {
    const code: unknown = issue.params?.['code'];
    return typeof code === 'string' && isRefusalCode(code) ? code : 'VALIDATION_FAILED';
  }
  if (issue.message === NOT_A_STRING) return 'AMOUNT_FORMAT';
  const left = issue.code === 'too_small' || issue.input === undefined || issue.input === null;
  if (left && issue.path.length === 1 && issue.path[0] === 'sources') return 'SOURCE_REQUIRED';
  if (left && issue.path.at(-1) === 'reason') return 'REASON_REQUIRED';
  return 'VALIDATION_FAILED';
}

function messageOf(issue: z.core.$ZodIssue, code: RefusalCode): string {
  if (issue.code === 'custom' || code === 'AMOUNT_FORMAT') return issue.message;
  if (code === 'SOURCE_REQUIRED')
    return 'No source is named, an event rests on 1 or more; name in sources what says so.';
  if (code === 'REASON_REQUIRED') return 'No reason is given, and one is needed; say why in reason.';
  return wordingOf(issue);
}

function isRefusalCode(code: string): code is RefusalCode {
  return Object.hasOwn(REFUSALS, code);
}

/** RFC 6901. */
function pointerTo(path: readonly PropertyKey[]): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function refused(refusals: readonly Refusal[]): Parsed {
  return { ok: false, refusals };
}
