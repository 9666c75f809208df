import { isUtf8 } from 'node:buffer';
import type { Action, Person, SourceReference } from '@deal-ledger/domain';
import type { LogRecord, NewRecord } from '@deal-ledger/log';
import { commitId, MAX_COMMIT_BYTES, MAX_COMMIT_EVENTS, type Commit, type RecordedEvent } from './commit';

/**
 * The record of a commit: a CloudEvents 1.0 JSON batch with the commit's identity in its headers.
 *
 * Whether bytes are a commit is decided by this envelope alone, never by an event's `type` or
 * `data`, so that old and new code agree while both run. The checks are therefore written out by
 * hand and frozen: a schema library's next version must not change history.
 */

const CONTENT_TYPE = 'application/cloudevents-batch+json';
const ACTIONS: ReadonlySet<string> = new Set<Action>(['new', 'correct', 'cancel']);
const STREAM = /^[a-z][a-z-]{0,39}\/\S(?:.{0,398}\S)?$/su;
const WRITER = /^[0-9a-f-]{8,64}$/;
const COUNT = /^[1-9][0-9]{0,14}$/;

/** An event that is about to be recorded. */
export interface DraftEvent extends RecordedEvent {
  /** Its data as JSON, for who has it already. */
  readonly dataText?: string;
}

export interface CommitDraft {
  readonly writer: string;
  readonly n: number;
  readonly heads: ReadonlyMap<string, string | null>;
  readonly events: readonly DraftEvent[];
  /** The service that decided it, for example `/deals`. */
  readonly source: string;
  /** When it was decided, RFC 3339. The time that counts is the append time. */
  readonly time: string;
  readonly traceparent?: string | undefined;
}

/** The commit would not fit into a record. */
export class CommitTooLarge extends Error {
  override readonly name = 'CommitTooLarge';

  constructor(readonly bytes: number) {
    super(`the commit takes ${bytes} bytes, at most ${MAX_COMMIT_BYTES} are allowed: split it`);
  }
}

/**
 * The record of a commit.
 * @throws CommitTooLarge
 */
export function encodeCommit(draft: CommitDraft): NewRecord {
  const [first] = draft.events;
  if (!first) throw new RangeError('a commit has at least one event');
  const value = Buffer.from(`[${draft.events.map((event) => cloudEvent(event, draft)).join(',')}]`);
  if (value.length > MAX_COMMIT_BYTES) throw new CommitTooLarge(value.length);
  return {
    key: first.stream,
    value,
    headers: {
      'content-type': CONTENT_TYPE,
      writer: draft.writer,
      n: String(draft.n),
      heads: JSON.stringify(Object.fromEntries(draft.heads)),
      ...(draft.traceparent === undefined ? {} : { traceparent: draft.traceparent }),
    },
  };
}

/** Attributes of a CloudEvent are plain values, so people take two of them and sources are JSON text. */
function cloudEvent(event: DraftEvent, draft: CommitDraft): string {
  const attributes = {
    specversion: '1.0',
    id: event.id,
    source: draft.source,
    type: event.type,
    subject: event.stream,
    time: draft.time,
    datacontenttype: 'application/json',
    sequence: String(event.version),
    schemaversion: event.schemaVersion,
    effective: event.effective.edtf,
    effectivefrom: event.effective.from,
    effectiveto: event.effective.to,
    action: event.action,
    corrects: event.corrects,
    reason: event.reason,
    actor: event.actor.id,
    actorrole: event.actor.role,
    onbehalfof: event.onBehalfOf?.id,
    onbehalfofrole: event.onBehalfOf?.role,
    approvedby: event.approvedBy?.id,
    approvedbyrole: event.approvedBy?.role,
    commandid: event.commandId,
    correlationid: event.correlationId,
    causationid: event.causationId,
    contenthash: event.contentHash,
    sources: event.sources.length === 0 ? undefined : JSON.stringify(event.sources),
  };
  return `${JSON.stringify(attributes).slice(0, -1)},"data":${event.dataText ?? JSON.stringify(event.data)}}`;
}

