import { hash } from 'node:crypto';
import type { StreamKind } from '@deal-ledger/domain';
import type { RefusedPost } from '@deal-ledger/ledger';
import { bytesOf, type Answered, type Problem } from '@deal-ledger/service';
import { LOCAL_ACTOR, isWritable } from './request';

type Routes = ReadonlyMap<string, StreamKind | undefined>;

/** Where posts come in, by route as fastify writes it, and the kind whose streams it is for when it is one. */
export const recordingRoutes = (kinds: readonly StreamKind[]): Routes =>
  new Map<string, StreamKind | undefined>([
    [COMMITS, undefined],
    [IMPORT, undefined],
    ...kinds.map((kind) => [`/v1/${kind.route}/:id/events`, kind] as const),
  ]);

const COMMITS = '/v1/commits';
export const IMPORT = '/v1/import';

/** What is known of a post besides what it was answered. */
export interface Post {
  readonly route: string;
  /** The stream that its address names. */
  readonly stream?: string | undefined;
  /** As it came, and what it was read as, as far as it was. */
  readonly bytes: Buffer | undefined;
  readonly body: unknown;
  readonly key?: unknown;
}

/** Who refused it, when, and how far the ledger was known then. */
export interface Refuser {
  readonly service: string;
  readonly nowMs: number;
  readonly ledgerPosition: number;
}

/** The post that a request was, if it was one that would have recorded something and was refused. */
export function postOf({ request, problem }: Answered, routes: Routes): Post | undefined {
  const { method, routeOptions, query, params, body, headers } = request;
  const route = routeOptions.url ?? '';
  if (method !== 'POST' || !isRefusal(problem) || !routes.has(route)) return undefined;
  if ((query as { dryRun?: unknown }).dryRun === 'true') return undefined;
  const kind = routes.get(route);
  const stream = kind && `${kind.name}/${String((params as { id?: unknown }).id)}`;
  // An import's body is a stream that nobody has read.
  const read = route === IMPORT ? undefined : body;
  return { route, stream, bytes: bytesOf(request), body: read, key: headers['idempotency-key'] };
}

/** What was wrong with the post itself; anything else says nothing about it. */
export const isRefusal = ({ status }: Problem): boolean => status >= 400 && status < 500;

const MAX_FAULTS = 10;
const MAX_STREAMS = 20;
const MAX_CORRELATIONS = 5;
const MAX_DETAILS = 20;
const MAX_POINTER = 200;
/** A number, a day, a unit, an id or a stream: no sentence, and no secret of any length. */
const PLAIN = /^-?[A-Za-z0-9][A-Za-z0-9._:/+-]{0,119}$/;
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** What is kept of a refused post: of its body a hash, and no word of it but names. */
export function refusedPost(post: Post, problem: Problem, { service, nowMs, ledgerPosition }: Refuser): RefusedPost {
  const { route, stream, bytes, body, key } = post;
  const at = new Date(nowMs).toISOString();
  const events = eventsIn(body);
  const streams = stream === undefined ? textsOf(events, 'stream') : [stream];
  const { position, ...details } = problem.members;
  return {
    how: 'one',
    count: 1,
    firstAt: at,
    lastAt: at,
    service,
    route,
    actor: LOCAL_ACTOR.id,
    status: problem.status,
    code: problem.code,
    faults: (problem.errors ?? []).slice(0, MAX_FAULTS).map((fault) => ({ code: fault.code, pointer: placeOf(fault) })),
    details: Object.fromEntries(Object.entries(details).filter(isPlain).slice(0, MAX_DETAILS)),
    streams: streams.filter(isWritable).slice(0, MAX_STREAMS),
    correlationIds: textsOf(events, 'correlationId')
      .filter((text) => ID.test(text))
      .slice(0, MAX_CORRELATIONS),
    bodySha256: bytes === undefined ? null : hash('sha256', bytes),
    bodyBytes: bytes?.length ?? null,
    keySha256: typeof key === 'string' ? hash('sha256', key) : null,
    ledgerPosition: typeof position === 'number' ? position : ledgerPosition,
  };
}

/** Of a field that there is none of, where it stood: its name is the poster's own. */
function placeOf({ code, pointer }: { readonly code: string; readonly pointer?: string }): string | null {
  if (pointer === undefined) return null;
  const place = code === 'UNKNOWN_FIELD' ? pointer.slice(0, pointer.lastIndexOf('/')) : pointer;
  return place.slice(0, MAX_POINTER);
}

const isPlain = (entry: [string, unknown]): entry is [string, string | number | boolean | null] => {
  const [, value] = entry;
  return typeof value === 'string' ? PLAIN.test(value) : value === null || ['number', 'boolean'].includes(typeof value);
};

function eventsIn(body: unknown): readonly unknown[] {
  const events = (body as { events?: unknown } | null | undefined)?.events;
  return Array.isArray(events) ? events : [];
}

/** The different texts that events have under a name. */
function textsOf(events: readonly unknown[], name: string): string[] {
  const texts = events.map((event) => (event as Record<string, unknown> | null | undefined)?.[name]);
  return [...new Set(texts.filter((text) => typeof text === 'string'))];
}
