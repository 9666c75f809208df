import { dirname } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import type { OpenApiDocument } from './openapi';
import { unlisted } from './operation';

/** The page runs only what is served here. Swagger UI sets styles on elements itself. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const page = (title: string): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</title>
    <link rel="stylesheet" href="/docs/assets/swagger-ui.css">
    <link rel="icon" href="/docs/assets/favicon-32x32.png">
  </head>
  <body>
    <div id="page"></div>
    <script src="/docs/assets/swagger-ui-bundle.js"></script>
    <script src="/docs/page.js"></script>
  </body>
</html>
`;

const SCRIPT = "SwaggerUIBundle({ url: '/openapi.json', dom_id: '#page', deepLinking: true });\n";

/** Serves the document at `/openapi.json` and as a page at `/docs`, to which `/` leads. Nothing is fetched from elsewhere. */
export async function serveDocs(
  fastify: FastifyInstance,
  title: string,
  document: () => OpenApiDocument | Promise<OpenApiDocument>,
): Promise<void> {
  const config = unlisted(title);
  fastify.get('/openapi.json', { config }, async () => document());
  fastify.get('/docs', { config }, (_, reply) =>
    reply.header('content-security-policy', PAGE_POLICY).type('text/html; charset=utf-8').send(page(title)),
  );
  for (const url of ['/', '/docs/']) fastify.get(url, { config }, (_, reply) => reply.redirect('/docs'));
  fastify.get('/docs/page.js', { config }, (_, reply) => reply.type('text/javascript; charset=utf-8').send(SCRIPT));
  await fastify.register(fastifyStatic, {
    root: dirname(require.resolve('swagger-ui-dist/package.json')),
    prefix: '/docs/assets/',
    wildcard: false,
    index: false,
    globIgnore: ['**/*.map', '**/*.html', '**/package.json', '**/*.md', '**/index.js'],
    decorateReply: false,
    cacheControl: false,
  });
}
