/**
 * @jest-config-loader ts-node
 * @jest-config-loader-options {"transpileOnly": true, "compilerOptions": {"module": "CommonJS", "moduleResolution": "node10"}}
 */
import { existsSync } from 'node:fs';
import type { Config } from 'jest';

const [globalSetup, globalTeardown] = ['setup', 'teardown'].map(
  (part) => `${__dirname}/tests/harness/global-${part}.ts`,
);

const config: Config = {
  rootDir: '.',
  testMatch: ['<rootDir>/{apps,libs,tests}/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['<rootDir>/(apps|libs)/[^/]+/dist/'],
  transform: { '^.+\\.(ts|js)$': ['@swc/jest', { exclude: [] }] },
  // These come as ES modules only.
  transformIgnorePatterns: ['/node_modules/(?!(temporal-polyfill|temporal-utils|fast-check|pure-rand)/)'],
  moduleNameMapper: { '^@deal-ledger/(.*)$': '<rootDir>/libs/$1/src/index.ts' },
  testEnvironment: 'node',
  ...(globalSetup !== undefined && existsSync(globalSetup) ? { globalSetup } : {}),
  ...(globalTeardown !== undefined && existsSync(globalTeardown) ? { globalTeardown } : {}),
};

export default config;
