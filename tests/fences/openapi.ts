import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import type { OpenApiDocument } from '@deal-ledger/service';

type Json = Record<string, unknown>;

interface Documented {
  readonly responses?: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Json }>> }>
  >;
}

const validators = new WeakMap<OpenApiDocument, Map<string, ValidateFunction>>();

/**
 * Fails unless `document` says that `method path` may answer `status`, and its schema has every
 * field of `body` and no other. `path` is a real one, without its query; `mediaType` is that of the
 * answer, by default JSON for successes and problem details for the rest.
 */
export function assertDocumented(
  document: OpenApiDocument,
  method: string,
  path: string,
  status: number,
  body: unknown,
  mediaType = status < 400 ? 'application/json' : 'application/problem+json',
): void {
  const template = templateOf(document, method, path);
  const where = `${method} ${template} ${status}`;
  const response = (document.paths[template]?.[method.toLowerCase()] as Documented).responses?.[String(status)];
  if (response === undefined) throw new Error(`${where} is not documented; the answer was ${JSON.stringify(body)}`);
  const schema = response.content?.[mediaType]?.schema;
  if (schema === undefined) {
    if (body === undefined || body === '') return;
    throw new Error(`${where} is documented without ${mediaType}`);
  }
  const validate = validatorOf(document, `${where} ${mediaType}`, schema);
  if (validate(body)) return;
  const faults = (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath || '/'} ${message ?? ''} ${JSON.stringify(params)}`,
  );
  throw new Error(`${where} is not as documented:\n${faults.join('\n')}\nThe answer was ${JSON.stringify(body)}`);
}

/** The documented path that a real one belongs to; one without parameters goes before one with. */
function templateOf(document: OpenApiDocument, method: string, path: string): string {
  const fitting = Object.keys(document.paths).filter(
    (template) => document.paths[template]?.[method.toLowerCase()] !== undefined && patternOf(template).test(path),
  );
  const [template] = fitting.sort((a, b) => a.split('{').length - b.split('{').length);
  if (template === undefined) throw new Error(`${method} ${path} is not documented`);
  return template;
}

function patternOf(template: string): RegExp {
  const parts = template.split(/\{\w+\}/).map((part) => part.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^/]+')}$`);
}

function validatorOf(document: OpenApiDocument, key: string, schema: Json): ValidateFunction {
  const known = validators.get(document) ?? new Map<string, ValidateFunction>();
  validators.set(document, known);
  const validate = known.get(key) ?? compile(document, schema);
  known.set(key, validate);
  return validate;
}

function compile(document: OpenApiDocument, schema: Json): ValidateFunction {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats(ajv);
  return ajv.compile({ ...schema, components: document.components });
}
