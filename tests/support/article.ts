import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathOf, PROJECTIONS, type ReportDefinition } from '@deal-ledger/reports';
import { record, send } from './client';
import type { StreamEvent } from './events';

/** A part of the demo's story, in order: its commits as the demo posts them. */
const commitsOf = (file: string): readonly (readonly StreamEvent[])[] =>
  readFileSync(join(__dirname, '../../apps/standalone/data', file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { events: StreamEvent[] }).events);

async function post(url: string, file: string): Promise<number> {
  let position = 0;
  for (const events of commitsOf(file))
    position = (await record(`${url}/v1/commits`, { events })).json['position'] as number;
  return position;
}

/** Posts the article and answers the position of its last event. */
export const postArticle = (url: string): Promise<number> => post(url, 'article.jsonl');

/** Posts what further sources said of the article, and answers the position of the last event. */
export const postFurtherSources = (url: string): Promise<number> => post(url, 'further-sources.jsonl');

const DEFINITIONS: readonly ReportDefinition[] = PROJECTIONS.flatMap(({ reports }) => reports);
export const REPORTS = DEFINITIONS.map(({ name }) => name);

/** Where a report is asked for. */
export const addressOf = (url: string, name: string): string =>
  `${url}${pathOf(DEFINITIONS.find((each) => each.name === name) ?? { name })}`;

export type Row = Readonly<Record<string, unknown>>;
export interface Report {
  readonly rows: readonly Row[];
  readonly meta: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** A report on the day on which the article was read. */
export async function readReport(url: string, name: string, asOf: number, query = ''): Promise<Report> {
  const { status, text, json } = await send(
    `${addressOf(url, name)}?asOf=${asOf}&effectiveOn=2025-10-05&limit=1000${query}`,
  );
  if (status !== 200) throw new Error(`${name} was answered ${status}: ${text}`);
  return { ...(json as unknown as Omit<Report, 'text'>), text };
}

/** A report's body without what must differ between two ledgers: positions, times of recording, ids made up, how commits are counted, and which service began it. */
export const withoutPlace = (body: string): string =>
  body
    .replaceAll(/"(asOfPosition|position)":\d+/g, '"$1":0')
    .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '')
    .replace(/"actorId":"\/[a-z-]+"/, '"actorId":""')
    .replaceAll(/"commit":"\/\d+"/g, '"commit":""')
    .replaceAll(/"(asOfRecordedAt|lastChangedAt|recordedAt|since)":"\d{4}-\d\d-\d\dT[^"]+"/g, '"$1":""');
