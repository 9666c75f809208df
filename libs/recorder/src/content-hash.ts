import { hash } from 'node:crypto';
import type { ProposedEvent } from './decision';

/** All but what {@link contentHash} leaves out or takes by itself, in the order in which events of old were hashed. */
type Content = Record<keyof Omit<ProposedEvent, 'id' | 'schemaVersion' | 'effective' | 'data' | 'stream'>, unknown>;

/**
 * Fingerprint of what was posted. What a schema has read has its fields in the schema's order, so the
 * order in which they were sent makes no difference. Left out are the id (where the poster gave none,
 * the repeated request has none either) and the version of the schema, which is ours.
 * @param dataText the data as JSON, for who has it already
 */
export function contentHash(proposed: ProposedEvent, dataText = JSON.stringify(proposed.data)): string {
  const content: Content = {
    type: proposed.type,
    action: proposed.action,
    corrects: proposed.corrects,
    reason: proposed.reason,
    approvedBy: proposed.approvedBy,
    onBehalfOf: proposed.onBehalfOf,
    correlationId: proposed.correlationId,
    causationId: proposed.causationId,
    sources: proposed.sources,
  };
  const before = JSON.stringify([proposed.effective.edtf, content]).slice(0, -2);
  const text = `${before},"data":${dataText},"stream":${JSON.stringify(proposed.stream)}}]`;
  return hash('sha256', text, 'base64url').slice(0, 22);
}
