import { engagement, postedSchema } from '@deal-ledger/domain';
import fastify from 'fastify';
import { z } from 'zod';

interface Posted {
  readonly events: readonly { readonly id: string; readonly type: string }[];
}

/** A server that reads the same body with the same schema and answers the same, and keeps nothing. */
export async function barePosts(): Promise<{ url: string }> {
  const schema = z.strictObject({ events: z.array(postedSchema(engagement)).min(1).max(100) });
  const server = fastify();
  let position = 0;
  server.post<{ Params: { id: string } }>('/v1/engagements/:id/events', async (request, reply) => {
    const { events } = schema.parse(request.body) as Posted;
    position += 1;
    return reply
      .code(201)
      .header('etag', '"1"')
      .send({
        stream: `engagement/${request.params.id}`,
        version: 1,
        position,
        events: events.map(({ id, type }, index) => ({ id, version: index + 1, type })),
      });
  });
  return { url: await server.listen({ host: '127.0.0.1', port: 0 }) };
}
