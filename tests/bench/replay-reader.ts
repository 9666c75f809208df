import { get, type IncomingMessage } from 'node:http';

const LINE_END = 10;

/** Takes a whole replay, as whoever keeps it in a file would, and counts its lines. */
export async function takeReplay({ url }: { readonly url: string }): Promise<{ lines: number; seconds: number }> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${url}/v1/audit/replay`, resolve).once('error', reject);
  });
  if (answer.statusCode !== 200) throw new Error(`the replay was answered ${answer.statusCode}`);
  const startedMs = performance.now();
  let lines = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>)
    for (let at = chunk.indexOf(LINE_END); at >= 0; at = chunk.indexOf(LINE_END, at + 1)) lines += 1;
  return { lines, seconds: (performance.now() - startedMs) / 1_000 };
}
