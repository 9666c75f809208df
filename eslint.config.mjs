import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

const NEST = ['@nestjs/*', 'nestjs-*', 'fastify', '@fastify/*'];

const LIBRARIES = ['domain', 'reports', 'log', 'ledger', 'proof', 'recorder', 'projection', 'auditing', 'service'].map(
  (name) => `lib:${name}`,
);

/** Who may import what: own libraries by their tags, and the foreign packages that are closed to them. */
const BOUNDARIES = [
  may('lib:domain', [], [...NEST, 'kafkajs', 'pg', 'typeorm']),
  may('lib:reports', ['lib:domain'], [...NEST, 'kafkajs', 'pg', 'typeorm']),
  may('lib:log', [], [...NEST, 'typeorm']),
  may('lib:ledger', ['lib:domain', 'lib:log'], [...NEST, 'kafkajs', 'pg', 'typeorm']),
  may('lib:proof', [], [...NEST, 'kafkajs', 'pg', 'typeorm']),
  may('lib:recorder', ['lib:domain', 'lib:reports', 'lib:log', 'lib:ledger', 'lib:service'], ['kafkajs']),
  may('lib:projection', ['lib:domain', 'lib:reports', 'lib:log', 'lib:ledger', 'lib:service'], ['kafkajs']),
  may(
    'lib:auditing',
    ['lib:domain', 'lib:reports', 'lib:log', 'lib:ledger', 'lib:proof', 'lib:projection', 'lib:service'],
    ['kafkajs'],
  ),
  may('lib:service', [], ['kafkajs', 'pg', 'typeorm']),
  may('app', LIBRARIES, ['kafkajs', 'pg']),
  may('tests', [...LIBRARIES, 'app'], []),
];

function may(sourceTag, onlyDependOnLibsWithTags, bannedExternalImports) {
  return { sourceTag, onlyDependOnLibsWithTags, bannedExternalImports };
}

function boundaries(allow) {
  return ['error', { allow, depConstraints: BOUNDARIES }];
}

const SPECS = ['**/*.spec.ts'];

/** Fast, and cached per project; what needs types is in eslint.types.config.mjs. */
export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  ...tseslint.configs.strict.map((config) => ({ ...config, files: ['**/*.ts'] })),
  {
    files: ['**/*.ts'],
    plugins: { '@nx': nx },
    languageOptions: { parserOptions: { emitDecoratorMetadata: true, experimentalDecorators: true } },
    rules: {
      '@nx/enforce-module-boundaries': boundaries([]),
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-invalid-void-type': 'off',
      // A Nest module is a class that holds its decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true, allowStaticOnly: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'max-lines': ['error', { max: 400 }],
      // Services write to the log, command lines to process.stdout.
      'no-console': 'error',
      'object-shorthand': 'error',
    },
  },
  {
    files: ['libs/domain/src/**/*.ts', 'libs/reports/src/**/*.ts'],
    ignores: SPECS,
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['node:*'], message: 'The rules know no machine: no files, no clock, no network.' }] },
      ],
      'no-restricted-globals': ['error', 'process', 'Buffer', 'setTimeout', 'setInterval', 'fetch'],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'The time is given, never taken.' },
      ],
    },
  },
  {
    files: ['libs/proof/src/**/*.ts'],
    ignores: SPECS,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['node:*', '!node:buffer', '!node:crypto'],
              message: 'A proof is computed and checked with nothing but bytes and hashes.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['tests/**/*.ts'],
    rules: {
      // Tests start apps, which are no packages.
      '@nx/enforce-module-boundaries': boundaries(['../apps/**', '../../apps/**']),
      'no-console': 'off',
    },
  },
  {
    files: ['{apps,libs}/*/src/**/*.spec.ts'],
    rules: {
      // A suite that needs Postgres or Kafka takes them from the harness, and any history from where the rules are; what
      // checks a projection takes one from where projections are.
      '@nx/enforce-module-boundaries': boundaries([
        '../../../tests/**',
        '../../../../tests/**',
        '../../domain/src/any.testing',
        '../../domain/src/any-history.testing',
        '../../projection/src/testing',
        '../../projection/src/testing-projection',
      ]),
    },
  },
  {
    // Tells a story to whoever sits at the terminal.
    files: ['apps/standalone/src/demo.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: SPECS,
    rules: { '@typescript-eslint/no-non-null-assertion': 'off', 'max-lines': 'off' },
  },
);
