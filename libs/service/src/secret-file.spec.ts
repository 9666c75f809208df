import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepSecret, readSecret } from './secret-file';

describe('a secret in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'deal-ledger-secret-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is kept for its owner alone, in a folder that is made for it', async () => {
    const file = join(folder, 'new', 'key');
    expect(await keepSecret(file, 'secret')).toBe('secret');
    expect([statSync(file).mode & 0o777, await readSecret(file), readdirSync(join(folder, 'new'))]).toEqual([
      0o600,
      'secret',
      ['key'],
    ]);
  });

  it('is one for all who make it at the same moment', async () => {
    const file = join(folder, 'race');
    const kept = await Promise.all(Array.from({ length: 8 }, (_, who) => keepSecret(file, `secret ${who}`)));
    expect(new Set(kept)).toEqual(new Set([await readSecret(file)]));
  });

  it('is nothing where there is no file', async () => expect(await readSecret(join(folder, 'none'))).toBeUndefined());
});
