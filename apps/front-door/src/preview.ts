import { combinedPreviewController, type Asking } from '@deal-ledger/projection';
import type { Type } from '@nestjs/common';
import { serviceAway } from './proxy';
import { ROUTES, type ServiceName } from './routes';
import type { Upstreams } from './settings';

const PROJECTIONS = ['spend-forecast', 'supplier-commitments', 'audit'] as const satisfies readonly ServiceName[];
const TIMEOUT_MS = 60_000;

/** The route of the preview of all services together: the dry run of one, and the previews of the others. */
export function previewOf(upstreams: Upstreams): Type {
  const recording = ROUTES['/v1/commits'] ?? 'deals';
  const addressOf = (service: ServiceName, path: string): string => new URL(path, upstreams[service]).href;
  const services = new Map<string, ServiceName>([
    [addressOf(recording, '/v1/commits'), recording],
    ...PROJECTIONS.map((service): [string, ServiceName] => [addressOf(service, '/v1/preview'), service]),
  ]);
  const ask: Asking = async (_, url, body, headers) => {
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() };
    } catch (error) {
      throw serviceAway(services.get(url.split('?')[0] ?? '') ?? recording, error);
    }
  };
  const [commits = '', ...previews] = services.keys();
  return combinedPreviewController({ commits, previews }, ask);
}
