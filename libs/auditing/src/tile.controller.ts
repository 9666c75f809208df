import { parseTilePath, TILE_WIDTH } from '@deal-ledger/proof';
import { Operation, paramsOf, Problem } from '@deal-ledger/service';
import { Controller, Get, Inject, Param, Res, type Type } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { answered, TreeAnswers } from './tree-answers';

/** Parts that the path of a tile may have: three digits of its index in each, and one for a partial tile. */
const LONGEST = 5;
const FOR_EVER = 'public, max-age=31536000, immutable';

const part = z.string().max(20);

/** The routes of tiles, C2SP tlog-tiles: `tile/<L>/<N>[.p/<W>]`, with N in parts of three digits. */
export const tileControllers: readonly Type[] = Array.from({ length: LONGEST }, (_, at) => tileController(at + 1));

function tileController(parts: number): Type {
  const names = Array.from({ length: parts }, (_, at) => `n${at + 1}`);
  const Params = z.strictObject({
    level: part.describe('Of the tile: 0 has the leaves, each higher one the roots of the full tiles below.'),
    ...Object.fromEntries(
      names.map((name, at) => [
        name,
        part.describe(
          at === parts - 1
            ? 'The last three digits of the index; of a partial tile with .p, and its width behind it.'
            : 'Three digits of the index behind an x, or the last three with .p.',
        ),
      ]),
    ),
  });

  @Controller('v1/audit/tile')
  class TileController {
    constructor(@Inject(TreeAnswers) private readonly answers: TreeAnswers) {}

    @Get(`:level/${names.map((name) => `:${name}`).join('/')}`)
    @Operation({
      summary: 'A tile of the tree: up to 256 hashes side by side',
      description:
        'C2SP tlog-tiles: tile/<L>/<N>, or tile/<L>/<N>.p/<W> for the first W hashes of a tile; N has three digits at a time, x before all but the last: tile/0/x003/905. Its bytes never change.',
      params: Params,
      responses: {
        200: { also: ['application/octet-stream'], headers: { 'Cache-Control': 'For ever: it never changes.' } },
        problems: [400, 404, 503],
      },
    })
    async read(@Param(paramsOf(Params)) params: z.output<typeof Params>, @Res() reply: FastifyReply): Promise<void> {
      const given: Readonly<Record<string, string>> = params;
      const path = ['tile', given['level'], ...names.map((name) => given[name])].join('/');
      const tile = parseTilePath(path);
      if (tile === undefined)
        throw new Problem({
          status: 400,
          code: 'MALFORMED_TILE',
          detail: `${path} is no path of a tile. Write tile/<level>/<index> or, for the first of its ${TILE_WIDTH} hashes, tile/<level>/<index>.p/<width>, such as tile/0/x003/905 and tile/1/015.p/66.`,
        });
      const content = await answered(() => this.answers.tile(tile));
      await reply.headers({ 'content-type': 'application/octet-stream', 'cache-control': FOR_EVER }).send(content);
    }
  }
  return TileController;
}
