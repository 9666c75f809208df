import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { fingerprinted } from './report-runs';

async function* texts(...all: string[]): AsyncGenerator<string> {
  yield* all;
}

describe('the fingerprint of a report', () => {
  it('is of its bytes, however they come, and they come back', async () => {
    const { sha256, zipped } = await fingerprinted(texts('a,b\r\n', 'Dürr,契約\r\n'), 100);
    const bytes = gunzipSync(zipped);
    expect(bytes.toString()).toBe('a,b\r\nDürr,契約\r\n');
    expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  it('is not taken of more bytes than are kept', async () => {
    await expect(fingerprinted(texts('äää'), 6)).resolves.toBeDefined();
    await expect(fingerprinted(texts('äää', '.'), 6)).rejects.toMatchObject({ status: 400, code: 'REPORT_TOO_LARGE' });
  });
});
