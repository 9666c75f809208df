import type { OwnMeanings } from '@deal-ledger/service';
import { z } from 'zod';
import { SERVICE_NAMES, SERVICES, type ServiceName } from './routes';

const address = z.url({ protocol: /^https?$/, message: 'must be an http:// or https:// address' });

/** Base addresses of the services behind the front door. */
export type Upstreams = Readonly<Record<ServiceName, string>>;

/** A setting per service: `DEALS_URL` and its like. */
export const UPSTREAM_SETTINGS: Readonly<Record<string, z.ZodType<string>>> = Object.fromEntries(
  SERVICE_NAMES.map((name) => {
    const { setting, url } = SERVICES[name];
    return [setting, address.default(url).describe(`Base address of the service ${name}.`)];
  }),
);

/** It passes on what others record and report, and has neither a log nor a database. */
export const MEANINGS: OwnMeanings = {
  DATA_DIR: null,
  DATABASE_URL: null,
  KAFKA_BROKERS: null,
  KAFKA_FLUSH_EVERY_MESSAGE: null,
  LEDGER_TOPIC: null,
};

/** The addresses that the settings give. */
export function upstreamsOf(settings: Readonly<Record<string, unknown>>): Upstreams {
  return Object.fromEntries(SERVICE_NAMES.map((name) => [name, settings[SERVICES[name].setting]])) as Upstreams;
}
