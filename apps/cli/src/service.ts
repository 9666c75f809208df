import { EXIT, Failure, type ExitCode } from './failure';

interface FieldError {
  readonly message: string;
  readonly pointer?: string;
  readonly parameter?: string;
}

/** Problem details (RFC 9457), as the services answer them. */
interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
}

/** Parameters of a query; those without a value are left away. */
export type Query = Readonly<Record<string, string | undefined>>;

/** The address of a path of the service. */
export function addressOf(url: string, path: string, query: Query = {}): URL {
  const base = url.replace(/\/+$/, '');
  if (!/^https?:\/\//.test(base) || !URL.canParse(base))
    throw new Failure(EXIT.usage, `"${url}" is no address of a service. Give --url as http://host:port.`);
  const address = new URL(base + path);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) address.searchParams.set(name, value);
  return address;
}

/**
 * An answer that is a success.
 * @throws Failure when none comes, or it is a problem
 */
export async function ask(address: URL, init: RequestInit = {}): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(address, init);
  } catch (error) {
    throw unreachable(address, error);
  }
  if (answer.ok) return answer;
  throw failureOf(answer.status, await answer.text().catch(() => ''), address);
}

export async function askJson<Body>(address: URL, init: RequestInit = {}): Promise<Body> {
  const answer = await ask(address, init);
  try {
    return (await answer.json()) as Body;
  } catch (error) {
    throw cutOff(address, error);
  }
}

/** The body of an answer as it comes. */
export async function* bytesOf(answer: Response, address: URL): AsyncGenerator<Uint8Array, void, undefined> {
  if (answer.body === null) return;
  try {
    for await (const chunk of answer.body) yield chunk as Uint8Array;
  } catch (error) {
    throw cutOff(address, error);
  }
}

export function unreachable(address: URL, error: unknown): Failure {
  const { cause = error } = error as { readonly cause?: unknown };
  const code = (cause as { readonly code?: string } | undefined)?.code;
  return new Failure(
    EXIT.unavailable,
    `nothing answers at ${address.origin} (${code ?? String(cause)}). Start the ledger with npm start, or name another with --url or LEDGER_URL.`,
    { code: 'UNREACHABLE', url: address.origin },
  );
}

export const cutOff = (address: URL, error: unknown): Failure =>
  new Failure(
    EXIT.unavailable,
    `the answer of ${address.origin} was cut off before its end (${error instanceof Error ? error.message : String(error)}). Ask again.`,
    { code: 'CUT_OFF', url: address.origin },
  );

/** What is said of an answer that is none of success. */
export function failureOf(status: number, text: string, address: URL): Failure {
  const problem = problemIn(text);
  if (problem === undefined)
    return new Failure(
      exitOf(status),
      `${address.origin} answered ${status} to ${address.pathname}, and not as a ledger does. Is this its address?`,
      { code: 'NO_LEDGER', status },
    );
  return new Failure(exitOf(status), sentenceOf(problem), { ...problem });
}

/** Code, where, what clashes and what to do. */
export function sentenceOf({ code, detail, errors = [] }: Problem): string {
  const where = ({ pointer, parameter }: FieldError): string =>
    pointer ?? (parameter === undefined ? '' : `--${kebab(parameter)}`);
  const [first] = errors;
  if (errors.length === 1 && first !== undefined) {
    const at = where(first);
    const said = detail.includes(first.message) ? detail : `${detail} ${first.message}`;
    return `${code}${at === '' ? '' : ` at ${at}`}: ${said}`;
  }
  return [`${code}: ${detail}`, ...errors.map((error) => `  ${where(error)}: ${error.message}`)].join('\n');
}

export const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
export const camel = (name: string): string =>
  name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

function problemIn(text: string): Problem | undefined {
  try {
    const body = JSON.parse(text) as Partial<Problem>;
    return typeof body.code === 'string' && typeof body.detail === 'string' ? (body as Problem) : undefined;
  } catch {
    return undefined;
  }
}

function exitOf(status: number): ExitCode {
  if (status === 400) return EXIT.usage;
  return status === 429 || status >= 500 ? EXIT.unavailable : EXIT.refused;
}
