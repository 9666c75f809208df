import type { StreamEvent } from './events';

/** The day on which it becomes known. */
export const AFTERWARDS_DAY = '2027-03-05';

const approvedBy = { id: 'controller-1', role: 'controller' };
const CONTRACT = [{ sourceId: 'contract', attribution: 'official', confidence: 'high' }];

/**
 * What becomes known after the end of the story, of which `yearEnd` is the position at the end of
 * 2026: a report was given out, contracts are at hand, an amendment comes late, a letter of intent
 * will lapse, money is called.
 */
export function afterwards(yearEnd: number): StreamEvent[] {
  const on = (
    stream: string,
    id: string,
    type: string,
    effective: string,
    said: object,
    more: object = {},
  ): StreamEvent => ({
    id,
    stream,
    type,
    effective,
    sources: CONTRACT,
    data: said,
    ...more,
  });
  const instead = (corrects: string): object => ({
    action: 'correct',
    corrects,
    reason: 'the contract itself is at hand',
    approvedBy,
  });
  return [
    on(
      'source/contract',
      'contract',
      'SourceRegistered',
      AFTERWARDS_DAY,
      {
        sourceId: 'contract',
        kind: 'contract',
        language: 'en',
        title: 'Contracts as signed',
        publishedOn: null,
      },
      { sources: [] },
    ),
    on('report-run/board-2026', 'board-2026', 'ReportPublished', '2026-12-31', {
      runId: 'board-2026',
      report: 'deal-register',
      asOf: yearEnd,
      effectiveOn: '2026-12-31',
      filter: { stage: 'binding' },
      format: 'json',
      rows: 2,
      sha256: '5'.repeat(64),
    }),
    on(
      'deal/nvda-openai',
      'signed-nvda',
      'AgreementSigned',
      '2026-03-31',
      {
        instrument: 'definitive',
        binding: 'yes',
        signedOn: '2026-03-31',
        effectiveFrom: '2026-07-01',
        expiresOn: '2033-06-30',
      },
      instead('evt-0084'),
    ),
    on(
      'deal/kr-memory',
      'signed-kr',
      'AgreementSigned',
      '2026-11-01',
      {
        instrument: 'definitive',
        binding: 'yes',
        signedOn: '2026-11-01',
        effectiveFrom: '2027-01-01',
        expiresOn: '2027-12-31',
      },
      instead('evt-0096'),
    ),
    on(
      'deal/nvda-openai',
      'late-amendment',
      'LegTermsChanged',
      '2026-12-20',
      {
        legId: 'L2',
        changeType: 'amendment',
        amendmentNo: 1,
        effectiveFrom: '2026-12-20',
        terms: {
          money: {
            firm: { currency: 'USD', amount: '92400000000' },
            ceiling: { currency: 'USD', amount: '210000000000' },
          },
          schedule: { method: 'evenMonths', from: '2026-07', to: '2033-06', due: 'monthEnd' },
        },
      },
      { approvedBy },
    ),
    on('deal/kr-datacentres', 'letter', 'AgreementSigned', '2027-03-01', {
      instrument: 'loi',
      binding: 'no',
      signedOn: '2027-03-01',
      expiresOn: '2027-05-31',
    }),
    on(
      'funding/nvda-openai',
      'call-2',
      'FundsCalled',
      AFTERWARDS_DAY,
      { callId: 'call-2', trancheId: 'T1', money: { currency: 'USD', amount: '1000000000' }, dueOn: '2027-03-20' },
      { correlationId: 'spring-call' },
    ),
    on(
      'party/samsung-group',
      'samsung-group',
      'PartyRegistered',
      AFTERWARDS_DAY,
      { partyId: 'samsung-group', name: 'Samsung Group', country: 'KR', aliases: [] },
      { sources: [{ sourceId: 'src-wsj', attribution: 'anonymousSources', confidence: 'low' }] },
    ),
    on('party/samsung', 'samsung-owned', 'PartyRelationRecorded', AFTERWARDS_DAY, {
      fromPartyId: 'samsung',
      toPartyId: 'samsung-group',
      relation: 'ownedBy',
    }),
  ];
}
