import { isDeepStrictEqual } from 'node:util';
import { reportRunEvents, type ReportRunData } from '@deal-ledger/domain';
import type { ReportDefinition } from '@deal-ledger/reports';
import { Problem, validBody } from '@deal-ledger/service';
import { z } from 'zod';
import { jsonOf, writerOf, written } from './formats';
import { textsOf } from './question';
import { querySchema, type Format, type ReportQuery } from './reading';
import {
  fingerprinted,
  MAX_RUN_BYTES,
  type Fingerprinted,
  type ReportRun,
  type ReportRuns,
  type Standing,
} from './report-runs';
import type { Asked, Reports } from './reports';

/** What the event says of a run: the answer to its request. */
export const PublishedSchema = reportRunEvents.ReportPublished.data;

/** A request for a run: read, and as it came. */
export interface Wanted {
  readonly runId: string;
  readonly format: Format;
  readonly query: ReportQuery;
  readonly given: object;
}

/** What the event is to say, and whether the bytes were there already. */
export interface Published {
  readonly published: ReportRunData;
  readonly wasKept: boolean;
}

/** A run that is kept, and what the ledger says of it. */
export interface GivenOut {
  readonly published: ReportRunData;
  readonly standing: Standing;
  readonly bytes: () => Promise<Fingerprinted & { readonly plain: Buffer }>;
}

/** The body of a request for a run: in the words of the event, with the report's own parameters under `filter`. */
export function wantedSchema(definition: ReportDefinition): z.ZodObject {
  const { asOf, reportingCurrency, fxPolicy, onMissingFx, ...rest } = querySchema(definition).shape;
  const filter = Object.entries(rest).filter(([name]) => !NOT_A_FILTER.includes(name));
  const { runId, effectiveOn, format } = PublishedSchema.shape;
  return z.strictObject({
    runId: runId.describe('Under which it is kept, and the id of the stream report-run/{id} that says so.'),
    asOf: z
      .union([z.int().min(0).transform(String), asOf as z.ZodType<string>])
      .describe('A position, or a past instant. By default all that is known now.'),
    effectiveOn: effectiveOn.describe('What had happened by this day.'),
    reportingCurrency: reportingCurrency as z.ZodType,
    fxPolicy: fxPolicy as z.ZodType,
    onMissingFx: onMissingFx as z.ZodType,
    filter: z
      .strictObject(Object.fromEntries(filter) as z.ZodRawShape)
      .prefault({})
      .describe('Filters, options and order of the report, as text, by the names of its parameters.'),
    format: format.default('json'),
  });
}

const NOT_A_FILTER = ['effectiveOn', 'minPosition', 'limit', 'cursor', 'format'];

/** Reads the body of a request for a run. */
export function wantedOf(schema: z.ZodObject, body: unknown): Wanted {
  const { runId, format, filter, ...common } = validBody(schema, body) as ReportQuery & {
    readonly runId: string;
    readonly format: Format;
    readonly filter: Partial<ReportQuery>;
  };
  return { runId, format, query: { ...filter, ...common }, given: body as object };
}

interface Shelf {
  readonly reports: Reports;
  readonly runs: ReportRuns;
}

/** Makes a whole report and keeps it, unless the same request was answered before: then with what is kept. */
export async function publish(
  { reports, runs }: Shelf,
  definition: ReportDefinition,
  { runId, format, query, given }: Wanted,
): Promise<Published> {
  const request = { report: definition.name, ...given };
  const owner = await runs.ownerOf(runId);
  if (owner !== undefined && owner !== definition.name) throw ofAnotherReport(runId, owner, definition.name);
  const before = await runs.find(runId);
  // What is latest, or the default of an option, may be something else by now: the same words are the same request.
  if (before !== undefined && isDeepStrictEqual(before.asked, request))
    return { published: before.published, wasKept: true };

  const asked = await reports.ask(definition, query, {});
  const question = saidOf(runId, asked, format);
  if (before !== undefined) return agreeing(before, question);

  const { rows, texts } = await wholeOf(reports, asked, format);
  const bytes = await fingerprinted(texts, MAX_RUN_BYTES);
  const published = { ...question, rows: rows(), sha256: bytes.sha256 };
  if ((await runs.standingOf(published)) === 'differs') throw recordedOtherwise(published);
  const faster = await runs.keep({ asked: request, published }, bytes);
  if (faster === undefined) return { published, wasKept: false };
  return isDeepStrictEqual(faster.asked, request)
    ? { published: faster.published, wasKept: true }
    : agreeing(faster, question);
}

