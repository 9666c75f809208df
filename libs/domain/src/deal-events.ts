import { z } from 'zod';
import { periodsOf } from './breadth';
import { check, type Report } from './check';
import { compare, sum } from './decimal';
import type { EventOf, EventTypes } from './kind';
import { judgeSchedule, ScheduleSchema } from './schedule';
import {
  DaySchema,
  EdtfSchema,
  Fraction,
  Id,
  ids,
  MoneyClaim,
  MoneySchema,
  Note,
  Per,
  PeriodSchema,
  QtyClaim,
  text,
  Word,
} from './values';

const PARTIES_MAX = 50;

/** Most costs that one payment may name. */
const COSTS_MAX = 1_000;

/** Each share of each period is lines in the reports. */
const SHARED_PERIODS_MAX = 3_600;

// Kept for ever: what was once written must parse. Widen, never narrow.
export const dealEvents = {
  DealOpened: {
    class: 'I',
    schemaVersion: 1,
    summary: 'A deal is known of: who with whom, and what kind of deal.',
    refusals: ['DEAL_NEEDS_PARTIES', 'REF_NOT_FOUND'],
    data: z
      .strictObject({
        dealId: Id.describe("The deal's own id."),
        title: text(300).describe('What people call it.'),
        kinds: z
          .array(z.enum(['lease', 'purchase', 'supply', 'investment', 'barter', 'jointVenture', 'build']))
          .min(1)
          .max(7)
          .describe('What it is about, one or more.'),
        parties: z
          .array(
            z.strictObject({
              partyId: Id.describe('A registered party.'),
              role: Word.describe('What it is in this deal, such as lessor or buyer.'),
            }),
          )
          .max(PARTIES_MAX)
          .describe('Who takes part: two different ones or more.'),
        replacesDealId: Id.nullish().describe('A deal that this one takes the place of.'),
        note: Note,
      })
      .check(
        check(({ parties }, report) => {
          const distinct = new Set(parties.map(({ partyId }) => partyId)).size;
          if (distinct < 2) {
            report(
              'DEAL_NEEDS_PARTIES',
              `The deal names ${distinct} parties, it needs 2 or more; name who it is with.`,
              ['parties'],
            );
          }
        }),
      ),
  },
  DealAnnounced: {
    class: 'F',
    schemaVersion: 1,
    summary: 'The deal was made public.',
    refusals: ['DEAL_CLOSED', 'REF_NOT_FOUND'],
    data: z.strictObject({
      announcedOn: EdtfSchema.nullish().describe('When it was made public, if not when it took effect.'),
      by: ids(1, PARTIES_MAX).nullish().describe('The parties that announced it.'),
      note: Note,
    }),
  },
  AgreementSigned: {
    class: 'F',
    schemaVersion: 1,
    summary: 'A paper was signed. Signed is not binding: `binding` decides which column amounts belong to.',
    refusals: ['PERIOD_INVALID', 'DEAL_CLOSED', 'STAGE_REGRESSION', 'BINDING_NEEDS_DOCUMENT', 'FOUR_EYES_REQUIRED'],
    data: z
      .strictObject({
        instrument: z
          .enum(['loi', 'mou', 'termSheet', 'framework', 'definitive', 'amendment', 'unspecified'])
          .describe('What kind of paper.'),
        binding: z
          .enum(['yes', 'no', 'unknown'])
          .describe('Whether it binds: only "yes" makes the deal binding, anything else preliminary.'),
        signedOn: EdtfSchema.nullish().describe('When it was signed, if not when it took effect.'),
        effectiveFrom: DaySchema.nullish().describe('First day of its term.'),
        expiresOn: DaySchema.nullish().describe('Last day of its term.'),
        note: Note,
      })
      .check(
        check(({ effectiveFrom, expiresOn }, report) => {
          if (effectiveFrom != null && expiresOn != null && expiresOn < effectiveFrom) {
            report(
              'PERIOD_INVALID',
              `The agreement expires on ${expiresOn}, before it takes effect on ${effectiveFrom}; swap or correct the two.`,
              ['expiresOn'],
            );
          }
        }),
      ),
  },
  LegAdded: {
    class: 'I',
    schemaVersion: 1,
    summary: 'One promise of the deal: who provides what to whom.',
    refusals: [
      'LEG_NEEDS_MONEY',
      'SCHEDULE_SUM_MISMATCH',
      'DEAL_CLOSED',
      'LEG_EXISTS',
      'LEG_SAME_PARTY',
      'LEG_FUNDING_HAS_AMOUNT',
      'LEG_RECIPROCAL_NOT_FOUND',
      'REF_NOT_FOUND',
    ],
    data: z
      .strictObject({
        legId: Id.describe('The leg, by an id within the deal.'),
        class: z
          .enum(['supply', 'lease', 'service', 'build', 'license', 'inKind', 'payment', 'funding'])
          .describe('What is promised: goods or services, a payment, or a funding.'),
        category: Word.nullish().describe('What it is spent on in the outlook, such as computeRental.'),
        providers: ids(1, PARTIES_MAX).describe('Who gives; of a payment, who pays.'),
        receivers: ids(1, PARTIES_MAX).describe('Who gets.'),
        shares: z
          .array(
            z.strictObject({
              partyId: Id.describe('A party of the joint side.'),
              share: Fraction.describe('Its part of every amount.'),
            }),
          )
          .max(PARTIES_MAX)
          .nullish()
          .describe('How the joint side divides it: exactly its parties, adding up to 1; without, it stays joint.'),
        itemId: Id.nullish().describe('What is supplied, a defined item.'),
        quantity: QtyClaim.nullish().describe('How much: in all, or per time where `per` is given.'),
        per: Per.nullish().describe('The time that the quantity is for; a rate is not spread by the schedule.'),
        money: MoneyClaim.nullish().describe('The total over the whole term.'),
        fundingId: Id.nullish().describe('Of a funding leg: the funding in which its amounts stand.'),
        reciprocalOf: Id.nullish().describe('The leg of this deal that it is given in return for.'),
        staged: z.boolean().optional().describe('True: said to come in stages.'),
        commencesOn: EdtfSchema.nullish().describe('When a lease begins, or a delivery; before, it is not commenced.'),
        schedule: ScheduleSchema.nullish().describe('When the total falls due; unscheduled where it is missing.'),
        note: Note,
      })
      .check(
        check((leg, report) => {
          if (leg.class === 'payment' && leg.money == null) {
            report(
              'LEG_NEEDS_MONEY',
              `Payment leg ${leg.legId} states no money; say what is paid, or "money": {"undisclosed": true}.`,
              ['money'],
            );
          }
          if (leg.class === 'funding' && leg.fundingId == null) {
            report('VALIDATION_FAILED', `Funding leg ${leg.legId} names no funding; give fundingId.`, ['fundingId']);
          }
          judgeAmounts(leg, report);
        }),
        check(({ providers, receivers, shares }, report) => {
          if (shares == null) return;
          const joint = providers.length > 1 ? providers : receivers;
          const named = shares.map(({ partyId }) => partyId);
          if (named.length !== joint.length || joint.length < 2 || !joint.every((id) => named.includes(id))) {
            report(
              'VALIDATION_FAILED',
              `Shares name ${named.join(', ')}, the joint side is ${joint.join(', ')}; list exactly its parties.`,
              ['shares'],
            );
            return;
          }
          const total = sum(shares.map(({ share }) => share));
          if (compare(total, '1') !== 0) {
            report(
              'VALIDATION_FAILED',
              `Shares add up to ${total}, they must make 1; correct them or leave the leg joint.`,
              ['shares'],
            );
          }
        }),
      ),
  },
  LegTermsChanged: {
    class: 'T',
    schemaVersion: 1,
    summary: 'The terms of a leg were amended by the parties, or more of them became known. What is given replaces.',
    refusals: [
      'DEAL_CLOSED',
      'REF_NOT_FOUND',
      'AMENDMENT_NEEDS_AGREEMENT',
      'AMENDMENT_NUMBER_GAP',
      'LEG_FUNDING_HAS_AMOUNT',
      'LEG_CURRENCY_LOCKED',
      'CEILING_BELOW_INCURRED',
      'SCHEDULE_SUM_MISMATCH',
    ],
    data: z.strictObject({
      legId: Id.describe('The leg of this deal.'),
      changeType: z
        .enum(['amendment', 'disclosure'])
        .describe('The parties agreed anew (amendment), or more became known (disclosure).'),
      amendmentNo: z
        .int()
        .min(1)
        .max(10_000)
        .nullish()
        .describe('Number of the amendment, without gaps from 1; several legs may share one.'),
      effectiveFrom: DaySchema.nullish().describe('First day on which the new terms apply.'),
      terms: z
        .strictObject({
          quantity: QtyClaim.optional().describe('How much, as of the new terms.'),
          money: MoneyClaim.optional().describe('The total over the whole term, as of the new terms.'),
          schedule: ScheduleSchema.optional().describe('When it falls due, as of the new terms.'),
        })
        .check(
          check((terms, report) => {
            if (Object.keys(terms).length === 0) {
              report('VALIDATION_FAILED', 'No term is given, so none changes; give quantity, money or schedule.');
            }
          }),
        )
        .describe('What is given replaces that term as a whole; the others stay.'),
      note: Note,
    }),
  },
  LegRemoved: {
    class: 'T',
    schemaVersion: 1,
    summary: 'A promise is no longer part of the deal.',
    refusals: ['REASON_REQUIRED', 'DEAL_CLOSED', 'REF_NOT_FOUND', 'LEG_HAS_ACTUALS'],
    data: z.strictObject({
      legId: Id.describe('The leg of this deal.'),
      reason: text().describe('Why it is no longer promised.'),
    }),
  },
  DealProbabilityAssessed: {
    class: 'F',
    schemaVersion: 1,
    summary: 'Somebody judged how likely the deal is. Holds until its stage changes.',
    refusals: ['DEAL_CLOSED'],
    data: z.strictObject({
      probability: Fraction.describe('How likely it is that the deal is carried out.'),
      method: text(200).describe('How it was judged.'),
      note: Note,
    }),
  },
  CostIncurred: {
    class: 'F',
    schemaVersion: 1,
    summary: 'A cost was accrued or invoiced under a leg.',
    refusals: [
      'DEAL_CLOSED',
      'COST_EXISTS',
      'REF_NOT_FOUND',
      'LEG_FUNDING_HAS_AMOUNT',
      'BINDING_REQUIRED',
      'CURRENCY_MISMATCH',
      'COST_EXCEEDS_CEILING',
    ],
    data: z.strictObject({
      costId: Id.describe('The cost, by an id within the deal.'),
      legId: Id.describe('The leg that it is under.'),
      period: PeriodSchema.describe('The period that the cost is for.'),
      money: MoneySchema.describe("What it costs, in the leg's currency."),
      invoiceRef: text(200).nullish().describe('Number of the invoice.'),
      overCeiling: z.boolean().optional().describe('That it is known to exceed what the leg states.'),
      note: Note,
    }),
  },
  PaymentMade: {
    class: 'F',
    schemaVersion: 1,
    summary: 'Money was paid under a leg, or came back.',
    refusals: [
      'PAYMENT_EXISTS',
      'REF_NOT_FOUND',
      'LEG_FUNDING_HAS_AMOUNT',
      'CURRENCY_MISMATCH',
      'BINDING_REQUIRED',
      'PAYMENT_EXCEEDS_INCURRED',
      'REFUND_EXCEEDS_PAID',
    ],
    data: z.strictObject({
      paymentId: Id.describe('The payment, by an id within the deal.'),
      legId: Id.describe('The leg that it is under.'),
      kind: z
        .enum(['settlement', 'prepayment', 'deposit', 'refund'])
        .describe('Of what is incurred (settlement), ahead of it (prepayment, deposit), or back (refund).'),
      money: MoneySchema.describe(
        "The amount that moved, in the leg's currency; never negative, not even of a refund.",
      ),
      costIds: ids(0, COSTS_MAX).nullish().describe('What it is meant to pay; for information.'),
      note: Note,
    }),
  },
  PaymentReversed: {
    class: 'F',
    schemaVersion: 1,
    summary: 'A payment did not go through after all: it bounced, or was called back.',
    refusals: ['REASON_REQUIRED', 'REF_NOT_FOUND', 'PAYMENT_ALREADY_REVERSED'],
    data: z.strictObject({
      paymentId: Id.describe('The payment that did not go through.'),
      reason: text().describe('Why it came back.'),
    }),
  },
  DealClosed: {
    class: 'F',
    schemaVersion: 1,
    summary: 'The deal is over: nothing is promised any more. What was incurred may still be paid.',
    refusals: ['REASON_REQUIRED', 'DEAL_CLOSED', 'OUTCOME_STAGE_MISMATCH', 'CLOSE_WITH_UNPAID'],
    data: z.strictObject({
      outcome: z
        .enum(['completed', 'terminated', 'lapsed', 'withdrawn'])
        .describe('How it ended: completed or terminated where it was binding, lapsed or withdrawn where not.'),
      closedOn: EdtfSchema.nullish().describe('When it ended, if not when that took effect.'),
      reason: text().describe('Why it ended.'),
      terminationFee: MoneySchema.nullish().describe('What is paid for ending it; for information.'),
      note: Note,
    }),
  },
} as const satisfies EventTypes;

