/**
 * @jest-config-loader ts-node
 * @jest-config-loader-options {"transpileOnly": true, "compilerOptions": {"module": "CommonJS", "moduleResolution": "node10"}}
 */
import type { Config } from 'jest';

/** A suite's name says what it costs: `.spec.ts` nothing, `.int.spec.ts` a Postgres or a Kafka, `.e2e.spec.ts` all. */
const costly = process.env['TEST_SUITES'] === 'unit' ? ['\\.(int|e2e)\\.spec\\.ts$'] : [];

const config: Config = {
  rootDir: '.',
  testMatch: ['<rootDir>/{apps,libs,tests}/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', ...costly],
  modulePathIgnorePatterns: ['<rootDir>/((apps|libs)/[^/]+|tests)/dist/'],
  transform: { '^.+\\.(ts|js)$': ['@swc/jest', { exclude: [] }] },
  // These come as ES modules only.
  transformIgnorePatterns: ['/node_modules/(?!(fast-check|pure-rand)/)'],
  moduleNameMapper: { '^@deal-ledger/(.*)$': '<rootDir>/libs/$1/src/index.ts' },
  testEnvironment: 'node',
  globalSetup: '<rootDir>/tests/harness/global-setup.ts',
  globalTeardown: '<rootDir>/tests/harness/global-teardown.ts',
};

export default config;
