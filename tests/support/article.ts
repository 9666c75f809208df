import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { record, send } from './client';
import type { StreamEvent } from './events';

/** The article's commits, in order, as the demo posts them. */
export const articleCommits = (): readonly (readonly StreamEvent[])[] =>
  readFileSync(join(__dirname, '../../apps/standalone/data/article.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { events: StreamEvent[] }).events);

/** Posts the article and answers the position of its last event. */
export async function postArticle(url: string): Promise<number> {
  let position = 0;
  for (const events of articleCommits())
    position = (await record(`${url}/v1/commits`, { events })).json['position'] as number;
  return position;
}

export const REPORTS = [
  'commitment-lines',
  'capacity-balance',
  'spend-outlook',
  'forecast-versions',
  'funding-position',
] as const;
export type ReportName = (typeof REPORTS)[number];

export type Row = Readonly<Record<string, unknown>>;
export interface Report {
  readonly rows: readonly Row[];
  readonly meta: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** A report on the day on which the article was read. */
export async function readReport(url: string, name: ReportName, asOf: number, query = ''): Promise<Report> {
  const { status, text, json } = await send(
    `${url}/v1/reports/${name}?asOf=${asOf}&effectiveOn=2025-10-05&limit=1000${query}`,
  );
  if (status !== 200) throw new Error(`${name} was answered ${status}: ${text}`);
  return { ...(json as unknown as Omit<Report, 'text'>), text };
}

/** A report's body without what must differ between two ledgers: positions and times. */
export const withoutPlace = (body: string): string =>
  body.replace(/"asOfPosition":\d+/, '"asOfPosition":0').replace(/"asOfRecordedAt":"[^"]+"/, '"asOfRecordedAt":""');
