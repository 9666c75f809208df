import { join } from 'node:path';
import {
  catalogue,
  COMMON_REFUSALS,
  idOf,
  postedSchema,
  statusOf,
  VOCABULARY,
  type EventClass,
  type EventType,
  type RefusalCode,
  type StreamKind,
} from '@deal-ledger/domain';
import { GENESIS_STREAM, KEY_FREED, KEY_TAKEN, LEDGER_CREATED } from '@deal-ledger/ledger';
import { ROOT } from '../harness/root';
import { fieldsOf, jsonSchemaOf, type Field, type JsonSchema } from './fields';
import { readSamples, type Sample } from './samples';

/** Where the documentation of events stands. */
export const EVENTS_FILE = join(ROOT, 'docs/EVENTS.md');

/** First what deals come to, then what they refer to. */
const ORDER = [
  'deal',
  'funding',
  'pool',
  'reservation',
  'forecast',
  'source',
  'party',
  'reference',
  'engagement',
  'site',
  'report-run',
];

const CLASSES: Readonly<Record<EventClass, string>> = {
  I: 'identity and terms: counts as soon as it is known, whatever the day of the report',
  T: 'dated terms: counts from the day its terms begin',
  F: 'a fact: counts once its latest day is not after the day of the report; never recorded before it happened',
};

/** An event of a type as somebody would post it, and where to. */
export interface Example {
  readonly kind: StreamKind;
  readonly path: string;
  readonly event: Readonly<Record<string, unknown>>;
}

/** Of every type the first of its samples, as it was posted. */
export function examples(): Map<string, Example> {
  const found = new Map<string, Example>();
  for (const { kind: name, type, schemaVersion, samples } of readSamples()) {
    const kind = catalogue[name];
    const [sample] = Object.values(samples);
    if (kind?.events[type]?.schemaVersion !== schemaVersion || sample === undefined || found.has(type)) continue;
    const path = `/v1/${kind.route}/${idOf(sample.stream)}/events`;
    found.set(type, { kind, path, event: posted(type, kind.events[type], sample) });
  }
  return found;
}

function posted(type: string, { needsNoSource }: EventType, sample: Sample): Example['event'] {
  const { effective, approvedBy, data } = sample;
  return {
    id: 'evt-0001',
    type,
    effective,
    sources: needsNoSource === true ? [] : [{ sourceId: 'filing', attribution: 'documentary', confidence: 'high' }],
    ...(approvedBy === undefined ? {} : { approvedBy }),
    data,
  };
}

/** `docs/EVENTS.md`, from the schemas and the samples. */
export function eventsDocument(): string {
  const kinds = ORDER.map((name) => catalogue[name] as StreamKind);
  const forgotten = Object.keys(catalogue).filter((name) => !ORDER.includes(name));
  if (forgotten.length > 0) throw new Error(`${forgotten.join(', ')} has no place in docs/EVENTS.md`);
  const shown = examples();
  return (
    [HEAD, contents(kinds), everyEvent(kinds), OWN, values(), ...kinds.map((kind) => section(kind, shown))].join(
      '\n\n',
    ) + '\n'
  );
}

const OWN = `## What the ledger adds

Three types are nobody's to post. The ledger records them itself, by the same rules, in the same commit as what they are
for; the audit trail shows them.

${table(
  ['type', 'stream', 'meaning'],
  [
    [`\`${LEDGER_CREATED}\``, `\`${GENESIS_STREAM}\``, 'The first commit of a ledger, with its id.'],
    [
      `\`${KEY_TAKEN}\``,
      '`alias/…` and the like',
      'A name that must be unique is from now on that of the stream in its data.',
    ],
    [`\`${KEY_FREED}\``, '`alias/…` and the like', 'The name is free again, after a correction that left it out.'],
  ],
)}`;

const HEAD = `# Events

Every type of event that the ledger records, generated from the schemas by \`npm run docs\`; a test holds this page to
them. The same schemas are in every service's \`/openapi.json\`.`;

function contents(kinds: readonly StreamKind[]): string {
  const types = kinds.map(({ events, name }) => `- [${name}](#${name}): ${Object.keys(events).map(link).join(', ')}`);
  return [
    '[Every event](#every-event) · [What the ledger adds](#what-the-ledger-adds) · [Values](#values)',
    types.join('\n'),
  ].join('\n\n');
}

const link = (type: string): string => `[${type}](#${type.toLowerCase()})`;

