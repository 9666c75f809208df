/** An answer, with its body both as it came and as JSON. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Of a problem or any other JSON answer. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** Sends a request; rejects when no answer comes, as a broken connection would. */
export async function send(url: string, init: RequestInit = {}): Promise<Answered> {
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(30_000) });
  const text = await answer.text();
  const isJson = (answer.headers.get('content-type') ?? '').includes('json');
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    json: isJson && !text.includes('\n{') ? (JSON.parse(text) as Record<string, unknown>) : {},
  };
}

export const post = (url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answered> =>
  send(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

/** Posts and expects it to be recorded, now or before. */
export async function record(url: string, body: unknown): Promise<Answered> {
  const answer = await post(url, body);
  if (answer.status !== 201 && answer.status !== 200)
    throw new Error(`POST ${url} was answered ${answer.status}: ${answer.text}`);
  return answer;
}