/** Finds what is kept of a run, and what the ledger says of it. */
export async function givenOut(runs: ReportRuns, { name }: ReportDefinition, runId: string): Promise<GivenOut> {
  const run = await runs.find(runId);
  if (run === undefined || run.published.report !== name) {
    throw new Problem({
      status: 404,
      code: 'REPORT_RUN_NOT_FOUND',
      detail: `No run ${runId} of ${name} is kept here. POST /v1/reports/${name}/runs makes one.`,
      members: { report: name, runId },
    });
  }
  const { published } = run;
  return { published, standing: await runs.standingOf(published), bytes: () => runs.bytesOf(run) };
}

type Said = Omit<ReportRunData, 'rows' | 'sha256'>;

/** What the event says of the question. */
function saidOf(runId: string, { question }: Asked, format: Format): Said {
  const { asOf: _, effectiveOn, reportingCurrency, fxPolicy, ...filter } = textsOf(question);
  return {
    runId,
    report: question.definition.name,
    asOf: question.position,
    effectiveOn: effectiveOn ?? question.effectiveOn,
    ...(reportingCurrency === undefined ? {} : { reportingCurrency }),
    ...(fxPolicy === undefined ? {} : { fxPolicy }),
    filter: validBody(PublishedSchema.shape.filter, filter, '/filter'),
    format,
  };
}

/** All rows in a format; how many they were is known when they have been read. */
async function wholeOf(
  reports: Reports,
  asked: Asked,
  format: Format,
): Promise<{ rows: () => number; texts: AsyncIterable<string> }> {
  if (format === 'json') {
    const page = await reports.page({ ...asked, limit: Number.MAX_SAFE_INTEGER });
    return { rows: () => page.lines.length, texts: one(jsonOf(page)) };
  }
  let count = 0;
  const parts = await reports.all(asked);
  const counted = (async function* () {
    for await (const part of parts) {
      count += part.length;
      yield part;
    }
  })();
  return { rows: () => count, texts: written(writerOf(asked.question, format), counted) };
}

async function* one(text: string): AsyncGenerator<string> {
  yield text;
}

/** The run that is kept, if it answers the same question. */
function agreeing({ published }: ReportRun, question: Said): Published {
  const { rows: _, sha256: __, ...kept } = published;
  if (isDeepStrictEqual(kept, question)) return { published, wasKept: true };
  const differing = ASKED.filter((name) => !isDeepStrictEqual(kept[name], question[name]));
  const inWords = (said: Said): string => differing.map((name) => IN_WORDS[name](said)).join(', ');
  throw new Problem({
    status: 409,
    code: 'REPORT_RUN_DIFFERS',
    detail: `The run ${question.runId} was made ${inWords(kept)} and stays so; this request asks for one ${inWords(question)}. Give it out under another run id.`,
    members: { kept, asked: question },
  });
}

/** What a run is asked for, in the words of a refusal. */
const IN_WORDS = {
  report: ({ report }) => `of ${report}`,
  asOf: ({ asOf }) => `as of position ${asOf}`,
  effectiveOn: ({ effectiveOn }) => `for the day ${effectiveOn}`,
  reportingCurrency: ({ reportingCurrency }) => `in ${reportingCurrency ?? 'each currency of its own'}`,
  fxPolicy: ({ fxPolicy }) => `by the FX policy ${fxPolicy ?? 'standard'}`,
  filter: ({ filter }) => `with the filter ${JSON.stringify(filter)}`,
  format: ({ format }) => `in the format ${format}`,
} as const satisfies Partial<Record<keyof Said, (said: Said) => string>>;

const ASKED = Object.keys(IN_WORDS) as (keyof typeof IN_WORDS)[];

function ofAnotherReport(runId: string, owner: string, report: string): Problem {
  return new Problem({
    status: 409,
    code: 'REPORT_RUN_DIFFERS',
    detail: `The ledger has the run ${runId} as one of ${owner}, and a run id belongs to what was published first under it. Give ${report} out under another run id.`,
    members: { runId, published: owner, asked: report },
  });
}

function recordedOtherwise(made: ReportRunData): Problem {
  return new Problem({
    status: 409,
    code: 'REPORT_RUN_DIFFERS',
    detail: `The ledger has the run ${made.runId} with other words or another fingerprint than ${made.sha256}, and its bytes are not kept here. Give this out under another run id.`,
    members: { asked: made },
  });
}
