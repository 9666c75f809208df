import { isDeepStrictEqual } from 'node:util';
import type { OpenApiDocument } from '@deal-ledger/service';
import { serviceAway } from './proxy';
import { SERVICE_NAMES, serviceOf, type ServiceName } from './routes';
import type { Upstreams } from './settings';

const FETCH_TIMEOUT_MS = 5_000;

type Json = Record<string, unknown>;

/** One document of everything behind the front door: its own routes, and of each service those that are sent there. */
export async function mergedOpenApi(own: OpenApiDocument, upstreams: Upstreams): Promise<OpenApiDocument> {
  const parts = await Promise.all(SERVICE_NAMES.map((name) => fetchDocument(name, upstreams[name])));
  const paths: Record<string, Record<string, Json>> = { ...own.paths };
  const schemas: Record<string, Json> = { ...own.components.schemas };
  for (const { name, document } of parts) {
    const clashing = clashes(schemas, document.components.schemas);
    const { paths: added, components } = withNames(document, (schema) =>
      clashing.has(schema) ? `${schema}_${name}` : schema,
    );
    for (const [path, operations] of Object.entries(added)) {
      if (serviceOf(path) === name) paths[path] = operations;
    }
    Object.assign(schemas, components.schemas);
  }
  return { ...own, paths: sorted(paths), components: { schemas: sorted(schemas) } };
}

async function fetchDocument(
  name: ServiceName,
  base: string,
): Promise<{ readonly name: ServiceName; readonly document: OpenApiDocument }> {
  try {
    const answer = await fetch(new URL('/openapi.json', base), { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
    if (!answer.ok) throw new Error(`GET /openapi.json of ${name} answered ${answer.status}`);
    return { name, document: (await answer.json()) as OpenApiDocument };
  } catch (error) {
    throw serviceAway(name, error);
  }
}

/** Names that stand for one thing here and for another there. */
function clashes(known: Record<string, Json>, other: Readonly<Record<string, Json>>): Set<string> {
  const differs = ([name, schema]: [string, Json]): boolean => {
    const mine = known[name];
    return mine !== undefined && !isDeepStrictEqual(mine, schema);
  };
  return new Set(
    Object.entries(other)
      .filter(differs)
      .map(([name]) => name),
  );
}

const COMPONENT = '#/components/schemas/';

function withNames(document: OpenApiDocument, nameOf: (name: string) => string): OpenApiDocument {
  const renamed = JSON.parse(JSON.stringify(document), (key, value: unknown) =>
    key === '$ref' && typeof value === 'string' && value.startsWith(COMPONENT)
      ? COMPONENT + nameOf(value.slice(COMPONENT.length))
      : value,
  ) as OpenApiDocument;
  const schemas = Object.entries(renamed.components.schemas).map(([name, schema]) => [nameOf(name), schema] as const);
  return { ...renamed, components: { schemas: Object.fromEntries(schemas) } };
}

function sorted<Value>(record: Record<string, Value>): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
