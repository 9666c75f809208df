import { createHash } from 'node:crypto';
import { isDay } from '@deal-ledger/domain';
import type { JudgedForeign, JudgedVoid, RecordedEvent } from '@deal-ledger/ledger';
import { isKnown } from './known';

/** What is kept of a record that is no fact: enough to say what it was and why, never all of its bytes. */
const MAX_EVENTS = 100;
const MAX_HEADS = 100;
const MAX_BYTES = 32 * 1024;
const MAX_PREVIEW_BYTES = 256;
const MAX_TEXT = 400;
/** What a column of counts holds. */
const MAX_COUNT = 2 ** 31 - 1;

/** Why a record is no fact, and what it was, as JSON text. */
export function skippedText(record: JudgedVoid | JudgedForeign): string {
  return jsonOf(record.verdict === 'void' ? voidOf(record) : foreignOf(record));
}

function voidOf({ commit, met }: JudgedVoid): object {
  const heads = met.heads.slice(0, MAX_HEADS).map((head) => {
    const first = commit.events.find(({ stream }) => stream === head.stream);
    return { ...head, expectedVersion: first === undefined ? null : countable(first.version - 1) };
  });
  const about = {
    commit: commit.id,
    number: commit.n,
    metNumber: met.number,
    heads,
    moreHeads: met.heads.length - heads.length,
    ...(met.sequence === undefined ? {} : { sequence: met.sequence }),
    moreEvents: Math.max(0, commit.events.length - MAX_EVENTS),
  };
  const events = commit.events.slice(0, MAX_EVENTS);
  const whole = { ...about, events: events.map(envelopeOf) };
  if (jsonOf(whole).length <= MAX_BYTES) return whole;
  const brief = heads.map((head) => ({
    ...head,
    stream: cut(head.stream),
    expected: head.expected && cut(head.expected),
  }));
  return { ...about, heads: brief, events: events.map(briefOf) };
}

/** Everything but what was said: of a commit that lost to another it stands there again in the one that came after. */
function envelopeOf(event: RecordedEvent): object {
  const { effective, corrects, reason, actor, onBehalfOf, approvedBy, commandId, correlationId, causationId, sources } =
    event;
  const dated = isDay(effective.from) && isDay(effective.to) ? { effective } : {};
  return {
    ...briefOf(event),
    ...dated,
    ...{ corrects, reason, actor, onBehalfOf, approvedBy, commandId, correlationId, causationId, sources },
  };
}

function briefOf(event: RecordedEvent): object {
  const { id, stream, version, type, schemaVersion, action, actor } = event;
  return {
    id: cut(id),
    stream: cut(stream),
    version: countable(version),
    type: cut(type),
    schemaVersion: countable(schemaVersion),
    action,
    actor: { id: cut(actor.id) },
    known: isKnown(event),
  };
}

function foreignOf({ record }: JudgedForeign): object {
  const { key, value, headers } = record;
  return {
    bytes: value?.length ?? 0,
    sha256: value === null ? null : createHash('sha256').update(value).digest('hex'),
    preview: value === null ? null : previewOf(value),
    key: key === null ? null : previewOf(key),
    headers: headers.slice(0, MAX_EVENTS / 10).map(([name]) => cut(name)),
  };
}

const previewOf = (bytes: Buffer): string => bytes.subarray(0, MAX_PREVIEW_BYTES).toString();
const cut = (text: string): string => text.slice(0, MAX_TEXT);
const countable = (count: number): number | null => (count >= 0 && count <= MAX_COUNT ? count : null);

/** Postgres takes no NUL into text, and no half of a character; what moves a cursor is nothing to show either. */
const UNFIT = /[\p{Cs}\p{Cc}]/gu;

const jsonOf = (value: object): string =>
  JSON.stringify(value, (_, part: unknown) => (typeof part === 'string' ? part.replaceAll(UNFIT, '\uFFFD') : part));
