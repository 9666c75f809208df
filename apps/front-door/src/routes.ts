/** Where each service listens, unless its setting says otherwise. */
export const SERVICES = {
  deals: { setting: 'DEALS_URL', url: 'http://127.0.0.1:3001' },
  funding: { setting: 'FUNDING_URL', url: 'http://127.0.0.1:3002' },
  capacity: { setting: 'CAPACITY_URL', url: 'http://127.0.0.1:3003' },
  'spend-forecast': { setting: 'SPEND_FORECAST_URL', url: 'http://127.0.0.1:3004' },
  'supplier-commitments': { setting: 'SUPPLIER_COMMITMENTS_URL', url: 'http://127.0.0.1:3005' },
  audit: { setting: 'AUDIT_URL', url: 'http://127.0.0.1:3006' },
} as const;

export type ServiceName = keyof typeof SERVICES;

export const SERVICE_NAMES = Object.keys(SERVICES) as ServiceName[];

/** Which service answers what: the prefix itself, and everything below it. */
export const ROUTES: Readonly<Record<string, ServiceName>> = {
  '/v1/deals': 'deals',
  '/v1/parties': 'deals',
  '/v1/sources': 'deals',
  '/v1/references': 'deals',
  '/v1/engagements': 'deals',
  '/v1/commits': 'deals',
  '/v1/import': 'deals',
  '/v1/funding': 'funding',
  '/v1/forecasts': 'funding',
  '/v1/report-runs': 'funding',
  '/v1/pools': 'capacity',
  '/v1/reservations': 'capacity',
  '/v1/sites': 'capacity',
  '/v1/reports/spend-outlook': 'spend-forecast',
  '/v1/reports/forecast-versions': 'spend-forecast',
  '/v1/reports/funding-position': 'spend-forecast',
  '/v1/reports/obligations-maturity': 'spend-forecast',
  '/v1/reports/deal-register': 'supplier-commitments',
  '/v1/reports/commitment-lines': 'supplier-commitments',
  '/v1/reports/capacity-balance': 'supplier-commitments',
  '/v1/reports/delivery-schedule': 'supplier-commitments',
  '/v1/reports/site-board': 'supplier-commitments',
  '/v1/reports/counterparty-exposure': 'supplier-commitments',
  '/v1/reports/circular-flows': 'supplier-commitments',
  '/v1/reports/engagement-log': 'audit',
  '/v1/reports/audit-trail': 'audit',
  '/v1/reports/exceptions': 'audit',
  '/v1/audit': 'audit',
};

/** The service that answers `path`, if there is one. */
export function serviceOf(path: string): ServiceName | undefined {
  const prefix = Object.keys(ROUTES).find((route) => path === route || path.startsWith(`${route}/`));
  return prefix === undefined ? undefined : ROUTES[prefix];
}
