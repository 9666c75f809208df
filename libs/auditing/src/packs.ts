import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Log, LogRecord } from '@deal-ledger/log';
import { isSummable, type Evidence, type ExplainQuery, type FigureEvidence } from '@deal-ledger/projection';
import { formatLogProof, formatVerifierKey, signNote, type SignerKey } from '@deal-ledger/proof';
import type { ReportDefinition, ReportSet } from '@deal-ledger/reports';
import { Problem } from '@deal-ledger/service';
import type { OnApplicationShutdown } from '@nestjs/common';
import { zip, type AsyncZippable } from 'fflate';
import type { CheckpointSigner } from './checkpoint-signer';
import { elementsOf } from './json-elements';
import { madeOf } from './pack-sum';
import type { TreeAnswers } from './tree-answers';

/** What does not fit is no evidence that somebody reads: it is refused. */
export const MAX_PACK_RECORDS = 1_000;
const MAX_PACK_BYTES = 64 * 1024 * 1024;
const AT_ONCE = 8;
const READ_AT_ONCE = 100;
/** Of every file, so that the same evidence is the same bytes. */
const FILE_TIME = new Date(2000, 0, 1);

/** Beside the source and what is built of it. */
const VERIFIER = join(__dirname, '../pack/verify.mjs');

const zipped = promisify((files: AsyncZippable, done: (error: Error | null, bytes: Uint8Array) => void) =>
  zip(files, { level: 6, mtime: FILE_TIME }, done),
);

/** An event that a pack has, by its place in the ledger. */
interface Place {
  readonly position: number;
  readonly ordinal: number;
}

export interface PacksOptions {
  readonly evidence: Evidence;
  readonly answers: TreeAnswers;
  readonly signer: CheckpointSigner;
  readonly log: Log;
  /** The projection that knows where events stand. */
  readonly history: ReportSet;
}

/** Makes evidence packs: zip files that an auditor can check without us. */
export class Packs implements OnApplicationShutdown {
  constructor(private readonly options: PacksOptions) {}

