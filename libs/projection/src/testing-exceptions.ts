import { audit, exceptions } from '@deal-ledger/reports';
import type { PostedLine } from './testing';
import { pick, reported, usd } from './testing-reports';

export const on = (stream: string, type: string, effective: string, data: object, more: object = {}): PostedLine => ({
  stream,
  type,
  effective,
  data,
  ...more,
});
export const dealt = (type: string, effective: string, data: object, more: object = {}) =>
  on('deal/d', type, effective, data, more);
export const funding = (more: object = {}): PostedLine =>
  on('funding/f', 'FundingProposed', '2026-01-01', {
    fundingId: 'f',
    funderIds: ['nvidia'],
    recipientId: 'openai',
    instrument: 'equity',
    amount: { ceiling: usd('1000') },
    ...more,
  });
export const dealClosed = dealt(
  'DealClosed',
  '2026-11-01',
  { outcome: 'withdrawn', closedOn: '2026-11-01', reason: 'over' },
  { id: 'closing' },
);

/** Of each exception of the kind where it is, since when, how bad and by which event. */
export async function foundIn(
  url: string,
  kind: string,
  lines: readonly PostedLine[],
  query: Record<string, string> = {},
): Promise<unknown[][]> {
  const { rows } = await reported(url, audit, exceptions, lines, { kind, ...query });
  return pick(rows, 'ref', 'since', 'severity', 'eventId');
}

/** What the first exception of the kind says. */
export async function firstText(
  url: string,
  kind: string,
  lines: readonly PostedLine[],
  query: Record<string, string> = {},
): Promise<unknown> {
  return (await reported(url, audit, exceptions, lines, { kind, ...query })).rows[0]?.['text'];
}
