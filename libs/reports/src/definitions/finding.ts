/**
 * What the exceptions report looks for: SQL for each column of a row, over what stands behind `from`.
 * `stream` is whose parties are concerned, unless `parties` says so.
 */
export interface Finding {
  readonly kind: string;
  readonly stream: string;
  /** The stream, and what of it or against what, so that no two of a kind are the same. */
  readonly ref: string;
  /** The day from which on it is so. */
  readonly since: string;
  /** The event that made it so. */
  readonly eventId: string;
  /** What is wrong, the numbers, and what to do. */
  readonly text: string;
  readonly parties?: string;
  readonly fxEventIds?: string;
  readonly from: string;
}

/** The rows of a finding; of one whose kind is not asked for, none are looked for. */
export const rowsOf = (finding: Finding): string => `
select * from (
  select '${finding.kind}' as kind, ${finding.stream} as stream, ${finding.ref} as ref, (${finding.since})::date as since,
    ${finding.eventId} as event_id, ${finding.text} as text,
    (${finding.parties ?? 'null'})::text[] as parties, (${finding.fxEventIds ?? 'null'})::text[] as fx_event_ids
  from ${finding.from}
) as found
where filter ->> 'kind' is null or '${finding.kind}' = any (string_to_array(filter ->> 'kind', ','))`;
