import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { commits, engagementBody } from './events';
import { quantile } from './statistics';

export interface LoadPlan {
  readonly url: string;
  /** Each sends its next request when it has the answer to the last. */
  readonly connections: number;
  readonly seconds: number;
  readonly expectedStatus: number;
  /** What begins the ids of the new engagements that are posted. */
  readonly post: string;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const WARM_UP_MS = 300;
const ANSWER_WITHIN_MS = 35_000;

/**
 * Sends requests for so many seconds, and at least one that counts, over plain sockets: a complete HTTP client would take as much
 * of the machine as the bare server that it measures.
 * @throws Error at the first answer that is not as expected
 */
export async function load(plan: LoadPlan): Promise<LoadResult> {
  const { hostname, port } = new URL(plan.url);
  const { post, seconds } = plan;
  const head = `HTTP/1.1\r\nhost: ${hostname}:${port}\r\n`;
  let count = 0;
  const next = (): string => {
    const id = `${post}-${(count += 1)}`;
    const body = engagementBody(id);
    return `POST /v1/engagements/${id}/events ${head}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  };

  const latenciesMs: number[] = [];
  const countFromMs = performance.now() + WARM_UP_MS;
  const endMs = countFromMs + seconds * 1_000;
  let lastMs = countFromMs;
  const drive = async (socket: Socket): Promise<void> => {
    const answers = new Answers(socket);
    for (;;) {
      const sentMs = performance.now();
      if (sentMs >= endMs && latenciesMs.length > 0) return;
      const answered = answers.next();
      socket.write(next());
      const { status, text } = await answered;
      if (status !== plan.expectedStatus) throw new Error(`${plan.url} answered ${status}: ${text()}`);
      if (sentMs < countFromMs) continue;
      lastMs = performance.now();
      latenciesMs.push(lastMs - sentMs);
    }
  };
  const sockets = await Promise.all(Array.from({ length: plan.connections }, () => connected(hostname, Number(port))));
  await Promise.all(sockets.map(drive));
  for (const socket of sockets) socket.destroy();

  return {
    perSecond: (latenciesMs.length / (lastMs - countFromMs)) * 1_000,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
  };
}

async function connected(host: string, port: number): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return socket.setTimeout(ANSWER_WITHIN_MS, () =>
    socket.destroy(new Error(`no answer within ${ANSWER_WITHIN_MS} ms`)),
  );
}

interface Answer {
  readonly status: number;
  text(): string;
}

/** Reads HTTP answers with a content-length from a socket, one at a time. */
class Answers {
  private chunks: Buffer[] = [];
  private bytes = 0;
  private head: { readonly status: number; readonly wholeBytes: number } | undefined;
  private waiting: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;

  constructor(socket: Socket) {
    socket.on('data', (chunk) => this.take(chunk));
    socket.on('error', (error) => this.waiting?.reject(error));
    socket.on('close', () => this.waiting?.reject(new Error('the server closed the connection')));
  }

  next(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
  }

  private take(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.bytes += chunk.length;
    this.head ??= this.readHead();
    if (this.head === undefined || this.bytes < this.head.wholeBytes) return;
    const { chunks, head, waiting } = this;
    this.chunks = [];
    this.bytes = 0;
    this.head = undefined;
    this.waiting = undefined;
    waiting?.resolve({ status: head.status, text: () => Buffer.concat(chunks).toString().slice(0, 2_000) });
  }

  private readHead(): typeof this.head {
    const text = (this.chunks.length === 1 ? (this.chunks[0] as Buffer) : Buffer.concat(this.chunks)).toString(
      'latin1',
      0,
      4_096,
    );
    const end = text.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1];
    if (length === undefined) this.waiting?.reject(new Error(`an answer has no content-length: ${text.slice(0, end)}`));
    return { status: Number(text.slice(9, 12)), wholeBytes: end + 4 + Number(length) };
  }
}

export interface ImportPlan {
  readonly url: string;
  /** Begins the ids of its streams. */
  readonly prefix: string;
  readonly events: number;
  readonly eventsPerCommit: number;
}

export interface ImportResult {
  readonly eventsPerSecond: number;
  /** Of the first commit and of the last. */
  readonly first: number;
  readonly last: number;
}

const CHUNK_BYTES = 64 * 1024;
const IMPORT_WITHIN_MS = 240_000;

/**
 * Sends commits as NDJSON to `/v1/import`, all in one request made up beforehand.
 * @throws Error when a line is not recorded
 */
export async function importCommits(plan: ImportPlan): Promise<ImportResult> {
  const chunks: Buffer[] = [];
  let events = 0;
  let lines = 0;
  let text = '';
  for (const commit of commits(plan.prefix, plan.events, plan.eventsPerCommit)) {
    text += `${JSON.stringify({ events: commit })}\n`;
    events += commit.length;
    lines += 1;
    if (text.length < CHUNK_BYTES) continue;
    chunks.push(Buffer.from(text));
    text = '';
  }
  chunks.push(Buffer.from(text));

  const startedMs = performance.now();
  const answers = await sendLines(`${plan.url}/v1/import`, chunks);
  const seconds = (performance.now() - startedMs) / 1_000;
  if (answers.length !== lines) throw new Error(`${lines} lines were sent and ${answers.length} answered`);
  const wrong = answers.find((answer) => !answer.includes('"status":201,'));
  if (wrong !== undefined) throw new Error(`an import answered: ${wrong}`);
  return { eventsPerSecond: events / seconds, first: positionIn(answers[0]), last: positionIn(answers.at(-1)) };
}

async function sendLines(url: string, chunks: readonly Buffer[]): Promise<string[]> {
  const signal = AbortSignal.timeout(IMPORT_WITHIN_MS);
  const answer = await new Promise<Readable>((resolve, reject) => {
    const sending = request(url, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, signal });
    sending.once('response', resolve).once('error', reject);
    Readable.from(chunks).pipe(sending);
  });
  const received: Buffer[] = [];
  for await (const chunk of answer) received.push(chunk as Buffer);
  return Buffer.concat(received).toString().trimEnd().split('\n');
}

const positionIn = (line = ''): number => (JSON.parse(line) as { position: number }).position;
