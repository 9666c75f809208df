import { commitmentLines, supplierCommitments } from '@deal-ledger/reports';
import { describeWithPostgres } from '../../../tests/harness';
import type { PostedLine } from './testing';
import { closed, cost, payment, reversal } from './testing-money';
import { projected } from './testing-projection';
import { RENTAL, deal, leg, pick, reported, signed, usd } from './testing-reports';

const won = (amount: string) => ({ currency: 'KRW', amount });
/** So many won a dollar. */
const rate = (rateType: string, onDate: string, value: string): PostedLine => ({
  stream: 'reference/fx',
  type: 'FxRateRecorded',
  effective: onDate,
  data: { base: 'USD', quote: 'KRW', rate: value, onDate, rateType },
});
const termsChanged = (effective: string, data: object): PostedLine => ({
  stream: 'deal/d',
  type: 'LegTermsChanged',
  effective,
  data: { legId: 'L2', ...data },
});

describeWithPostgres('commitment lines', (url) => {
  const commitments = async (lines: readonly PostedLine[], query: Record<string, string> = {}) =>
    (await reported(url, supplierCommitments, commitmentLines, lines, query)).rows;

  it('tells what still falls due from what has', async () => {
    const rows = await commitments(RENTAL);
    expect(
      pick(
        rows,
        'ladder',
        'firm',
        'ceiling',
        'remainingFirm',
        'remainingCeiling',
        'firstDue',
        'lastDue',
        'incurred',
        'calledOff',
      ),
    ).toEqual([
      [
        'committed',
        '84000000000.00',
        '210000000000.00',
        '78000000000.00',
        '195000000000.00',
        '2026-07-31',
        '2033-06-30',
        '0.00',
        null,
      ],
    ]);
  });

  it('owes nothing firm before it binds', async () => {
    expect(pick(await commitments(RENTAL, { effectiveOn: '2026-03-30' }), 'ladder', 'firm', 'remainingFirm')).toEqual([
      ['pipeline', '84000000000.00', '0.00'],
    ]);
  });

  it('tells a stated zero from what nobody stated', async () => {
    const rows = await commitments([
      deal(),
      leg({ legId: 'zero', money: { expected: usd('0') } }),
      leg({ legId: 'none', class: 'service', money: undefined }),
    ]);
    expect(pick(rows, 'legId', 'firm', 'expected', 'ceiling')).toEqual([
      ['none', null, null, null],
      ['zero', '0.00', '0.00', '0.00'],
    ]);
  });

  it('finds one deal among those whose ids begin alike', async () => {
    const ids = ['d', 'd-1', 'd.1', 'd0', 'c', 'D'];
    const lines = ids.flatMap((id) => [
      deal(id),
      leg({ money: { firm: usd('1') } }, id),
      signed('2026-03-31', 'yes', id),
    ]);
    expect(pick(await commitments(lines, { dealId: 'd' }), 'dealId', 'ladder', 'firm')).toEqual([
      ['d', 'committed', '1.00'],
    ]);
    expect(pick(await commitments(lines, { dealId: 'd.1' }), 'dealId')).toEqual([['d.1']]);
    expect(pick(await commitments(lines), 'dealId')).toEqual([['D'], ['c'], ['d'], ['d-1'], ['d.1'], ['d0']]);
  });

  it('is joint where nobody says who has which share, though the other side has shares', async () => {
    const shares = ['openai', 'oracle'].map((partyId) => ({ partyId, share: '0.5' }));
    const shared = leg({ legId: 'shared', providers: ['openai', 'oracle'], shares, money: { firm: usd('1') } });
    const both = leg({ ...(shared.data as object), legId: 'both', receivers: ['nvidia', 'amd'] });
    const rows = await commitments([deal(), shared, both]);
    expect(pick(rows, 'legId', 'flags')).toEqual([
      ['both', ['JOINT_UNSPLIT']],
      ['shared', []],
    ]);
  });

  it('passes only rows that fit every filter', async () => {
    const lines = [
      deal(),
      leg({ legId: 'a', money: { firm: usd('1') } }),
      leg({ legId: 'b', money: { undisclosed: true }, receivers: ['samsung', 'nvidia'] }),
    ];
    expect(pick(await commitments(lines, { receiver: 'nvidia' }), 'legId')).toEqual([['a'], ['b']]);
    expect(pick(await commitments(lines, { receiver: 'nvidia', undisclosed: 'true' }), 'legId')).toEqual([['b']]);
    expect(pick(await commitments(lines, { flag: 'JOINT_UNSPLIT' }), 'legId')).toEqual([['b']]);
    expect(await commitments(lines, { provider: 'nvidia' })).toEqual([]);
  });

  it('shows no amount in another currency', async () => {
    expect(
      pick(await commitments(RENTAL, { reportingCurrency: 'KRW' }), 'currency', 'firm', 'remainingFirm', 'flags'),
    ).toEqual([['KRW', null, null, ['FX_RATE_MISSING']]]);
  });

  describe('what was incurred and paid', () => {
    const cash = ['incurred', 'paid', 'prepaidUnapplied', 'remainingFirm', 'remainingCeiling'];
    const open = (data: object = {}) => [
      deal(),
      leg({ money: { firm: usd('100'), ceiling: usd('200') }, ...data }),
      signed('2026-03-31', 'yes'),
    ];

    it('counts from its day on, refunds and reversals against it', async () => {
      const lines = [
        ...open(),
        cost('c1', '2026-07-31', usd('60')),
        payment('p1', '2026-08-15', 'settlement', usd('60')),
        payment('p2', '2026-09-01', 'prepayment', usd('9')),
        payment('r1', '2026-10-01', 'refund', usd('4')),
        reversal('p1', '2026-11-01'),
      ];
      const on = async (effectiveOn: string) => pick(await commitments(lines, { effectiveOn }), ...cash)[0];
      expect(await on('2026-07-30')).toEqual(['0.00', '0.00', '0.00', '100.00', '200.00']);
      expect(await on('2026-07-31')).toEqual(['60.00', '0.00', '0.00', '40.00', '140.00']);
      expect(await on('2026-09-01')).toEqual(['60.00', '69.00', '9.00', '40.00', '140.00']);
      expect(await on('2026-10-01')).toEqual(['60.00', '65.00', '5.00', '40.00', '140.00']);
      expect(await on('2026-11-01')).toEqual(['60.00', '5.00', '0.00', '40.00', '140.00']);
    });

    it('leaves what is scheduled to fall due, and is no due date itself', async () => {
      const lines = [...open({ schedule: { method: 'lump', period: '2027' } }), cost('c1', '2026-07-31', usd('60'))];
      expect(pick(await commitments(lines), ...cash, 'firstDue', 'lastDue')).toEqual([
        ['60.00', '0.00', '0.00', '100.00', '200.00', '2027-12-31', '2027-12-31'],
      ]);
    });

    it('may be more than the leg can be, and is flagged', async () => {
      const lines = [...open(), cost('c1', '2026-07-31', usd('201'), { overCeiling: true })];
      expect(pick(await commitments(lines), 'incurred', 'remainingFirm', 'remainingCeiling', 'flags')).toEqual([
        ['201.00', '0.00', '0.00', ['ABOVE_CEILING']],
      ]);
    });

    it('adds up the shares of a joint leg', async () => {
      const lines = [
        ...open({
          receivers: ['samsung', 'skhynix'],
          shares: [
            { partyId: 'samsung', share: '0.3' },
            { partyId: 'skhynix', share: '0.7' },
          ],
        }),
        cost('c1', '2026-07-31', usd('0.05')),
        payment('p1', '2026-08-15', 'settlement', usd('0.03')),
      ];
      expect(pick(await commitments(lines), 'incurred', 'paid', 'flags')).toEqual([['0.05', '0.03', []]]);
    });

    it('stays when the deal is closed, and nothing else does', async () => {
      const lines = [
        ...open(),
        cost('c1', '2026-07-31', usd('60')),
        payment('p1', '2026-08-15', 'prepayment', usd('70')),
        closed('2026-09-30', 'terminated'),
      ];
      const { rows, meta } = await reported(url, supplierCommitments, commitmentLines, lines);
      expect(pick(rows, 'ladder', ...cash)).toEqual([[null, '60.00', '70.00', '10.00', '0.00', '0.00']]);
      expect(meta.totals).toEqual({
        byCurrency: [
          {
            currency: 'USD',
            committedFirm: '0.00',
            committedCeiling: '0.00',
            indicatedCeiling: '0.00',
            pipelineCeiling: '0.00',
            incurred: '60.00',
            paid: '70.00',
          },
        ],
        undisclosedLegs: 0,
      });
    });

    it('is shown of a leg whose terms are secret', async () => {
      const lines = [deal(), leg({ money: { undisclosed: true } }), payment('p1', '2026-08-15', 'deposit', usd('7'))];
      expect(pick(await commitments(lines), 'currency', 'firm', ...cash)).toEqual([
        ['USD', null, '0.00', '7.00', '7.00', null, null],
      ]);
    });
  });

  it('changes its terms by their day, and ends with the leg', async () => {
    const lines = [
      ...RENTAL,
      termsChanged('2026-06-01', { changeType: 'amendment', terms: { money: { firm: usd('42000000000') } } }),
      { stream: 'deal/d', type: 'LegRemoved', effective: '2026-09-01', data: { legId: 'L2', reason: 'left out' } },
    ];
    const on = async (effectiveOn: string) => pick(await commitments(lines, { effectiveOn }), 'firm', 'ceiling');
    expect(await on('2026-05-31')).toEqual([['84000000000.00', '210000000000.00']]);
    expect(await on('2026-06-01')).toEqual([['42000000000.00', '42000000000.00']]);
    expect(await on('2026-09-01')).toEqual([]);
  });

  it('finds what falls due between two days', async () => {
    const due = async (query: Record<string, string>) => pick(await commitments(RENTAL, query), 'legId').flat();
    expect(await due({ dueFrom: '2033-06-30' })).toEqual(['L2']);
    expect(await due({ dueFrom: '2033-07-01' })).toEqual([]);
    expect(await due({ dueTo: '2026-07-31' })).toEqual(['L2']);
    expect(await due({ dueTo: '2026-07-30' })).toEqual([]);
    await expect(due({ dueTo: '2026-02-30' })).rejects.toThrow();
  });

  describe('with the duplicate of a payment that is cancelled later', () => {
    const months = ['07', '08', '09', '10', '11', '12'];
    const BILLION = usd('1000000000');
    const costs = months.map((month, index) => cost(`c${index}`, `2026-${month}-28`, BILLION));
    const duplicate = { ...payment('p3-dup', '2026-10-15', 'settlement', BILLION), id: 'duplicate' };
    const lines: PostedLine[] = [
      ...RENTAL,
      ...costs.slice(0, 4),
      payment('p1', '2026-08-15', 'settlement', BILLION),
      payment('p2', '2026-09-15', 'settlement', BILLION),
      payment('p3', '2026-10-15', 'settlement', BILLION),
      duplicate,
      {
        ...duplicate,
        id: 'cancelled',
        action: 'cancel',
        corrects: 'duplicate',
        reason: 'duplicate posting of p3',
        approvedBy: { id: 'controller-1' },
        data: null,
      },
      payment('p4', '2026-11-15', 'settlement', BILLION),
      payment('p5', '2026-12-15', 'settlement', BILLION),
      ...costs.slice(4),
    ];

    it('shows what was paid on both clocks', async () => {
      const { projection } = await projected(url, supplierCommitments, lines);
      const at = lines.findIndex(({ id }) => id === 'duplicate') + 1;
      const paid = async (effectiveOn: string, asOf: number) =>
        pick((await projection.read(commitmentLines, { effectiveOn, asOf: String(asOf) })).rows, 'paid').flat();
      try {
        expect(await paid('2026-10-20', at)).toEqual(['4000000000.00']);
        expect(await paid('2026-10-20', at + 1)).toEqual(['3000000000.00']);
        expect(await paid('2026-12-31', lines.length)).toEqual(['5000000000.00']);
        expect(await paid('2026-12-31', at)).toEqual(['4000000000.00']);
      } finally {
        await projection.stop();
      }
    });

    it('ends with one cost unpaid and 78 billion to come', async () => {
      const [row] = pick(
        await commitments(lines),
        'incurred',
        'paid',
        'prepaidUnapplied',
        'remainingFirm',
        'remainingCeiling',
        'flags',
      );
      expect(row).toEqual(['6000000000.00', '5000000000.00', '0.00', '78000000000.00', '195000000000.00', []]);
    });
  });

  describe('what is called off', () => {
    const wafers = (value: string, unit = 'WFR') => ({ unit, value });
    const supply = (data: object = {}) =>
      leg({ legId: 'L1', class: 'supply', quantity: { ceiling: wafers('900') }, ...data });
    const requested = (reservationId: string, data: object = {}): PostedLine => ({
      stream: `reservation/${reservationId}`,
      type: 'CapacityRequested',
      data: {
        reservationId,
        buyerId: 'openai',
        supplierIds: ['samsung'],
        itemId: 'hbm',
        rate: { ceiling: wafers('900') },
        per: 'P1M',
        poolIds: [],
        dealId: 'd',
        legId: 'L1',
        priorityAsked: false,
        ...data,
      },
    });
    const onReservation = (id: string, type: string, effective: string, data: object): PostedLine => ({
      stream: `reservation/${id}`,
      type,
      effective,
      data,
    });
    const ramp = (id: string, first: string, second: string, unit = 'WFR') =>
      onReservation(id, 'RampScheduled', '2026-06-01', {
        rampVersion: 1,
        lines: [
          { period: '2026-07', qty: wafers(first, unit) },
          { period: '2026-08', qty: wafers(second, unit) },
        ],
      });
    const delivered = (id: string, value: string) =>
      onReservation(id, 'QuantityDelivered', '2026-07-31', { deliveryId: 'd1', period: '2026-07', qty: wafers(value) });
    const accepted = (id: string, value: string, rejected: string) =>
      onReservation(id, 'DeliveryAccepted', '2026-08-03', {
        deliveryId: 'd1',
        acceptedQty: wafers(value),
        rejectedQty: wafers(rejected),
      });
    const columns = ['unit', 'calledOff', 'delivered', 'accepted', 'flags'];
    const lines = [
      deal(),
      supply(),
      requested('a'),
      ramp('a', '50', '100'),
      delivered('a', '45'),
      accepted('a', '44', '1'),
      requested('b'),
      ramp('b', '7', '7'),
      requested('of-another-leg', { legId: 'L9' }),
      ramp('of-another-leg', '1', '1'),
    ];

    it('adds up the plans of the reservations that name the leg, all periods of them', async () => {
      expect(pick(await commitments(lines), ...columns)).toEqual([['WFR', '164', '45', '44', []]]);
      const before = await commitments(lines, { effectiveOn: '2026-07-30' });
      expect(pick(before, ...columns)).toEqual([['WFR', '164', '0', '0', []]]);
    });

    it('is of a closed reservation what was delivered', async () => {
      const closing = onReservation('a', 'ReservationClosed', '2026-09-01', { outcome: 'cancelled', reason: 'over' });
      const on = async (effectiveOn: string) =>
        pick(await commitments([...lines, closing], { effectiveOn }), 'calledOff');
      expect([await on('2026-08-31'), await on('2026-09-01')]).toEqual([[['164']], [['59']]]);
    });

    it('is not added up over units, nor shown in another than the leg has', async () => {
      const mixed = [...lines, requested('c'), ramp('c', '3', '3', 'EA')];
      expect(pick(await commitments(mixed), ...columns)).toEqual([['WFR', null, null, null, ['UNIT_MISMATCH']]]);
    });

    it('is shown in its own unit where the leg keeps its quantity secret', async () => {
      const secret = [deal(), supply({ quantity: { undisclosed: true } }), requested('a'), ramp('a', '50', '100')];
      expect(pick(await commitments(secret), ...columns)).toEqual([['WFR', '150', '0', '0', []]]);
    });
  });

  describe('in another currency', () => {
    const lines: PostedLine[] = [
      deal(),
      leg({
        category: 'memory',
        receivers: ['samsung', 'skhynix'],
        money: { firm: won('14000000000000'), bound: 'exact' },
        schedule: { method: 'evenMonths', from: '2027-01', to: '2027-10', due: 'monthEnd' },
      }),
      signed('2026-11-01', 'yes'),
      rate('spot', '2026-11-15', '1400'),
      payment('pp1', '2026-11-15', 'prepayment', won('1400000000000')),
      rate('closing', '2026-12-31', '1450'),
    ];
    const columns = [
      'currency',
      'firm',
      'incurred',
      'paid',
      'prepaidUnapplied',
      'remainingFirm',
      'remainingCeiling',
      'flags',
    ];

    it('converts what is paid at the rate of its day, and the rest at the closing rate', async () => {
      const { rows, meta } = await reported(url, supplierCommitments, commitmentLines, lines, {
        reportingCurrency: 'USD',
      });
      expect(pick(rows, ...columns)).toEqual([
        [
          'USD',
          '9655172413.79',
          '0.00',
          '1000000000.00',
          '965517241.38',
          '9655172413.79',
          '9655172413.79',
          ['JOINT_UNSPLIT'],
        ],
      ]);
      expect(meta.fxRates).toMatchObject([{ rate: '1450' }, { rate: '1400' }]);
    });

    it('shows everything in its own when none is asked for', async () => {
      expect(pick(await commitments(lines), ...columns)).toEqual([
        [
          'KRW',
          '14000000000000',
          '0',
          '1400000000000',
          '1400000000000',
          '14000000000000',
          '14000000000000',
          ['JOINT_UNSPLIT'],
        ],
      ]);
    });

    it('leaves only those cells empty whose rate is missing or stale', async () => {
      const query = { reportingCurrency: 'USD', effectiveOn: '2026-12-30' };
      const [row] = pick(await commitments(lines, query), ...columns);
      expect(row).toEqual([
        'USD',
        null,
        '0.00',
        '1000000000.00',
        null,
        null,
        null,
        ['JOINT_UNSPLIT', 'FX_RATE_MISSING'],
      ]);
      const late = [...lines, payment('pp2', '2026-12-01', 'deposit', won('1'))];
      expect(pick(await commitments(late, { reportingCurrency: 'USD' }), 'firm', 'paid', 'flags')).toEqual([
        ['9655172413.79', null, ['JOINT_UNSPLIT', 'FX_RATE_STALE']],
      ]);
    });

    it('tells the currency of the payments from that of later terms', async () => {
      const lines = [
        deal(),
        leg({ money: { firm: usd('8') } }),
        termsChanged('2026-06-01', {
          changeType: 'amendment',
          effectiveFrom: '2027-01-01',
          terms: { money: { firm: won('9') } },
        }),
        payment('p1', '2026-11-15', 'deposit', usd('7')),
      ];
      const on = async (effectiveOn: string) =>
        pick(await commitments(lines, { effectiveOn }), 'currency', 'firm', 'paid', 'flags')[0];
      expect(await on('2026-12-31')).toEqual(['USD', '8.00', '7.00', []]);
      expect(await on('2027-01-01')).toEqual(['KRW', '9', null, ['SEVERAL_CURRENCIES']]);
    });
  });
});