export type DealEvent = EventOf<typeof dealEvents>;
export type DealEventOf<Type extends DealEvent['type']> = Extract<DealEvent, { type: Type }>;
export type DealData = z.output<typeof dealEvents.DealOpened.data>;
export type AgreementData = z.output<typeof dealEvents.AgreementSigned.data>;
export type LegTerms = z.output<typeof dealEvents.LegAdded.data>;
export type ChangedTerms = z.output<typeof dealEvents.LegTermsChanged.data>['terms'];
export type PaymentKind = z.output<typeof dealEvents.PaymentMade.data>['kind'];

/** Reports where the amounts of a leg do not go with its schedule, or are too many once they are shared. */
export function judgeAmounts(
  { legId, quantity, per, money, schedule, shares }: Pick<LegTerms, keyof ChangedTerms | 'legId' | 'per' | 'shares'>,
  report: Report,
): void {
  if (schedule == null) return;
  if (money != null) judgeSchedule(schedule, money, 'money', report);
  // A rate ("900,000 a month") is no total that lines could add up to.
  if (quantity != null && per == null) judgeSchedule(schedule, quantity, 'quantity', report);
  const periods = periodsOf(schedule);
  const parties = shares?.length ?? 0;
  if (periods * parties > SHARED_PERIODS_MAX) {
    report(
      'VALIDATION_FAILED',
      `${parties} shares over ${periods} periods are ${periods * parties} amounts, at most ${SHARED_PERIODS_MAX} are allowed; split leg ${legId}.`,
      ['shares'],
    );
  }
}
