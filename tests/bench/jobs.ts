import type { ChildAnswer } from './child';
import { barePosts } from './floors-http';
import { consumeAndInsert, consumeAndParse, produceAndReadBack, produceBatches } from './floors-kafka';
import { insertBatches, insertOneByOne, pageAndInsert, pageAndParse } from './floors-postgres';
import { importCommits, load } from './load';
import { fillMarket } from './market-log';
import { reads } from './reads';
import { takeReplay } from './replay-reader';

/** What a child process can be asked to do. */
export const JOBS = {
  load,
  importCommits,
  fillMarket,
  reads,
  takeReplay,
  barePosts,
  produceAndReadBack,
  produceBatches,
  consumeAndInsert,
  consumeAndParse,
  insertOneByOne,
  insertBatches,
  pageAndInsert,
  pageAndParse,
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
