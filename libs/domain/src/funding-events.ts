import { z } from 'zod';
import { check } from './check';
import type { EventOf, EventTypes } from './kind';
import { DaySchema, EdtfSchema, Id, ids, MoneyClaim, MoneySchema, Note, QtySchema, text } from './values';

// Kept for ever: what was once written must parse. Widen, never narrow.
export const fundingEvents = {
  FundingProposed: {
    class: 'I',
    schemaVersion: 1,
    summary: 'Somebody may fund somebody: talk, until it is committed.',
    refusals: ['REF_NOT_FOUND'],
    data: z
      .strictObject({
        fundingId: Id.describe("The funding's own id."),
        funderIds: ids(1, 50).describe('Who gives the money.'),
        recipientId: Id.describe('Who gets it.'),
        instrument: z
          .enum(['equity', 'debt', 'convertible', 'grant', 'prepayment', 'undisclosed'])
          .describe('In what form.'),
        amount: MoneyClaim.describe('How much, as stated before anybody commits to it.'),
        purpose: text().nullish().describe('What for.'),
        dealId: Id.nullish().describe('The deal that it belongs to, whose probability weighs it.'),
        siteIds: ids(0, 100).nullish().describe('Sites that it is for.'),
        note: Note,
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
      committed: MoneySchema.describe('What the funders owe in all, if the conditions are met.'),
      signedOn: EdtfSchema.nullish().describe('When it was signed, if not when it took effect.'),
      availability: z
        .strictObject({
          from: DaySchema.nullable().describe('First day; null: from the signing.'),
          to: DaySchema.nullable().describe('Last day; null: to the closing.'),
        })
        .check(
          check(({ from, to }, report) => {
            if (from !== null && to !== null && to < from) {
              report('PERIOD_INVALID', `Availability ends on ${to}, before it begins on ${from}; swap the two.`, [
                'to',
              ]);
            }
          }),
        )
        .nullish()
        .describe('Days between which money may be called; without, any day.'),
      note: Note,
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
      committed: MoneySchema.describe('What is committed from then on, in all: the new total, not the difference.'),
      changeType: z
        .enum(['amendment', 'disclosure'])
        .describe('The parties agreed anew (amendment), or more became known (disclosure).'),
      reason: text().describe('Why it changed.'),
    }),
  },
  TrancheScheduled: {
    class: 'I',
    schemaVersion: 1,
    summary: 'A part of the funding, with the condition it waits for.',
    refusals: ['TRANCHE_EXISTS', 'FUNDING_CLOSED', 'CURRENCY_MISMATCH', 'TRANCHES_EXCEED_COMMITMENT'],
    data: z.strictObject({
      trancheId: Id.describe('The tranche, by an id within the funding.'),
      amount: MoneyClaim.describe('How much of the funding it is.'),
      condition: z
        .strictObject({
          type: z.enum(['milestone', 'date', 'none']).describe('An achievement, a date, or nothing.'),
          description: text().nullish().describe('The condition in words.'),
          measure: QtySchema.nullish().describe('What is to be reached, where that is a quantity.'),
        })
        .describe('What it waits for before money may be called.'),
      window: EdtfSchema.nullish().describe('When it is expected.'),
      note: Note,
    }),
  },
  TrancheConditionMet: {
    class: 'F',
    schemaVersion: 1,
    summary: "A tranche's condition was met, or waived.",
    refusals: ['REF_NOT_FOUND', 'CONDITION_ALREADY_MET', 'FUNDING_CLOSED', 'FOUR_EYES_REQUIRED'],
    data: z.strictObject({
      trancheId: Id.describe('The tranche of this funding.'),
      evidence: text().describe('What shows that the condition holds, or why it was waived.'),
      waived: z.boolean().optional().describe('True: the condition was let off, which takes two.'),
    }),
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
    data: z.strictObject({
      callId: Id.describe('The call, by an id within the funding.'),
      trancheId: Id.describe('The tranche that it is called from.'),
      money: MoneySchema.describe("The amount asked for, in the funding's currency."),
      dueOn: DaySchema.describe('Last day to pay; after it what is open is overdue.'),
    }),
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
    data: z.strictObject({
      receiptId: Id.describe('The receipt, by an id within the funding.'),
      callId: Id.nullish().describe('The call that it answers, in full or in part.'),
      trancheId: Id.describe('The tranche that it is drawn from.'),
      money: MoneySchema.describe("The amount that arrived, in the funding's currency."),
    }),
  },
  FundsRepaid: {
    class: 'F',
    schemaVersion: 1,
    summary: 'Money went back to the funders.',
    refusals: ['REPAYMENT_EXISTS', 'FUNDING_NOT_COMMITTED', 'CURRENCY_MISMATCH', 'REPAYMENT_EXCEEDS_OUTSTANDING'],
    data: z
      .strictObject({
        repaymentId: Id.describe('The repayment, by an id within the funding.'),
        money: MoneySchema.describe("The amount that went back, in the funding's currency."),
        kind: z
          .enum(['principal', 'interest', 'returnOfCapital'])
          .describe('What it is: principal and returned capital lower what is outstanding, interest does not.'),
        recallable: z.boolean().optional().describe('True: may be called again, and so counts as undrawn.'),
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
    data: z.strictObject({
      trancheId: Id.describe('The tranche of this funding.'),
      reason: text().describe('Why the rest will not come.'),
    }),
  },
  FundingClosed: {
    class: 'F',
    schemaVersion: 1,
    summary: 'No more will be called; what is undrawn is cancelled.',
    refusals: ['REASON_REQUIRED', 'OPEN_CALL', 'FUNDING_CLOSED'],
    data: z.strictObject({
      outcome: z.enum(['fullyDrawn', 'cancelled', 'expired', 'withdrawn']).describe('How it ended.'),
      reason: text().describe('Why it ended.'),
    }),
  },
} as const satisfies EventTypes;

export type FundingEvent = EventOf<typeof fundingEvents>;
export type FundingData = z.output<typeof fundingEvents.FundingProposed.data>;
export type TrancheData = z.output<typeof fundingEvents.TrancheScheduled.data>;
