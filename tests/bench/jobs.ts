import type { ChildAnswer } from './child';
import { bareAnswers, barePosts } from './floors-http';
import { consumeAndInsert, produceAndReadBack, produceBatches } from './floors-kafka';
import { insertBatches, insertOneByOne, pageAndInsert, statement } from './floors-postgres';
import { importCommits, load } from './load';

/** What a child process can be asked to do. */
export const JOBS = {
  load,
  importCommits,
  barePosts,
  bareAnswers,
  produceAndReadBack,
  produceBatches,
  consumeAndInsert,
  insertOneByOne,
  insertBatches,
  pageAndInsert,
  statement,
} as const;

const job = JOBS[process.argv[2] as keyof typeof JOBS] as (options: unknown) => Promise<unknown>;

process.once('disconnect', () => process.exit());
process.once('message', ({ options }: { options: unknown }) => {
  const answer = (message: ChildAnswer): boolean | undefined => process.send?.(message);
  job(options).then(
    (result) => answer({ result }),
    (error: unknown) => answer({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
