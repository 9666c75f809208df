import type { Day, Decimal, Firmness, Period, RampData } from '@deal-ledger/domain';
import { negated } from './decimal';
import { canonical, difference, type Posting } from './posting';

/** Where in a plan something is to be delivered, and how sure that is. */
interface Place {
  readonly period: Period;
  readonly firmness: Firmness;
}

/** That a quantity moves to a later period. */
interface Slip {
  readonly on: Day;
  readonly qty: Decimal;
  readonly from: Place;
  readonly to: Place;
}

/** A ramp, from its day until that of the next, with what slipped in it since it was scheduled. */
export interface Ramp {
  readonly rampVersion: number;
  readonly from: Day;
  readonly unit: string;
  readonly lines: readonly (Place & { readonly qty: Decimal })[];
  readonly slips: readonly Slip[];
}

/**
 * Ramps in force, in order of day and of version alike: a ramp replaces the ones before it from its
 * day on, so that of those no earlier than itself nothing is left.
 */
export type Plan = readonly Ramp[];

/** A ramp as it is scheduled. */
export function rampOf({ rampVersion, lines }: RampData, from: Day): Ramp {
  return {
    rampVersion,
    from,
    unit: lines[0]?.qty.unit ?? '',
    lines: lines.map(({ period, qty, firmness }) => ({ period, firmness: firmness ?? 'firm', qty: qty.value })),
    slips: [],
  };
}

/** The plan with a ramp that was scheduled after all in it. */
export function withRamp(plan: Plan, ramp: Ramp): Plan {
  return [...plan.filter(({ from }) => from < ramp.from), ramp];
}

/** The difference that a ramp makes to what is planned and to which ramp is in force. */
export function rampPostings(reservationId: string, plan: Plan, ramp: Ramp): Posting[] {
  const kept = plan.findLastIndex(({ from }) => from < ramp.from);
  const replaced = plan.slice(Math.max(0, kept));
  const standing = kept < 0 ? [] : plan.slice(kept, kept + 1);
  return [
    ...difference(planLines(reservationId, replaced), planLines(reservationId, [...standing, ramp])),
    ...ramp.lines.flatMap(({ period, firmness, qty }) =>
      line(
        'ramp.plan',
        reservationId,
        ramp,
        { period, qty, on: ramp.from },
        { rampVersion: ramp.rampVersion, firmness },
      ),
    ),
  ];
}

/** What a slip moves in the last ramp; nothing where nothing is planned. */
export function slipOf(
  plan: Plan,
  { fromPeriod, toPeriod, qty }: { readonly fromPeriod: Period; readonly toPeriod: Period; readonly qty: Decimal },
  on: Day,
): Slip | undefined {
  const ramp = plan.at(-1);
  if (ramp === undefined) return undefined;
  const from = placeOf(ramp, fromPeriod) ?? { period: fromPeriod, firmness: 'firm' };
  return { on, qty, from, to: placeOf(ramp, toPeriod) ?? { period: toPeriod, firmness: from.firmness } };
}

/** The plan with a slip in its last ramp. */
export function withSlip(plan: Plan, slip: Slip): Plan {
  const ramp = plan.at(-1);
  return ramp === undefined ? plan : [...plan.slice(0, -1), { ...ramp, slips: [...ramp.slips, slip] }];
}

/** The difference that a slip makes to what is planned. */
export function slipPostings(reservationId: string, plan: Plan, slip: Slip): Posting[] {
  const ramp = plan.at(-1);
  return ramp === undefined ? [] : moved(reservationId, ramp, slip);
}

function placeOf({ lines, slips }: Ramp, period: Period): Place | undefined {
  const line = lines.find((each) => each.period === period);
  if (line !== undefined) return { period, firmness: line.firmness };
  return slips.find(({ to }) => to.period === period)?.to;
}

/** What is planned by date, and by which ramp. */
function planLines(reservationId: string, plan: Plan): Posting[] {
  return plan.flatMap((ramp, index) => {
    const before = plan[index - 1];
    const until = plan[index + 1]?.from;
    return [
      ...(before === undefined ? [] : taken(reservationId, before, ramp.from)),
      ...began(reservationId, ramp),
      ...within(ramp, until).flatMap((slip) => moved(reservationId, ramp, slip)),
    ];
  });
}

function began(reservationId: string, ramp: Ramp): Posting[] {
  const { rampVersion, from, lines } = ramp;
  return [
    { measure: 'ramp', subject: reservationId, value: canonical({ rampVersion }), effective: from, amount: '1' },
    ...lines.flatMap(({ period, firmness, qty }) =>
      line('plan', reservationId, ramp, { period, qty, on: from }, { firmness }),
    ),
  ];
}

/** All that a ramp had planned until a day, taken away on that day. */
function taken(reservationId: string, ramp: Ramp, on: Day): Posting[] {
  const all = [...began(reservationId, ramp), ...within(ramp, on).flatMap((slip) => moved(reservationId, ramp, slip))];
  return all.map((posting) => ({ ...posting, effective: on, amount: negated(posting.amount) }));
}

function within({ slips }: Ramp, until: Day | undefined): readonly Slip[] {
  return until === undefined ? slips : slips.filter(({ on }) => on < until);
}

function moved(reservationId: string, ramp: Ramp, { on, qty, from, to }: Slip): Posting[] {
  // A slip learned of an earlier day cannot change a plan that was not in force yet.
  const since = on > ramp.from ? on : ramp.from;
  return [
    ...line(
      'plan',
      reservationId,
      ramp,
      { period: from.period, qty: negated(qty), on: since },
      { firmness: from.firmness },
    ),
    ...line('plan', reservationId, ramp, { period: to.period, qty, on: since }, { firmness: to.firmness }),
  ];
}

function line(
  measure: string,
  subject: string,
  { unit }: Ramp,
  { period, qty, on }: { readonly period: Period; readonly qty: Decimal; readonly on: Day },
  value: object,
): Posting[] {
  if (negated(qty) === '0') return [];
  return [{ measure, subject, value: canonical(value), period, effective: on, unit, amount: qty }];
}
