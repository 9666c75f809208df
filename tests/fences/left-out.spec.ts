import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../harness/root';

const specs = ['apps', 'libs', 'tests']
  .flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  )
  .filter((file) => file.endsWith('.ts') && !/[\\/](node_modules|dist)[\\/]/.test(file));

describe('the tests', () => {
  it('are all run: none is skipped, put off or favoured', () => {
    const marked =
      /\b(?:describe|it|test)(?:\.each)?\.(?:skip|only|todo|failing)\b|\b(?:x|f)(?:describe|it)\(|\bxtest\(/;
    expect(specs.length).toBeGreaterThan(100);
    expect(specs.filter((file) => marked.test(readFileSync(join(ROOT, file), 'utf8')))).toEqual([]);
  });
});
