// What a file of tests has met is forgotten with it, so they run here once more.
import './deal-cash.spec';
import './deal-legs.spec';
import './deal.spec';
import './engagement.spec';
import './forecast.spec';
import './funding-cash.spec';
import './funding.spec';
import './party.spec';
import './pool.spec';
import './reference.spec';
import './report-run.spec';
import './reservation-delivery.spec';
import './reservation-plan.spec';
import './reservation.spec';
import './site.spec';
import './source.spec';
import { catalogue } from './catalogue';
import { refusalsMet } from './testing';

const types = Object.values(catalogue).flatMap(({ events }) => Object.entries(events));

it.each(types)('%s is refused in every way that it names', (type, { refusals }) =>
  expect(refusals.filter((code) => !refusalsMet(type).has(code))).toEqual([]),
);
