import type { PipeTransform } from '@nestjs/common';
import type { z } from 'zod';
import { Problem, type FieldError } from './problem';
import { wordingOf } from './wording';

/** At most this many errors are listed; a body of a thousand faults does not make an answer of a thousand. */
const MAX_ERRORS = 100;

type Issue = z.core.$ZodIssue;

/** What zod found, as field errors with JSON pointers. `prefix` is where the value stands in the body. */
export function fieldErrorsOf(issues: readonly Issue[], prefix = ''): FieldError[] {
  return issues
    .flatMap((issue) => expand(issue))
    .map(({ code, path, message }) => ({
      code,
      pointer: prefix + path.map((part) => `/${escapePointer(String(part))}`).join(''),
      message,
    }));
}

/** Parses a value of a body; throws 422 `VALIDATION_FAILED` with everything that is wrong. */
export function validBody<Schema extends z.ZodType>(schema: Schema, value: unknown, prefix = ''): z.output<Schema> {
  if (value === undefined || value === null) {
    throw new Problem({ status: 400, code: 'BODY_REQUIRED', detail: 'The request needs a JSON body and has none.' });
  }
  const parsed = schema.safeParse(value, { error: wordingOf });
  if (parsed.success) return parsed.data;
  throw refused(422, 'The body', fieldErrorsOf(parsed.error.issues, prefix));
}

/** Parses the query; throws 400 with everything that is wrong. Give a `z.strictObject`: unknown parameters are errors. */
export function validQuery<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  return validParameters(schema, { ...(value as object) }, 'The query');
}

/** Parses the parameters of the path; throws 400. */
export function validParams<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  return validParameters(schema, value, 'The path');
}

/** Parses the headers that `schema` names (in lower case), and looks at no others; throws 400. */
export function validHeaders<Schema extends z.ZodObject>(schema: Schema, value: unknown): z.output<Schema> {
  const headers = value as Record<string, unknown>;
  const named = Object.keys(schema.shape).filter((name) => headers[name] !== undefined);
  return validParameters(schema, Object.fromEntries(named.map((name) => [name, headers[name]])), 'A header');
}

/** `@Body(bodyOf(schema))`: the parsed body of a JSON request. */
export const bodyOf = <Schema extends z.ZodType>(schema: Schema): Pipe<Schema> => ({
  transform: (value) => validBody(schema, value),
});

/** `@Query(queryOf(schema))`: the parsed query. */
export const queryOf = <Schema extends z.ZodType>(schema: Schema): Pipe<Schema> => ({
  transform: (value) => validQuery(schema, value),
});

/** `@Param(paramsOf(schema))`: the parsed parameters of the path. */
export const paramsOf = <Schema extends z.ZodType>(schema: Schema): Pipe<Schema> => ({
  transform: (value) => validParams(schema, value),
});

/** `@Headers()` takes no pipe in Nest, so a handler that needs headers calls {@link validHeaders} itself. */
type Pipe<Schema extends z.ZodType> = PipeTransform<unknown, z.output<Schema>>;

function validParameters<Schema extends z.ZodType>(schema: Schema, value: unknown, where: string): z.output<Schema> {
  // No store can hold U+0000, so nothing has it; asked of a database, it would be an error of ours.
  const zeros = Object.entries(value as object).flatMap(([parameter, text]) =>
    [text].flat().some((each) => String(each).includes('\0'))
      ? [{ code: 'VALIDATION_FAILED', parameter, message: 'has the character U+0000, which nothing here has' }]
      : [],
  );
  if (zeros.length > 0) throw refused(400, where, zeros);
  const parsed = schema.safeParse(value, { error: wordingOf });
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.flatMap(expand).map(({ code, path, message }) => ({
    code: code === 'UNKNOWN_FIELD' ? 'UNKNOWN_PARAMETER' : code,
    parameter: path.map(String).join('.'),
    message: code === 'UNKNOWN_FIELD' ? 'there is no such parameter' : message,
  }));
  throw refused(400, where, errors);
}

function refused(status: number, where: string, errors: readonly FieldError[]): Problem {
  const [first] = errors;
  const count = errors.length === 1 ? 'one error' : `${errors.length} errors`;
  return new Problem({
    status,
    code: 'VALIDATION_FAILED',
    detail: `${where} has ${count}, the first at ${first?.pointer ?? first?.parameter ?? ''}: ${first?.message ?? ''}`,
    errors: errors.slice(0, MAX_ERRORS),
  });
}

interface Fault {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function expand(issue: Issue): Fault[] {
  const path = issue.path;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        code: 'UNKNOWN_FIELD',
        path: [...path, key],
        message: 'there is no such field',
      }));
    case 'invalid_union':
      return expandUnion(issue);
    case 'invalid_key':
    case 'invalid_element':
      return issue.issues.flatMap(expand).map((fault) => ({ ...fault, path: [...path, ...fault.path] }));
    case 'custom':
      return [{ code: codeOfCustom(issue), path, message: issue.message }];
    default:
      return [{ code: 'VALIDATION_FAILED', path, message: issue.message }];
  }
}

/** Of a union, the branch that fits best is the one that the caller meant. */
function expandUnion(issue: Extract<Issue, { code: 'invalid_union' }>): Fault[] {
  const branches = issue.errors.map((branch) => branch.flatMap(expand)).filter((faults) => faults.length > 0);
  const deepest = (faults: readonly Fault[]): number => Math.max(...faults.map((fault) => fault.path.length));
  const [best] = branches.sort((a, b) => deepest(b) - deepest(a) || a.length - b.length);
  if (best === undefined) return [{ code: 'VALIDATION_FAILED', path: issue.path, message: issue.message }];
  return best.map((fault) => ({ ...fault, path: [...issue.path, ...fault.path] }));
}

/** A schema that has a code of its own says so: `ctx.addIssue({ code: 'custom', params: { code: 'AMOUNT_SCALE' } })`. */
function codeOfCustom(issue: Extract<Issue, { code: 'custom' }>): string {
  const code: unknown = issue.params?.['code'];
  return typeof code === 'string' ? code : 'VALIDATION_FAILED';
}

/** A part of a JSON pointer (RFC 6901). */
export function escapePointer(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}
