import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataDir } from './support/data-dir';
import { startService, type RunningService } from './harness/services';
import { postArticle, postFurtherSources } from './support/article';

jest.setTimeout(60_000);

const README = readFileSync(join(__dirname, '../README.md'), 'utf8');
const LEDGER = 'http://127.0.0.1:3000';

interface Step {
  readonly command: string;
  readonly output: string;
}

/** The commands of the tour, each with the output that the README shows behind it. */
function tour(): Step[] {
  const section = README.slice(README.indexOf('<!-- tour -->'), README.indexOf('<!-- end of tour -->'));
  const blocks = [...section.matchAll(/```(sh|json|csv|text)\n([\s\S]*?)```/g)].map(([, language, text]) => ({
    language,
    text: (text as string).trim(),
  }));
  return blocks.flatMap(({ language, text }, index) =>
    language === 'sh' ? [{ command: text, output: blocks[index + 1]?.text ?? '' }] : [],
  );
}

describe('the tour of the README', () => {
  const data = dataDir();
  let ledger: RunningService;

  beforeAll(async () => {
    ledger = await startService({
      service: 'standalone',
      environment: { DATA_DIR: data.path, KAFKA_BROKERS: '', DATABASE_URL: '' },
    });
    expect(await postArticle(ledger.url)).toBe(58);
    expect(await postFurtherSources(ledger.url)).toBe(79);
  });
  afterAll(async () => {
    await ledger?.stop();
    data.remove();
  });

  it('has steps', () => expect(tour().length).toBeGreaterThan(4));

  it('shows what really comes out, step by step', () => {
    const shown = tour();
    const real = shown.map(({ command }) => ({
      command,
      output: execFileSync('bash', ['-c', command.replaceAll(LEDGER, ledger.url)], { encoding: 'utf8' })
        .replaceAll('\r', '')
        .trim(),
    }));
    expect(real).toEqual(shown);
  });

  it('names only scripts that there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(__dirname, '../package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...README.matchAll(/npm (?:run )?(start|test|demo|cluster|bench)\b/g)].map(([, name]) => name);
    for (const name of named) expect(Object.keys(scripts)).toContain(name);
  });
});
