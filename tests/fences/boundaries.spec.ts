import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const PLANTED = 'planted-offence.ts';

/** Per project, imports that the lint must refuse and imports that it must let through. */
const ROWS: Readonly<Record<string, { readonly refused: readonly string[]; readonly allowed: readonly string[] }>> = {
  'libs/domain': {
    refused: ['@deal-ledger/log', '@nestjs/common', 'fastify', 'kafkajs', 'pg', 'typeorm', 'node:fs'],
    allowed: ['zod', 'big.js'],
  },
  'libs/reports': {
    refused: [
      '@deal-ledger/ledger',
      '@deal-ledger/service',
      '@nestjs/common',
      'kafkajs',
      'pg',
      'typeorm',
      'node:crypto',
    ],
    allowed: ['@deal-ledger/domain', 'big.js'],
  },
  'libs/log': {
    refused: ['@deal-ledger/domain', '@nestjs/common', 'typeorm'],
    allowed: ['kafkajs', 'pg', 'node:fs'],
  },
  'libs/ledger': {
    refused: ['@deal-ledger/recorder', '@nestjs/common', 'kafkajs', 'pg', 'typeorm'],
    allowed: ['@deal-ledger/domain', '@deal-ledger/log', 'node:crypto'],
  },
  'libs/proof': {
    refused: ['@deal-ledger/log', '@deal-ledger/domain', '@nestjs/common', 'kafkajs', 'pg', 'typeorm', 'node:fs'],
    allowed: ['node:crypto', 'node:buffer'],
  },
  'libs/recorder': {
    refused: ['@deal-ledger/projection', 'kafkajs'],
    allowed: ['@deal-ledger/domain', '@deal-ledger/ledger', '@deal-ledger/service', '@nestjs/common', 'pg'],
  },
  'libs/projection': {
    refused: ['@deal-ledger/recorder', 'kafkajs'],
    allowed: ['@deal-ledger/reports', '@deal-ledger/ledger', '@deal-ledger/service', 'typeorm', 'pg'],
  },
  'libs/auditing': {
    refused: ['@deal-ledger/recorder', 'kafkajs'],
    allowed: ['@deal-ledger/proof', '@deal-ledger/projection', '@deal-ledger/log', '@nestjs/common', 'pg'],
  },
  'libs/service': {
    refused: ['@deal-ledger/domain', '@deal-ledger/log', 'kafkajs', 'pg', 'typeorm'],
    allowed: ['@nestjs/common', 'pino'],
  },
  'apps/front-door': {
    refused: ['kafkajs', 'pg', '../../deals/src/main'],
    allowed: ['@deal-ledger/service', '@deal-ledger/domain', '@nestjs/common'],
  },
};

const projects = Object.keys(ROWS);
const pathOf = (project: string): string => join(project, 'src', PLANTED);

function linesOf(project: string): string[] {
  const { refused, allowed } = ROWS[project] ?? { refused: [], allowed: [] };
  return [...refused, ...allowed];
}

interface Manifest {
  readonly name: string;
  readonly nx: { readonly name?: string; readonly tags: readonly string[] };
}

function manifestOf(project: string): Manifest {
  return JSON.parse(readFileSync(join(ROOT, project, 'package.json'), 'utf8')) as Manifest;
}

function plant(project: string): void {
  const lines = linesOf(project).map((name, index) => `export * as imported${index} from '${name}';`);
  writeFileSync(join(ROOT, pathOf(project)), `${lines.join('\n')}\n`);
}

/** What the lint finds in the planted files, when it is run as always: by nx, project by project. */
function lint(): { readonly exitCode: number | null; readonly found: ReadonlyMap<string, ReadonlySet<string>> } {
  const names = projects.map((project) => {
    const { name, nx } = manifestOf(project);
    return nx.name ?? name;
  });
  // A memory of its own: what fails here on purpose is no history of the projects.
  const memory = mkdtempSync(join(tmpdir(), 'nx-'));
  const run = spawnSync(
    join(ROOT, 'node_modules/.bin/nx'),
    ['run-many', '-t', 'lint', '-p', names.join(','), '--skip-nx-cache', '--output-style=static'],
    {
      cwd: ROOT,
      encoding: 'utf8',
      env: {
        ...process.env,
        NO_COLOR: '1',
        FORCE_COLOR: '0',
        NX_DAEMON: 'false',
        NX_WORKSPACE_DATA_DIRECTORY: memory,
        NX_CACHE_DIRECTORY: memory,
      },
    },
  );
  rmSync(memory, { recursive: true, force: true });
  const found = new Map(projects.map((project) => [project, new Set<string>()]));
  let current: string | undefined;
  for (const line of run.stdout.split('\n')) {
    // Findings stand below the path of their file.
    if (line.startsWith(ROOT)) current = projects.find((project) => line.trim() === join(ROOT, pathOf(project)));
    const [, number] = /^\s+(\d+):\d+\s+error/.exec(line) ?? [];
    const name = current === undefined || number === undefined ? undefined : linesOf(current)[Number(number) - 1];
    if (current !== undefined && name !== undefined) found.get(current)?.add(name);
  }
  return { exitCode: run.status, found };
}

describe('the boundaries between projects', () => {
  let result: ReturnType<typeof lint> = { exitCode: null, found: new Map() };

  beforeAll(() => {
    try {
      for (const project of projects) plant(project);
      result = lint();
    } finally {
      for (const project of projects) rmSync(join(ROOT, pathOf(project)), { force: true });
    }
  }, 300_000);

  it('fail the lint when they are crossed', () => {
    expect(result.exitCode).toBe(1);
  });

  it.each(projects)('are kept by %s: nothing refused gets through, nothing allowed is refused', (project) => {
    expect([...(result.found.get(project) ?? [])].sort()).toEqual([...(ROWS[project]?.refused ?? [])].sort());
  });
});

it('hold for every project: each has a tag that the lint knows', () => {
  const config = readFileSync(join(ROOT, 'eslint.config.mjs'), 'utf8');
  const folders = ['apps', 'libs'].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).map((name) => join(folder, name)),
  );
  for (const project of [...folders, 'tests']) {
    const { tags } = manifestOf(project).nx;
    expect([project, tags.length]).toEqual([project, 1]);
    expect(config).toMatch(new RegExp(`may\\(\\s*'${String(tags[0])}'`));
  }
});
