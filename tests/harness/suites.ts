import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** How the addresses of what was started once for all suites come to them. */
export const KAFKA_VARIABLE = 'TEST_KAFKA_BROKERS';
export const POSTGRES_VARIABLE = 'TEST_DATABASE_URL';
export const LOCAL_KAFKA_VARIABLE = 'TEST_LOCAL_KAFKA';

/** A suite against the Kafka that all share; left out where there is none. */
export function describeWithKafka(title: string, suite: (brokers: string[]) => void): void {
  const brokers = process.env[KAFKA_VARIABLE];
  if (brokers) describe(title, () => suite(brokers.split(',')));
  else leaveOut(title, 'Kafka');
}

/** A suite that starts a Kafka of its own, to stop and start it; left out where there is no Java for it. */
export function describeWithLocalKafka(title: string, suite: () => void): void {
  if (process.env[LOCAL_KAFKA_VARIABLE]) describe(title, suite);
  else leaveOut(title, 'a Kafka of its own');
}

/** A suite against the PostgreSQL that all share; left out where there is none. */
export function describeWithPostgres(title: string, suite: (url: string) => void): void {
  const url = process.env[POSTGRES_VARIABLE];
  if (url) describe(title, () => suite(url));
  else leaveOut(title, 'PostgreSQL');
}

function leaveOut(title: string, needs: string): void {
  describe(title, () => {
    it.skip(`needs ${needs}`, () => undefined);
  });
}

export type Need = 'Kafka' | 'a Kafka of its own' | 'PostgreSQL';

const USES: Readonly<Record<Need, RegExp>> = {
  Kafka: /describeWithKafka\(/,
  'a Kafka of its own': /describeWithLocalKafka\(/,
  PostgreSQL: /describeWithPostgres\(/,
};

/** The selected spec files that need a server, by what they need. */
export function suitesThatNeed(need: Need, rootDir: string, patterns: readonly string[]): string[] {
  const selected = patterns.map((pattern) => new RegExp(pattern, 'i'));
  return ['apps', 'libs', 'tests']
    .map((folder) => join(rootDir, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)))
    .filter((file) => file.endsWith('.spec.ts') && !/[\\/](node_modules|dist)[\\/]/.test(file))
    .filter((file) => selected.length === 0 || selected.some((pattern) => pattern.test(file)))
    .filter((file) => USES[need].test(readFileSync(file, 'utf8')));
}
