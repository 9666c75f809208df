import { z } from 'zod';
import { effectiveOf } from './calendar';
import type { Person, SourceReference } from './event';
import type { EventType, StreamKind } from './kind';
import { refusal, REFUSALS, type Refusal, type RefusalCode } from './refusal';
import { EdtfSchema, Id, NOT_A_STRING, text, Word } from './values';
import type { Effective } from './calendar';

/** What a team posted, checked as far as the body alone allows. */
export interface PostedEvent<Type extends string = string, Data = unknown> {
  readonly id?: string | undefined;
  readonly type: Type;
  readonly schemaVersion: number;
  readonly effective: Effective;
  readonly action: 'new';
  readonly reason?: string | undefined;
  readonly approvedBy?: Person | undefined;
  readonly onBehalfOf?: Person | undefined;
  readonly correlationId?: string | undefined;
  readonly causationId?: string | undefined;
  readonly sources: readonly SourceReference[];
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
    ),
  role: Word.optional(),
});

const SourceReferenceSchema = z.strictObject({
  sourceId: Id,
  locator: text(500).optional().describe('Where in the source: a page, a paragraph.'),
  attribution: z.enum([
    'official',
    'named',
    'documentary',
    'anonymousSources',
    'analyst',
    'unattributed',
    'internal',
    'synthetic',
  ]),
  confidence: z.enum(['high', 'medium', 'low']),
});

const ENVELOPE = {
  id: Id.optional().describe("The poster's own id of the event; makes posting it again harmless."),
  effective: EdtfSchema.describe('When it is true in the world.'),
  action: z
    .literal('new', 'Only "new" is accepted in this version; corrections and cancellations come later.')
    .optional()
    .describe('Only "new" is accepted in this version.'),
  reason: text().optional(),
  approvedBy: PersonSchema.optional().describe('The second person, where one is needed.'),
  onBehalfOf: PersonSchema.optional(),
  correlationId: Id.optional(),
  causationId: Id.optional(),
};

const SOURCES = z.array(SourceReferenceSchema).max(SOURCES_MAX);

/** The schema of one event of `type` as it is posted. */
function schemaOfType(type: string, { data, summary, needsNoSource }: EventType) {
  return z
    .strictObject({
      type: z.literal(type),
      ...ENVELOPE,
      sources: needsNoSource === true ? SOURCES : SOURCES.min(1),
      data,
    })
    .describe(summary);
}

type EventSchema = ReturnType<typeof schemaOfType>;

const schemas = new WeakMap<StreamKind, ReadonlyMap<string, EventSchema>>();

function schemasOf(kind: StreamKind): ReadonlyMap<string, EventSchema> {
  let known = schemas.get(kind);
  if (known === undefined) {
    known = new Map(Object.entries(kind.events).map(([type, event]) => [type, schemaOfType(type, event)]));
    schemas.set(kind, known);
  }
  return known;
}

/**
 * The schema of any event that may be posted to a stream of this kind, a union on `type`.
 * For documentation: `z.toJSONSchema(postedSchema(kind), { io: 'input' })`.
 */
export function postedSchema(kind: StreamKind): z.ZodType {
  const [first, ...rest] = schemasOf(kind).values();
  if (first === undefined) throw new RangeError(`kind ${kind.name} has no events`);
  return z.discriminatedUnion('type', [first, ...rest]);
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
  const schema = typeof type === 'string' ? schemasOf(kind).get(type) : undefined;
  const eventType = typeof type === 'string' ? kind.events[type] : undefined;
  if (schema === undefined || eventType === undefined) {
    const types = Object.keys(kind.events).join(', ');
    return refused([
      refusal('VALIDATION_FAILED', `A ${kind.name} has no such event type; it has ${types}.`, {
        pointer: `${pointer}/type`,
      }),
    ]);
  }
  const result = schema.safeParse(input, { reportInput: true });
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
      schemaVersion: eventType.schemaVersion,
      effective,
      action: 'new',
      reason: data.reason,
      approvedBy: data.approvedBy,
      onBehalfOf: data.onBehalfOf,
      correlationId: data.correlationId,
      causationId: data.causationId,
      sources: data.sources,
      data: data.data,
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
    return [refusal(codeOf(issue), issue.message, { pointer: at })];
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
