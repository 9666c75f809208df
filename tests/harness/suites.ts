import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Need = 'Kafka' | 'a Kafka of its own' | 'PostgreSQL' | 'the embedded PostgreSQL';

/** How what was started once for all suites comes to them: an address, or only that it is there. */
export const VARIABLES: Readonly<Record<Need, string>> = {
  Kafka: 'TEST_KAFKA_BROKERS',
  'a Kafka of its own': 'TEST_LOCAL_KAFKA',
  PostgreSQL: 'TEST_DATABASE_URL',
  'the embedded PostgreSQL': 'TEST_EMBEDDED_POSTGRES',
};
/** What is missing, a line each, and will be named at the end of the run. */
export const LEFT_OUT_VARIABLE = 'TEST_LEFT_OUT';

/** A suite against the Kafka that all share; left out where there is none. */
export function describeWithKafka(title: string, suite: (brokers: string[]) => void): void {
  describeWith('Kafka', title, (brokers) => suite(brokers.split(',')));
}

/** A suite that starts a Kafka of its own, to stop and start it; left out where there is no Java for it. */
export function describeWithLocalKafka(title: string, suite: () => void): void {
  describeWith('a Kafka of its own', title, suite);
}

/** A suite against the PostgreSQL that all share; left out where there is none. */
export function describeWithPostgres(title: string, suite: (url: string) => void): void {
  describeWith('PostgreSQL', title, suite);
}

/** A suite that starts the PostgreSQL that comes as a package; left out where it is not installed. */
export function describeWithEmbeddedPostgres(title: string, suite: () => void): void {
  describeWith('the embedded PostgreSQL', title, suite);
}

function describeWith(need: Need, title: string, suite: (value: string) => void): void {
  const value = process.env[VARIABLES[need]];
  describe(title, () => {
    if (value) suite(value);
    else it(`is left out, for want of ${need}, and the run says so`, () => expectAnnounced(need));
  });
}

/** Nothing is left out in silence, nor where everything has to run. */
function expectAnnounced(need: Need): void {
  expect(process.env['CI']).not.toBe('true');
  expect(process.env[LEFT_OUT_VARIABLE]?.split('\n')).toContain(need);
}

const USES: Readonly<Record<Need, RegExp>> = {
  Kafka: /describeWithKafka\(/,
  'a Kafka of its own': /describeWithLocalKafka\(/,
  PostgreSQL: /describeWithPostgres\(/,
  'the embedded PostgreSQL': /describeWithEmbeddedPostgres\(/,
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
