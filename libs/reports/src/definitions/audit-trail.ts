import { z } from 'zod';
import type { ReportDefinition } from '../report';
import { counted, countedBy } from '../totals';
import {
  ACTIONS,
  askedBy,
  envelope,
  ENVELOPE_COLUMNS,
  ENVELOPE_FILTERS,
  ENVELOPE_SORT,
  SUMMARY,
  TEXT_FILTER,
  WANTED,
} from './envelope';
import { recorded } from './recorded';
import { RESTS_ON_NOTHING } from './sql';

export const AuditTrailLine = z.object(ENVELOPE_COLUMNS).meta({ id: 'AuditTrailLine' });

const FILTERS = { ...ENVELOPE_FILTERS, text: TEXT_FILTER };

const SQL = `
with ${recorded(WANTED)},
envelope as (${envelope('commit')}
  from recorded
)
  select r.*, ${SUMMARY} as summary,
    ${RESTS_ON_NOTHING}
  -- What is said is put into words only of what is asked for.
  from (select * from envelope as r where ${askedBy(FILTERS)} offset 0) as r`;

/** R14: every event that was ever recorded, with what has become of it. */
export const auditTrail: ReportDefinition = {
  name: 'audit-trail',
  summary:
    'Every event in the order recorded: who, when, why, on what source, and what corrected it. Of asOf only; effectiveOn changes nothing here.',
  row: AuditTrailLine,
  key: ['position', 'ordinal'],
  sort: { default: ['position'], columns: ENVELOPE_SORT, ranks: { action: ACTIONS } },
  filters: FILTERS,
  options: {},
  sql: SQL,
  basis: [],
  rests: {},
  walked: { unless: ['stream', 'eventId'] },
  totals: {
    byAction: countedBy('action', ACTIONS),
    current: counted(({ isCurrent }) => isCurrent === true),
  },
  totalsSchema: z.object({
    byAction: z
      .object(Object.fromEntries(ACTIONS.map((action) => [action, z.int()])))
      .describe('Events of each action.'),
    current: z.int().describe('Events that hold.'),
  }),
};
