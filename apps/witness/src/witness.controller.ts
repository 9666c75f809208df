import { TLOG_SIZE_TYPE } from '@deal-ledger/proof';
import { Operation, paramsOf, Problem } from '@deal-ledger/service';
import { Body, Controller, Get, Inject, Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Witness } from './witness';

const CODES = {
  400: 'MALFORMED_REQUEST',
  403: 'NOT_SIGNED',
  404: 'LOG_UNKNOWN',
  409: 'OTHER_ROOT',
  422: 'INCONSISTENT',
};

const Params = z.strictObject({
  log: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'has 64 hexadecimal digits')
    .describe("SHA-256 of the log's name, in hexadecimal."),
});

/** The routes of a witness, C2SP tlog-witness. */
@Controller()
export class WitnessController {
  constructor(@Inject(Witness) private readonly witness: Witness) {}

  @Post('add-checkpoint')
  @Operation({
    summary: 'Cosigns a checkpoint that extends the last one cosigned of its log',
    description:
      'C2SP tlog-witness. 409 with the size of the last checkpoint cosigned as text/x.tlog.size where the request starts from another one; 409 with a problem, and 422, may show that the log has two histories.',
    tag: 'witness',
    textBody:
      'old <size>, the consistency proof from there in lines of Base64, an empty line, and the signed checkpoint.',
    responses: {
      200: { description: 'The line of the cosignature.', also: ['text/plain'] },
      problems: [400, 403, 404, 409, 413, 422],
    },
  })
  async addCheckpoint(@Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    const answer = await this.witness.addCheckpoint(Buffer.isBuffer(body) ? body : Buffer.alloc(0));
    const { verdict } = answer;
    if ('line' in answer) {
      await reply.code(200).header('content-type', 'text/plain; charset=utf-8').send(answer.line);
    } else if (verdict.status === 409 && verdict.size !== undefined) {
      await reply.code(409).header('content-type', TLOG_SIZE_TYPE).send(`${verdict.size}\n`);
    } else if (verdict.status !== 200) {
      throw new Problem({ status: verdict.status, code: CODES[verdict.status], detail: verdict.reason });
    }
  }

  @Get('vkey')
  @Operation({
    summary: 'The public key that its cosignatures are verified with',
    tag: 'witness',
    responses: { 200: { also: ['text/plain'] } },
  })
  async vkey(@Res() reply: FastifyReply): Promise<void> {
    await reply.header('content-type', 'text/plain; charset=utf-8').send(`${this.witness.vkey}\n`);
  }

  @Get(':log/checkpoint')
  @Operation({
    summary: 'The last checkpoint cosigned of a log',
    description: 'For who wants to know from somebody else than the log how far it is.',
    tag: 'witness',
    params: Params,
    responses: { 200: { also: ['text/plain'] }, problems: [400, 404] },
  })
  async last(@Param(paramsOf(Params)) { log }: z.output<typeof Params>, @Res() reply: FastifyReply): Promise<void> {
    const note = await this.witness.lastOf(log);
    if (note === undefined)
      throw new Problem({
        status: 404,
        code: 'LOG_UNKNOWN',
        detail: `No checkpoint was cosigned of a log whose name has the SHA-256 ${log}.`,
      });
    await reply.header('content-type', 'text/plain; charset=utf-8').send(note);
  }
}
