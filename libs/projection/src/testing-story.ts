import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PostedLine } from './testing';

const linesIn = (file: string): PostedLine[] =>
  readFileSync(join(__dirname, '../../..', file), 'utf8')
    .trim()
    .split('\n')
    .flatMap((text) => (JSON.parse(text) as { events: PostedLine[] }).events);

/** The whole story. With a commit for each event the nth is at position n, because the ledger's own first is at 0. */
export const story: readonly PostedLine[] = [
  'apps/standalone/data/article.jsonl',
  'apps/standalone/data/further-sources.jsonl',
  'tests/support/continuation.jsonl',
].flatMap(linesIn);
