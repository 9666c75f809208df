import { z } from 'zod';
import { check } from './check';
import type { EventOf, EventTypes } from './kind';
import { DaySchema, EdtfSchema, Id, ids, MoneyClaim, MoneySchema, QtySchema, text } from './values';

// Kept for ever: what was once written must parse. Widen, never narrow.
export const fundingEvents = {
  FundingProposed: {
    class: 'I',
    schemaVersion: 1,
    summary: 'Somebody may fund somebody: talk, until it is committed.',
    refusals: ['REF_NOT_FOUND'],
    data: z
      .strictObject({
        fundingId: Id,
        funderIds: ids(1, 50),
        recipientId: Id,
        instrument: z.enum(['equity', 'debt', 'convertible', 'grant', 'prepayment', 'undisclosed']),
        amount: MoneyClaim,
        purpose: text().nullish(),
        dealId: Id.nullish(),
        siteIds: ids(0, 100).nullish(),
        note: text().nullish(),
      })
      .check(
        check(({ funderIds, recipientId }, report) => {
          if (funderIds.includes(recipientId)) {
            report(
              'VALIDATION_FAILED',
              `"${recipientId}" is funder and recipient; money goes from one party to another.`,
              ['recipientId'],
            );
          }
        }),
      ),
  },
  FundingCommitted: {
    class: 'F',
    schemaVersion: 1,
    summary: 'The funders owe the money if the conditions are met.',
    refusals: [
      'PERIOD_INVALID',
      'FUNDING_ALREADY_COMMITTED',
      'FUNDING_CLOSED',
      'CURRENCY_MISMATCH',
      'COMMITTED_EXCEEDS_CEILING',
      'TRANCHES_EXCEED_COMMITMENT',
      'FOUR_EYES_REQUIRED',
    ],
    data: z.strictObject({
      committed: MoneySchema,
      signedOn: EdtfSchema.nullish(),
      availability: z
        .strictObject({ from: DaySchema.nullable(), to: DaySchema.nullable() })
        .check(
          check(({ from, to }, report) => {
            if (from !== null && to !== null && to < from) {
              report('PERIOD_INVALID', `Availability ends on ${to}, before it begins on ${from}; swap the two.`, [
                'to',
              ]);
            }
          }),
        )
        .nullish(),
      note: text().nullish(),
    }),
  },
  CommitmentChanged: {
    class: 'F',
    schemaVersion: 1,
    summary: 'The committed amount is another one from now on.',
    refusals: [
      'REASON_REQUIRED',
      'FUNDING_CLOSED',
      'FUNDING_NOT_COMMITTED',
      'CURRENCY_MISMATCH',
      'COMMITTED_BELOW_DRAWN',
      'TRANCHES_EXCEED_COMMITMENT',
      'FOUR_EYES_REQUIRED',
    ],
    data: z.strictObject({
      committed: MoneySchema,
      changeType: z.enum(['amendment', 'disclosure']),
      reason: text(),
    }),
  },
  TrancheScheduled: {
    class: 'I',
    schemaVersion: 1,
    summary: 'A part of the funding, with the condition it waits for.',
    refusals: ['TRANCHE_EXISTS', 'FUNDING_CLOSED', 'CURRENCY_MISMATCH', 'TRANCHES_EXCEED_COMMITMENT'],
    data: z.strictObject({
      trancheId: Id,
      amount: MoneyClaim,
      condition: z.strictObject({
        type: z.enum(['milestone', 'date', 'none']),
        description: text().nullish(),
        measure: QtySchema.nullish(),
      }),
      window: EdtfSchema.nullish(),
      note: text().nullish(),
    }),
  },
  TrancheConditionMet: {
    class: 'F',
    schemaVersion: 1,
    summary: "A tranche's condition was met, or waived.",
    refusals: ['REF_NOT_FOUND', 'CONDITION_ALREADY_MET', 'FUNDING_CLOSED', 'FOUR_EYES_REQUIRED'],
    data: z.strictObject({ trancheId: Id, evidence: text(), waived: z.boolean().optional() }),
  },
  FundsCalled: {
    class: 'F',
    schemaVersion: 1,
    summary: 'The recipient asked for part of a tranche.',
    refusals: [
      'CALL_EXISTS',
      'FUNDING_CLOSED',
      'FUNDING_NOT_COMMITTED',
      'REF_NOT_FOUND',
      'CURRENCY_MISMATCH',
      'TRANCHE_CONDITION_UNMET',
      'OUTSIDE_AVAILABILITY',
      'CALL_EXCEEDS_AVAILABLE',
    ],
    data: z.strictObject({ callId: Id, trancheId: Id, money: MoneySchema, dueOn: DaySchema }),
  },
  FundsReceived: {
    class: 'F',
    schemaVersion: 1,
    summary: 'Money arrived.',
    refusals: [
      'RECEIPT_EXISTS',
      'FUNDING_CLOSED',
      'FUNDING_NOT_COMMITTED',
      'REF_NOT_FOUND',
      'CURRENCY_MISMATCH',
      'TRANCHE_CONDITION_UNMET',
      'RECEIPT_EXCEEDS_CALL',
      'RECEIPT_EXCEEDS_TRANCHE',
    ],
    data: z.strictObject({ receiptId: Id, callId: Id.nullish(), trancheId: Id, money: MoneySchema }),
  },
  FundsRepaid: {
    class: 'F',
    schemaVersion: 1,
    summary: 'Money went back to the funders.',
    refusals: ['REPAYMENT_EXISTS', 'FUNDING_NOT_COMMITTED', 'CURRENCY_MISMATCH', 'REPAYMENT_EXCEEDS_OUTSTANDING'],
    data: z
      .strictObject({
        repaymentId: Id,
        money: MoneySchema,
        kind: z.enum(['principal', 'interest', 'returnOfCapital']),
        recallable: z.boolean().optional(),
      })
      .check(
        check(({ kind, recallable }, report) => {
          if (kind === 'interest' && recallable === true) {
            report('VALIDATION_FAILED', 'Interest is never recallable; leave recallable out.', ['recallable']);
          }
        }),
      ),
  },
  TrancheCancelled: {
    class: 'F',
    schemaVersion: 1,
    summary: 'What is undrawn of a tranche will not come.',
    refusals: ['REASON_REQUIRED', 'REF_NOT_FOUND', 'NOTHING_TO_CANCEL'],
    data: z.strictObject({ trancheId: Id, reason: text() }),
  },
  FundingClosed: {
    class: 'F',
    schemaVersion: 1,
    summary: 'No more will be called; what is undrawn is cancelled.',
    refusals: ['REASON_REQUIRED', 'OPEN_CALL', 'FUNDING_CLOSED'],
    data: z.strictObject({ outcome: z.enum(['fullyDrawn', 'cancelled', 'expired', 'withdrawn']), reason: text() }),
  },
} as const satisfies EventTypes;

export type FundingEvent = EventOf<typeof fundingEvents>;
export type FundingData = z.output<typeof fundingEvents.FundingProposed.data>;
export type TrancheData = z.output<typeof fundingEvents.TrancheScheduled.data>;
