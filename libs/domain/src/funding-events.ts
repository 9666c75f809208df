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
    data: z.strictObject({ trancheId: Id, evidence: text(), waived: z.boolean().optional() }),
  },
  FundsCalled: {
    class: 'F',
    schemaVersion: 1,
    summary: 'The recipient asked for part of a tranche.',
    data: z.strictObject({ callId: Id, trancheId: Id, money: MoneySchema, dueOn: DaySchema }),
  },
  FundsReceived: {
    class: 'F',
    schemaVersion: 1,
    summary: 'Money arrived.',
    data: z.strictObject({ receiptId: Id, callId: Id.nullish(), trancheId: Id, money: MoneySchema }),
  },
  FundsRepaid: {
    class: 'F',
    schemaVersion: 1,
    summary: 'Money went back to the funders.',
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
    data: z.strictObject({ trancheId: Id, reason: text() }),
  },
  FundingClosed: {
    class: 'F',
    schemaVersion: 1,
    summary: 'No more will be called; what is undrawn is cancelled.',
    data: z.strictObject({ outcome: z.enum(['fullyDrawn', 'cancelled', 'expired', 'withdrawn']), reason: text() }),
  },
} as const satisfies EventTypes;

export type FundingEvent = EventOf<typeof fundingEvents>;
export type FundingData = z.output<typeof fundingEvents.FundingProposed.data>;
export type TrancheData = z.output<typeof fundingEvents.TrancheScheduled.data>;
