import type { PostedLine } from './testing';

const approvedBy = { id: 'controller-1' };

export const cost = (costId: string, day: string, money: object, data: object = {}, id = 'd'): PostedLine => ({
  stream: `deal/${id}`,
  type: 'CostIncurred',
  effective: day,
  data: { costId, legId: 'L2', period: day.slice(0, 7), money, ...data },
});
export const payment = (paymentId: string, day: string, kind: string, money: object, id = 'd'): PostedLine => ({
  stream: `deal/${id}`,
  type: 'PaymentMade',
  effective: day,
  data: { paymentId, legId: 'L2', kind, money },
});
export const reversal = (paymentId: string, day: string, id = 'd'): PostedLine => ({
  stream: `deal/${id}`,
  type: 'PaymentReversed',
  effective: day,
  data: { paymentId, reason: 'it bounced' },
});
export const assessed = (day: string, probability: string, id = 'd'): PostedLine => ({
  stream: `deal/${id}`,
  type: 'DealProbabilityAssessed',
  effective: day,
  data: { probability, method: 'judgement' },
});
export const closed = (day: string, outcome: string, id = 'd'): PostedLine => ({
  stream: `deal/${id}`,
  type: 'DealClosed',
  effective: day,
  approvedBy,
  data: { outcome, closedOn: day, reason: 'over' },
});