/** The commit in a record, or in one sentence why there is none. */
export function decodeRecord(record: LogRecord): Commit | string {
  const headers = new Map<string, string>();
  for (const [name, value] of record.headers) {
    if (headers.has(name)) return 'a header comes twice';
    headers.set(name, value.toString());
  }
  if (headers.get('content-type') !== CONTENT_TYPE) return 'content-type is not that of a commit';
  const writer = headers.get('writer') ?? '';
  const count = headers.get('n') ?? '';
  if (!WRITER.test(writer) || !COUNT.test(count)) return 'header writer or n is missing or malformed';
  const heads = headsOf(headers.get('heads'));
  if (!heads) return 'header heads is missing or malformed';

  if (!record.value || record.value.length > MAX_COMMIT_BYTES || !isUtf8(record.value))
    return 'value is not UTF-8 text of allowed size';
  const batch = parseJson(record.value.toString());
  if (!Array.isArray(batch) || batch.length < 1 || batch.length > MAX_COMMIT_EVENTS)
    return 'value is not a batch of events';
  const events: RecordedEvent[] = [];
  const streams: string[] = [];
  for (const item of batch) {
    const event = eventOf(item);
    if (!event) return `event ${events.length} has no valid envelope`;
    if (!heads.has(event.stream)) return `event ${events.length} writes a stream whose head is not named`;
    if (!streams.includes(event.stream)) streams.push(event.stream);
    events.push(event);
  }
  if (record.key?.toString() !== streams[0]) return 'key is not the first stream';

  const n = Number(count);
  return { writer, n, id: commitId(writer, n), heads, streams, events, traceparent: headers.get('traceparent') };
}

function headsOf(text: string | undefined): Map<string, string | null> | undefined {
  const value = text === undefined ? undefined : parseJson(text);
  if (!isObject(value)) return undefined;
  const heads = new Map<string, string | null>();
  for (const [stream, head] of Object.entries(value)) {
    if (!STREAM.test(stream) || !(head === null || typeof head === 'string')) return undefined;
    heads.set(stream, head);
  }
  return heads;
}

function eventOf(item: unknown): RecordedEvent | undefined {
  if (!isObject(item) || item['specversion'] !== '1.0') return undefined;
  const { id, type, subject, sequence, schemaversion, effective, effectivefrom, effectiveto, action, actor } = item;
  if (!isText(id) || !isText(type) || !isText(subject) || !STREAM.test(subject)) return undefined;
  if (!isText(sequence) || !COUNT.test(sequence) || !Number.isSafeInteger(schemaversion)) return undefined;
  if (!isText(effective) || !isText(effectivefrom) || !isText(effectiveto)) return undefined;
  if (!isText(action) || !ACTIONS.has(action) || !isText(actor)) return undefined;
  const sources = item['sources'] === undefined ? [] : sourcesOf(item['sources']);
  if (!sources) return undefined;
  const person = (name: string): Person | undefined =>
    isText(item[name])
      ? { id: item[name], ...(isText(item[`${name}role`]) ? { role: item[`${name}role`] as string } : {}) }
      : undefined;
  const text = (name: string): string | undefined => (isText(item[name]) ? item[name] : undefined);
  return {
    id,
    stream: subject,
    version: Number(sequence),
    type,
    schemaVersion: schemaversion as number,
    effective: { edtf: effective, from: effectivefrom, to: effectiveto },
    action: action as Action,
    corrects: text('corrects'),
    reason: text('reason'),
    actor: person('actor') as Person,
    onBehalfOf: person('onbehalfof'),
    approvedBy: person('approvedby'),
    commandId: text('commandid'),
    correlationId: text('correlationid'),
    causationId: text('causationid'),
    contentHash: text('contenthash'),
    sources,
    data: item['data'],
  };
}

function sourcesOf(value: unknown): SourceReference[] | undefined {
  const sources = isText(value) ? parseJson(value) : undefined;
  return Array.isArray(sources) && sources.every((source) => isObject(source) && isText(source['sourceId']))
    ? (sources as SourceReference[])
    : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
/** No store can give U+0000 back as it came. */
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '' && !value.includes('\0');
