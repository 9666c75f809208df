import { Controller, Get, Inject, Param, Query, Res } from '@nestjs/common';
import { catalogue } from '@deal-ledger/domain';
import { explainSchema, knownAt, Position, type ExplainQuery } from '@deal-ledger/projection';
import { PROJECTIONS, type ReportDefinition, type ReportSet } from '@deal-ledger/reports';
import { Operation, paramsOf, queryOf, validQuery } from '@deal-ledger/service';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { MAX_PACK_RECORDS, Packs } from './packs';
import { answered } from './tree-answers';

const HOW_IT_IS_LISTED = { limit: true, cursor: true, format: true } as const;

/** Every report that has figures, by its name. */
const REPORTS: ReadonlyMap<string, { readonly set: ReportSet; readonly definition: ReportDefinition }> = new Map(
  PROJECTIONS.flatMap((set) =>
    set.reports
      .filter(({ basis }) => basis.length > 0)
      .map((definition) => [definition.name, { set, definition }] as const),
  ),
);

const Report = z.enum([...REPORTS.keys()]).describe('Which report.');
const figureSchema = (definition: ReportDefinition): z.ZodObject =>
  explainSchema(definition).omit(HOW_IT_IS_LISTED).extend({ report: Report });

/** Which report is meant; what else it may be asked, its own schema says. */
const Which = z.looseObject({ report: Report });

/** What any of them may be asked. */
const FigureQuery = z.object({
  report: Report,
  ...Object.fromEntries(
    [...REPORTS.values()]
      .flatMap(({ definition }) => Object.entries(figureSchema(definition).shape))
      .filter(([name]) => name !== 'report')
      .map(([name, schema]) => [name, ['key', 'column'].includes(name) ? schema : (schema as z.ZodType).optional()]),
  ),
});

const StreamParams = z.strictObject({
  kind: z.enum(Object.keys(catalogue)).describe('What kind of stream, as its name begins.'),
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'has 1 to 100 of the characters A-Z a-z 0-9 . _ -')
    .describe('And which one.'),
});

const StreamQuery = z.strictObject({
  asOf: knownAt(
    'Its events up to this position of the ledger, or up to this past instant. By default all of them.',
  ).default('latest'),
  minPosition: Position.optional().describe('Waits until the ledger is projected up to here.'),
});

const PACK = `a zip file with the records of the log as stored, proofs that they are in the tree of the checkpoint in it, and verify.mjs, which checks all of it offline with plain Node: node verify.mjs --vkey <key>. At most ${MAX_PACK_RECORDS} records.`;

/** Where evidence packs are made. */
@Controller('v1/audit/packs')
export class PackController {
  constructor(@Inject(Packs) private readonly packs: Packs) {}

  @Get()
  @Operation({
    summary: 'A figure of a report with all its evidence, to be checked without us',
    description: `Of a figure (key and column, and whatever else explain of the report takes) its row, its postings, the events behind these, and ${PACK}`,
    query: FigureQuery,
    responses: { 200: { also: ['application/zip'] }, problems: [400, 404, 503] },
  })
  async figure(@Query(queryOf(Which)) given: z.output<typeof Which>, @Res() reply: FastifyReply): Promise<void> {
    const found = REPORTS.get(given.report);
    if (found === undefined) throw new RangeError(`no such report: ${given.report}`);
    const { report, ...query } = validQuery(figureSchema(found.definition), given);
    const asked = query as unknown as ExplainQuery;
    const pack = await answered(() => this.packs.figure(found.set, found.definition, asked));
    await send(reply, `${String(report)}-${String(query['key'])}-${String(query['column'])}`, pack);
  }

  @Get('streams/:kind/:id')
  @Operation({
    summary: 'The events of a stream with all their evidence, to be checked without us',
    description: `Every event up to a position, and ${PACK}`,
    params: StreamParams,
    query: StreamQuery,
    responses: { 200: { also: ['application/zip'] }, problems: [400, 404, 503] },
  })
  async stream(
    @Param(paramsOf(StreamParams)) { kind, id }: z.output<typeof StreamParams>,
    @Query(queryOf(StreamQuery)) query: z.output<typeof StreamQuery>,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await send(reply, `${kind}-${id}`, await answered(() => this.packs.stream(`${kind}/${id}`, query)));
  }
}

async function send(reply: FastifyReply, name: string, pack: Buffer): Promise<void> {
  const file = `evidence-${name.replaceAll(/[^A-Za-z0-9.-]+/g, '-').slice(0, 100)}.zip`;
  await reply
    .headers({ 'content-type': 'application/zip', 'content-disposition': `attachment; filename="${file}"` })
    .send(pack);
}