function everyEvent(kinds: readonly StreamKind[]): string {
  const classes = Object.entries(CLASSES).map(([name, meaning]) => [name, meaning]);
  return [
    '## Every event',
    `An event is posted to its stream, \`POST /v1/{kinds}/{id}/events\` with \`{"events": [...]}\` (1 to 100, all or none),
or with events of other streams, each with its \`stream\`, to \`POST /v1/commits\`. It has`,
    fieldTable(envelope(kinds[0] as StreamKind)),
    `**Sources.** An event names at least one registered source; only the registration of a source may do without.

**Corrections and cancels.** Any event may be posted again with \`action: "correct"\`: what it says stands from then on in
the place of what it \`corrects\`, of the same type and in the same stream; name the latest correction if there is one.
\`action: "cancel"\`, with no \`data\`, removes the fact altogether. Both need a \`reason\` and somebody else's \`approvedBy\`, and
neither may break what was recorded after. What begins a stream is corrected, never cancelled. Reports as of an earlier
position stay what they were.

**When it counts.** Reports are asked for a position (what was known) and a day. By the class of its type, an event is`,
    table(['class', 'meaning'], classes),
    `**Refusals.** Any event may be refused as the following, besides what its type names and what its
[values](#values) may be wrong in. Every message says what was refused, with the numbers that clash, and what to do; \`pointer\`
leads to the culprit.`,
    table(
      ['about', 'code and status'],
      [
        ['the event', refusals(COMMON_REFUSALS.event)],
        ['a correction or cancel', refusals(COMMON_REFUSALS.change)],
        ['the request', refusals(COMMON_REFUSALS.request)],
      ],
    ),
    `\`STREAM_NOT_FOUND\`: only what begins a stream may come first; \`STREAM_EXISTS\`: it may not come again.
\`FUTURE_DATED_FACT\` is for class F, \`REF_NOT_FOUND\` here for a source that is not registered.`,
  ].join('\n\n');
}

/** What every event has, as the schema of any kind says it. */
function envelope(kind: StreamKind): Field[] {
  const [types] = jsonSchemaOf(postedSchema(kind)).anyOf as readonly (JsonSchema & { oneOf?: readonly JsonSchema[] })[];
  const { data: _, ...properties } = types?.oneOf?.[0]?.properties ?? {};
  const required = (types?.oneOf?.[0]?.required ?? []).filter((name) => name !== 'data');
  const type = { type: 'string', description: 'One of those below.' };
  const fields = fieldsOf({ properties: { ...properties, type }, required });
  return [
    ...fields,
    { path: 'data', type: 'object', presence: 'required', description: 'What the type says, see below.' },
  ];
}

function values(): string {
  return [
    '## Values',
    'Field types that are links are these. Where an optional field may be null, that is the same as leaving it out.',
    table(
      ['value', 'what it is', 'example', 'refused as'],
      VOCABULARY.map(({ name, about, example, refusals: codes }) => [
        `**${name}**`,
        about,
        `\`${JSON.stringify(example)}\``,
        refusals(codes.length === 0 ? ['VALIDATION_FAILED'] : codes),
      ]),
    ),
  ].join('\n\n');
}

function section(kind: StreamKind, shown: ReadonlyMap<string, Example>): string {
  const { name, route, opening, reopening = [], identity } = kind;
  const again = opening.filter((type) => reopening.includes(type));
  const facts = [
    `Streams \`${name}/{id}\`, posted to \`/v1/${route}/{id}/events\`.`,
    `Begins with ${opening.map(code).join(' or ')}${again.length === 0 ? '' : `; ${again.map(code).join(' and ')} may come later too`}.`,
    ...(identity === undefined ? [] : [`\`${identity}\` repeats the id of the stream.`]),
  ];
  const types = Object.entries(kind.events).map(([type, eventType]) => ofType(type, eventType, shown.get(type)));
  return [`## ${name}`, facts.join(' '), ...types].join('\n\n');
}

function ofType(type: string, eventType: EventType, example: Example | undefined): string {
  if (example === undefined) throw new Error(`${type} has no sample of its present version`);
  const own = eventType.refusals;
  return [
    `### ${type}`,
    eventType.summary,
    `Class ${eventType.class} (${CLASSES[eventType.class].split(':')[0]}), schema version ${eventType.schemaVersion}.`,
    fieldTable(fieldsOf(jsonSchemaOf(eventType.data))),
    `Refused as ${own.length === 0 ? 'nothing of its own' : refusals(own)}.`,
    `\`POST ${example.path}\``,
    `\`\`\`json\n${written(example.event)}\n\`\`\``,
  ].join('\n\n');
}

/** JSON, with whatever fits on a line in one. */
function written(value: unknown, indent = ''): string {
  const line = JSON.stringify(value, null, 1).replaceAll(/\n\s*/g, ' ');
  if (typeof value !== 'object' || value === null || indent.length + line.length <= 100) return line;
  const inner = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((each) => written(each, inner))
    : Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${written(each, inner)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${parts.map((part) => inner + part).join(',\n')}\n${indent}${close}`;
}

const refusals = (codes: readonly RefusalCode[]): string =>
  codes.map((each) => `\`${each}\` ${statusOf(each)}`).join(', ');

const code = (text: string): string => `\`${text}\``;

const fieldTable = (fields: readonly Field[]): string =>
  table(
    ['field', 'type', '', 'meaning'],
    fields.map(({ path, type, presence, description }) => [code(path), type, presence, description]),
  );

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