  /** A figure with its row, its postings, the events behind them and the proofs of these. */
  async figure(set: ReportSet, definition: ReportDefinition, query: ExplainQuery): Promise<Buffer> {
    const found = await this.options.evidence.figure(set, definition, query);
    const places = found.postings.flatMap((posting) => {
      const { position, ordinal } = posting as unknown as Place;
      return [{ position, ordinal }];
    });
    return this.pack(places, {
      'figure.json': json(figureOf(definition, found)),
      'postings.json': json(found.postings),
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.options.evidence.close();
  }

  /** A stream's events up to a position, and the proofs of these. */
  async stream(
    stream: string,
    query: { readonly asOf: string; readonly minPosition?: number | undefined },
  ): Promise<Buffer> {
    const { position, asOfRecordedAt, events } = await this.options.evidence.stream(
      this.options.history,
      stream,
      query,
      100 * MAX_PACK_RECORDS + 1,
    );
    if (events.length === 0)
      throw new Problem({
        status: 404,
        code: 'STREAM_NOT_FOUND',
        detail: `There is no ${stream} up to position ${position}.`,
        members: { stream, position },
      });
    return this.pack(events, { 'stream.json': json({ stream, position, asOfRecordedAt, version: events.length }) });
  }

  private async pack(places: readonly Place[], about: Readonly<Record<string, string>>): Promise<Buffer> {
    const positions = [...new Set(places.map(({ position }) => position))].sort((a, b) => a - b);
    if (positions.length > MAX_PACK_RECORDS) throw tooLarge(`${positions.length} records`, `${MAX_PACK_RECORDS}`);
    const records = await this.records(positions);
    const { checkpoint, proofs } = await this.proofs(positions);
    const { key } = this.options.signer;
    if (key === undefined) throw new Error('a checkpoint is there, and the key that signs is not');
    const files: Record<string, Buffer> = {
      checkpoint: Buffer.from(checkpoint),
      vkey: Buffer.from(`${formatVerifierKey(key)}\n`),
      'records.ndjson': Buffer.from(records.map(recordLine).join('')),
      'events.ndjson': Buffer.from(eventLines(records, places)),
      'verify.mjs': await readFile(VERIFIER),
      'README.txt': Buffer.from(README),
    };
    for (const [name, text] of Object.entries({ ...about, ...proofs })) files[name] = Buffer.from(text);
    const bytes = Object.values(files).reduce((sum, { length }) => sum + length, 0);
    if (bytes > MAX_PACK_BYTES) throw tooLarge(`${bytes} bytes`, `${MAX_PACK_BYTES}`);
    const manifest = Buffer.from(manifestOf(files));
    return Buffer.from(
      await zipped({ ...files, MANIFEST: manifest, 'MANIFEST.sig': Buffer.from(statementOf(manifest, key)) }),
    );
  }

  private async records(positions: readonly number[]): Promise<LogRecord[]> {
    const records: LogRecord[] = [];
    for (let from = 0; from < positions.length; from += READ_AT_ONCE)
      records.push(...(await this.options.log.at(positions.slice(from, from + READ_AT_ONCE))));
    return records;
  }

  /** A proof of each, all for one checkpoint. */
  private async proofs(
    positions: readonly number[],
  ): Promise<{ readonly checkpoint: string; readonly proofs: Readonly<Record<string, string>> }> {
    const { answers } = this.options;
    const last = positions.at(-1);
    if (last === undefined) return { checkpoint: await answers.checkpoint(0), proofs: {} };
    const { size, checkpoint } = await answers.inclusion(last, undefined);
    if (checkpoint === undefined)
      throw new Error(`the last checkpoint is for ${size} leaves, and there is none for ${size}`);
    const proofs: Record<string, string> = {};
    for (let from = 0; from < positions.length; from += AT_ONCE) {
      const found = await Promise.all(
        positions.slice(from, from + AT_ONCE).map((position) => answers.inclusion(position, size)),
      );
      for (const { position, proof } of found)
        proofs[`proofs/${position}.tlog-proof`] = formatLogProof({ index: position, proof, checkpoint });
    }
    return { checkpoint, proofs };
  }
}

const figureOf = (
  definition: ReportDefinition,
  { postings, measures, ...figure }: FigureEvidence,
): Readonly<Record<string, unknown>> => ({
  ...figure,
  // What a formula makes of its postings is not to be told by adding them.
  madeOf: isSummable(definition, figure.column) ? madeOf(figure.value, postings, measures) : null,
});

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

const recordLine = ({ position, timeMs, key, value, headers }: LogRecord): string => {
  const base64 = (bytes: Buffer | null): string | null => bytes?.toString('base64') ?? null;
  return `${JSON.stringify({ position, timeMs, key: base64(key), value: base64(value), headers: headers.map(([name, bytes]) => [name, base64(bytes)]) })}\n`;
};

/** Each event that is meant, with its text as it stands in its record. */
function eventLines(records: readonly LogRecord[], places: readonly Place[]): string {
  const elements = new Map(records.map(({ position, value }) => [position, elementsOf(value ?? Buffer.alloc(0))]));
  const wanted = new Map(places.map((place) => [`${place.position}/${place.ordinal}`, place]));
  return [...wanted.values()]
    .sort((a, b) => a.position - b.position || a.ordinal - b.ordinal)
    .map(({ position, ordinal }) => {
      const event = elements.get(position)?.[ordinal]?.toString();
      if (event === undefined) throw new Error(`the record at position ${position} has no event ${ordinal}`);
      const { id, subject, type, sequence } = JSON.parse(event) as Record<
        'id' | 'subject' | 'type' | 'sequence',
        string
      >;
      const listed = { position, ordinal, eventId: id, stream: subject, version: Number(sequence), type, event };
      return `${JSON.stringify(listed)}\n`;
    })
    .join('');
}

/**
 * The ledger's statement that it made this pack, a C2SP signed note: what a figure is made of follows from no proof, so
 * nobody without the key may say it. Its first line is no origin of a log, so it can never pass for a checkpoint.
 */
const statementOf = (manifest: Buffer, key: SignerKey): string =>
  signNote(`deal-ledger evidence pack\n${createHash('sha256').update(manifest).digest('hex')}\n`, key);

/** As sha256sum writes and reads it, by name. */
const manifestOf = (files: Readonly<Record<string, Buffer>>): string =>
  Object.entries(files)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, bytes]) => `${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`)
    .join('');

const tooLarge = (has: string, most: string): Problem =>
  new Problem({
    status: 400,
    code: 'PACK_TOO_LARGE',
    detail: `The evidence would be ${has}, a pack has at most ${most}. Ask for a figure of less, or for an earlier position.`,
  });

const README = `An evidence pack of a Deal Ledger.

  node verify.mjs --vkey '<the key of the ledger, as it came to you by another way>'

checks it offline, with Node 20 or later and nothing else: OK (exit code 0), NOT OK (1), or INCOMPLETE (3) where
nothing is wrong and the figure is made by a formula that adding up cannot check.

  figure.json      the figure, its row, and all that was asked; or stream.json: the stream
  postings.json    what the figure rests on, each posting with its event
  events.ndjson    these events, word for word, and where they stand
  records.ndjson   the records of the log that they stand in, as stored: key, value and headers in Base64
  proofs/          that each record is in the tree (C2SP tlog-proof, RFC 6962)
  checkpoint       the signed head of that tree (C2SP tlog-checkpoint)
  vkey             the key that it is verified with
  MANIFEST         the SHA-256 of every other file, as sha256sum -c reads it
  MANIFEST.sig     that the ledger has made just this pack, signed with its key (C2SP signed-note)

That a posting says what its event means, that a stream has no more events, and that a record is a fact by the ledger's
rule, follows from the whole ledger and not from a pack: in a pack the ledger states it, and its verification shows it.
`;
