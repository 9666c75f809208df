import { fork, type ChildProcess } from 'node:child_process';
import type { JOBS } from './jobs';

type Jobs = typeof JOBS;
type Job = keyof Jobs;
type Options<Name extends Job> = Parameters<Jobs[Name]>[0];
type Result<Name extends Job> = Awaited<ReturnType<Jobs[Name]>>;

/** What a child sends when it has done its job, or failed. */
export type ChildAnswer = { readonly result: unknown } | { readonly failure: string };

const WITHIN_MS = 1_200_000;

/** A process of its own that has done its job and stays, as a server does. */
export interface Child<Given> {
  readonly result: Given;
  stop(): Promise<void>;
}

/** Does a job in a process of its own, which goes when this one does, or at the latest after twenty minutes. */
export async function startChild<Name extends Job>(
  job: Name,
  options: Options<Name>,
  signal: AbortSignal,
): Promise<Child<Result<Name>>> {
  signal.throwIfAborted();
  const child = fork(`${__dirname}/jobs.js`, [job], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await gone;
  };
  try {
    child.send({ options });
    const answer = await answerOf(child, job, AbortSignal.any([signal, AbortSignal.timeout(WITHIN_MS)]));
    if ('failure' in answer) throw new Error(`${job}: ${answer.failure}`);
    return { result: answer.result as Result<Name>, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Does a job in a process of its own that ends with it. */
export async function inChild<Name extends Job>(
  job: Name,
  options: Options<Name>,
  signal: AbortSignal,
): Promise<Result<Name>> {
  const { result, stop } = await startChild(job, options, signal);
  await stop();
  return result;
}

function answerOf(child: ChildProcess, job: string, signal: AbortSignal): Promise<ChildAnswer> {
  return new Promise((resolve, reject) => {
    child.once('message', (answer: ChildAnswer) => resolve(answer));
    child.once('error', reject);
    child.once('exit', (code, killedBy) => reject(new Error(`${job} ended by itself: ${killedBy ?? code}`)));
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
}
