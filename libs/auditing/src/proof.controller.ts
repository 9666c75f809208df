import { formatLogProof } from '@deal-ledger/proof';
import { Operation, Problem, queryOf } from '@deal-ledger/service';
import { Controller, Get, Headers, Inject, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { answered, TreeAnswers } from './tree-answers';
import { sendText } from './tree.controller';

const count = (what: string) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `${what} is a whole number`)
    .transform(Number)
    .meta({ type: 'integer' });

const InclusionQuery = z.strictObject({
  position: count('a position').optional().describe('Of the record. Give this or eventId.'),
  eventId: z.string().min(1).max(200).optional().describe('Of an event in the record, whose position it stands for.'),
  stream: z
    .string()
    .max(200)
    .optional()
    .describe(
      'Of the event, as kind/id: without it an id that several streams have is refused, and a large ledger takes long.',
    ),
  size: count('a size').optional().describe('Of the tree, up to that of the last checkpoint. By default that.'),
  format: z
    .enum(['json', 'tlog-proof'])
    .optional()
    .describe(
      'tlog-proof: as text, C2SP tlog-proof with the checkpoint in it. By default as Accept has it, else json.',
    ),
});

const ConsistencyQuery = z.strictObject({
  from: count('a size').describe('The size of the smaller tree.'),
  to: count('a size').optional().describe('The size of the larger tree. By default that of the last checkpoint.'),
});

const hash = z.string().describe('A hash of 32 bytes in Base64.');

const InclusionProof = z
  .object({
    position: z.int().min(0).describe('Of the record: the index of its leaf.'),
    size: z.int().min(1),
    root: hash,
    leafHash: hash.describe('SHA-256 of a zero byte and the leaf.'),
    proof: z.array(hash).describe('From the leaf upwards, RFC 6962 section 2.1.1.'),
    leaf: z
      .string()
      .describe(
        'The record as stored, in Base64: position and append time (8 bytes each), key, value, and name and value of each header, each behind its length in 4 bytes, ffffffff for null.',
      ),
    checkpoint: z.string().nullable().describe('The signed checkpoint of just this size; null where none was signed.'),
  })
  .meta({ id: 'InclusionProof' });

const ConsistencyProof = z
  .object({
    from: z.int().min(0),
    to: z.int().min(0),
    fromRoot: hash,
    toRoot: hash,
    proof: z.array(hash).describe('RFC 6962 section 2.1.2; empty from 0 and between equal sizes.'),
  })
  .meta({ id: 'ConsistencyProof' });

/** The routes of proofs, for who has a checkpoint. */
@Controller('v1/audit/proofs')
export class ProofController {
  constructor(@Inject(TreeAnswers) private readonly answers: TreeAnswers) {}

  @Get('inclusion')
  @Operation({
    summary: 'Proves that a record is in the tree',
    description:
      'By position, or by an event in the record. What was just recorded is waited for, up to five seconds, until a checkpoint has it. As text (Accept: text/plain, or format=tlog-proof) it is one C2SP tlog-proof with a checkpoint, to be kept in a file.',
    query: InclusionQuery,
    responses: { 200: { json: InclusionProof, also: ['text/plain'] }, problems: [400, 404, 503] },
  })
  async inclusion(
    @Query(queryOf(InclusionQuery)) { position: given, eventId, stream, size, format }: z.output<typeof InclusionQuery>,
    @Headers('accept') accept: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    if ((given === undefined) === (eventId === undefined))
      throw new Problem({
        status: 400,
        code: 'VALIDATION_FAILED',
        detail:
          'The proof is asked for by position or by eventId, and the query has both or neither. Give one of them.',
      });
    if (stream !== undefined && eventId === undefined)
      throw new Problem({
        status: 400,
        code: 'VALIDATION_FAILED',
        detail: 'A stream says which event is meant, and the query asks by position. Leave stream out.',
      });
    const position = given ?? (await answered(() => this.answers.positionOf(eventId ?? '', stream)));
    const found = await answered(() => this.answers.inclusion(position, size));
    reply.header('vary', 'accept');
    if ((format ?? (accept?.startsWith('text/plain') === true ? 'tlog-proof' : 'json')) === 'json') {
      await reply.send({
        position,
        size: found.size,
        root: base64(found.root),
        leafHash: base64(found.leafHash),
        proof: found.proof.map(base64),
        leaf: base64(found.leaf),
        checkpoint: found.checkpoint ?? null,
      } satisfies z.output<typeof InclusionProof>);
      return;
    }
    if (found.checkpoint === undefined)
      throw new Problem({
        status: 404,
        code: 'NOT_SIGNED',
        detail: `No checkpoint was signed for just ${found.size} leaves, and a tlog-proof has one in it. Leave size out for the last one.`,
        members: { size: found.size },
      });
    await sendText(reply, formatLogProof({ index: position, proof: found.proof, checkpoint: found.checkpoint }));
  }

  @Get('consistency')
  @Operation({
    summary: 'Proves that a tree begins with all that an earlier one had',
    query: ConsistencyQuery,
    responses: { 200: ConsistencyProof, problems: [400, 404, 503] },
  })
  async consistency(
    @Query(queryOf(ConsistencyQuery)) { from, to }: z.output<typeof ConsistencyQuery>,
  ): Promise<z.output<typeof ConsistencyProof>> {
    const found = await answered(() => this.answers.consistency(from, to));
    return {
      from: found.from,
      to: found.to,
      fromRoot: base64(found.fromRoot),
      toRoot: base64(found.toRoot),
      proof: found.proof.map(base64),
    };
  }
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
