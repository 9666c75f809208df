import { VOCABULARY } from '@deal-ledger/domain';
import { z } from 'zod';

/** What of a JSON schema stands in a table of fields. */
export interface JsonSchema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly type?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** A field as a table shows it. */
export interface Field {
  /** `condition.type`, or `lines[].period` of each in a list. */
  readonly path: string;
  readonly type: string;
  readonly presence: string;
  readonly description: string;
}

/** The JSON schema of what may be posted. */
export const jsonSchemaOf = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;

const shapeOf = (schema: object): string =>
  JSON.stringify(schema, (key, value: unknown) => (['description', '$schema'].includes(key) ? undefined : value));

const NAMES = new Map(VOCABULARY.map(({ name, schema }) => [shapeOf(jsonSchemaOf(schema)), name]));

/** The name that a value has in the vocabulary, if it has one. */
export const nameOf = (schema: JsonSchema): string | undefined => NAMES.get(shapeOf(schema));

/** The schema without the null that it may be, and whether it may. */
export function withoutNull(schema: JsonSchema): { readonly schema: JsonSchema; readonly nullable: boolean } {
  const rest = (schema.anyOf ?? []).filter(({ type }) => type !== 'null');
  const [only, ...more] = rest;
  const nullable = schema.anyOf !== undefined && rest.length < schema.anyOf.length;
  if (only === undefined) return { schema, nullable };
  const { description = only.description } = schema;
  const inner = more.length > 0 ? { anyOf: rest } : only;
  return { schema: description === undefined ? inner : { ...inner, description }, nullable };
}

/** Every field of an object, those within others after them. */
export function fieldsOf(object: JsonSchema, path = ''): Field[] {
  return Object.entries(object.properties ?? {}).flatMap(([name, given]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const { schema, nullable } = withoutNull(given);
    const required = object.required?.includes(name) === true;
    // What an id is, the vocabulary says.
    const described = nameOf(schema) === undefined || !isVocabularys(schema.description);
    return [
      {
        path: at,
        type: typeOf(schema),
        presence: `${required ? 'required' : 'optional'}${nullable ? ', may be null' : ''}`,
        description: described ? (schema.description ?? '') : '',
      },
      ...within(schema, at),
    ];
  });
}

const DESCRIPTIONS = new Set(VOCABULARY.map(({ schema }) => jsonSchemaOf(schema).description));
const isVocabularys = (description: string | undefined): boolean => DESCRIPTIONS.has(description);

/** Where within a schema something has no description: itself, a member, an alternative. */
export function undescribedIn(schema: JsonSchema, path = ''): string[] {
  const alternatives = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].filter(({ type }) => type !== 'null');
  return [
    ...(schema.description === undefined && alternatives.length === 0 ? [path] : []),
    ...alternatives.flatMap((each, index) => undescribedIn(each, `${path}(${index})`)),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, each]) => undescribedIn(each, `${path}.${name}`)),
    ...(schema.items === undefined ? [] : Object.entries(schema.items.properties ?? {})).flatMap(([name, each]) =>
      undescribedIn(each as JsonSchema, `${path}[].${name}`),
    ),
  ];
}

function within(schema: JsonSchema, path: string): Field[] {
  if (nameOf(schema) !== undefined) return [];
  if (schema.items !== undefined) return nameOf(schema.items) === undefined ? within(schema.items, `${path}[]`) : [];
  return fieldsOf(schema, path);
}

function typeOf(schema: JsonSchema): string {
  const name = nameOf(schema);
  if (name !== undefined) return `[${name}](#values)`;
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum !== undefined) return listed(schema.enum.map(code));
  switch (schema.type) {
    case 'string':
      return textOf(schema);
    case 'integer':
      return `whole number, ${schema.minimum ?? 0} or more${isBound(schema.maximum) ? `, at most ${schema.maximum}` : ''}`;
    case 'boolean':
      return listed([true, false].map(code));
    case 'array':
      return `list of ${elementsOf(schema.items ?? {})}, ${schema.minItems ?? 0} to ${schema.maxItems}`;
    case 'object':
      return schema.properties === undefined ? 'object of texts by name' : 'object';
    default:
      return eitherOf(schema);
  }
}

function elementsOf(items: JsonSchema): string {
  return nameOf(items) === undefined && items.properties !== undefined ? 'objects' : typeOf(items);
}

function eitherOf({ anyOf = [] }: JsonSchema): string {
  if (anyOf.length === 0) throw new Error('there are no words for a field of no type');
  return listed(anyOf.map(typeOf));
}

const isBound = (maximum: number | undefined): maximum is number =>
  maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;

function textOf({ format, maxLength }: JsonSchema): string {
  if (format === 'date-time') return 'instant (RFC 3339)';
  const what = format === 'uri' ? 'address' : 'text';
  return maxLength === undefined ? what : `${what} of up to ${maxLength} characters`;
}

const code = (value: unknown): string => `\`${String(value)}\``;

function listed(all: readonly string[]): string {
  return all.length < 2 ? all.join() : `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`;
}
