import { formatVerifierKey } from '@deal-ledger/proof';
import { Operation, Problem, queryOf } from '@deal-ledger/service';
import { Controller, Get, Inject, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { answered, TreeAnswers } from './tree-answers';
import { CheckpointSigner } from './checkpoint-signer';

const CheckpointQuery = z.strictObject({
  cosignatures: z
    .string()
    .regex(/^\d{1,2}$/, 'must be a whole number, 0 to 99')
    .default('0')
    .transform(Number)
    .describe('The last checkpoint that has at least so many cosignatures of witnesses. By default the last one.')
    .meta({ type: 'integer' }),
});

/** The routes by which the head of the tree is had, as C2SP tlog-tiles has them. */
@Controller('v1/audit')
export class TreeController {
  constructor(
    @Inject(TreeAnswers) private readonly answers: TreeAnswers,
    @Inject(CheckpointSigner) private readonly signer: CheckpointSigner,
  ) {}

  @Get('checkpoint')
  @Operation({
    summary: 'The last signed checkpoint of the log',
    description:
      'A C2SP tlog-checkpoint, a signed note: the name of the log, how many records it has, the root of the RFC 6962 tree over them, and the signatures of the log and of the witnesses that have cosigned it so far. Verify it with the key at vkey, which has to come to you by another way than this.',
    query: CheckpointQuery,
    responses: { 200: { also: ['text/plain'] }, problems: [400, 404, 503] },
  })
  async checkpoint(
    @Query(queryOf(CheckpointQuery)) { cosignatures }: z.output<typeof CheckpointQuery>,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await sendText(reply, await answered(() => this.answers.checkpoint(cosignatures)));
  }

  @Get('vkey')
  @Operation({
    summary: "The public key that the log's checkpoints are verified with",
    description: 'A verifier key as golang.org/x/mod/sumdb/note has it: <name>+<key id>+<Base64>.',
    responses: { 200: { also: ['text/plain'] }, problems: [503] },
  })
  async vkey(@Res() reply: FastifyReply): Promise<void> {
    const { key } = this.signer;
    if (key === undefined)
      throw new Problem({
        status: 503,
        code: 'NOTHING_SIGNED_YET',
        detail: 'The key is made or read when the first record is signed for, which has not been yet.',
      });
    await sendText(reply, `${formatVerifierKey(key)}\n`);
  }
}

export async function sendText(reply: FastifyReply, text: string): Promise<void> {
  await reply.header('content-type', 'text/plain; charset=utf-8').send(text);
}
