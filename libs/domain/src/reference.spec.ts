import { get } from './keyed';
import { referenceEvents, type ItemsState, type PolicyState } from './reference';
import { given, poster } from './testing';

const items = poster(referenceEvents, 'reference/items');
const policy = poster(referenceEvents, 'reference/policy');
const dram = items('ItemDefined', { itemId: 'dram', name: 'DRAM', defaultUnit: 'WFR' });
const POLICY = {
  exploring: '0.10',
  announced: '0.30',
  preliminary: '0.50',
  binding: '0.95',
  fundingUnlinkedProposed: '0.20',
};

describe('items', () => {
  it('stand together in one stream', () => {
    const state = given(dram).when(items('ItemDefined', { itemId: 'nand', name: 'NAND', defaultUnit: 'WFR' }));
    const known = state.thenState<ItemsState>('reference/items').items;
    expect([get(known, 'dram')?.defaultUnit, get(known, 'nand')?.name]).toEqual(['WFR', 'NAND']);
  });

  it('are defined once', () => given(dram).when(dram).thenRefused('ITEM_EXISTS', '/data/itemId'));

  it('may be called what every object has', () =>
    given()
      .when(items('ItemDefined', { itemId: 'constructor', name: 'Crane', defaultUnit: 'EA' }))
      .thenRecorded());

  it('need a unit of the registry', () =>
    given()
      .when(items('ItemDefined', { itemId: 'dram', name: 'DRAM', defaultUnit: 'slices' }))
      .thenRefused('UNIT_UNKNOWN', '/data/defaultUnit'));

  it('stand in no other stream', () =>
    given()
      .when({ ...dram, stream: 'reference/policy' })
      .thenRefused('VALIDATION_FAILED', '/type'));
});

describe('the probability policy', () => {
  it('may be set again', () => {
    const { policy: latest } = given(policy('ProbabilityPolicySet', POLICY))
      .when(policy('ProbabilityPolicySet', { ...POLICY, binding: '1' }))
      .thenState<PolicyState>('reference/policy');
    expect(latest.binding).toBe('1');
  });

  it('holds probabilities, not percentages', () =>
    given()
      .when(policy('ProbabilityPolicySet', { ...POLICY, announced: '30' }))
      .thenRefused('PROBABILITY_RANGE', '/data/announced'));

  it('says something about every stage', () => {
    const { announced: _, ...rest } = POLICY;
    given()
      .when({ stream: 'reference/policy', type: 'ProbabilityPolicySet', data: rest })
      .thenRefused('VALIDATION_FAILED', '/data/announced');
  });

  it('stands in a stream of its own', () =>
    given()
      .when({ ...policy('ProbabilityPolicySet', POLICY), stream: 'reference/items' })
      .thenRefused('VALIDATION_FAILED', '/type'));
});
