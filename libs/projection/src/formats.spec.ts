import { formatOf, takesGzip } from './formats';

describe('the format of an answer', () => {
  it.each([
    [undefined, 'json'],
    ['', 'json'],
    ['*/*', 'json'],
    ['text/html', 'json'],
    ['text/csv', 'csv'],
    ['text/*', 'csv'],
    ['application/*;q=0.5, text/csv;q=0.4', 'json'],
    ['application/json;q=0.5, text/csv', 'csv'],
    ['application/json;q=0.2, application/x-ndjson;q=0.9, */*;q=0.1', 'ndjson'],
    ['application/json;q=0, */*', 'csv'],
    ['TEXT/CSV; header=present; Q=0.7', 'csv'],
    ['text/csv;q=nonsense, application/json;q=0.1', 'json'],
  ])('of Accept: %s is %s', (accept, format) => expect(formatOf(undefined, accept)).toBe(format));

  it('is what the parameter says, whatever the header', () => expect(formatOf('ndjson', 'text/csv')).toBe('ndjson'));
});

describe('an answer is compressed', () => {
  it.each([
    [undefined, false],
    ['', false],
    ['gzip', true],
    ['br, gzip;q=0.1', true],
    ['*', true],
    ['gzip;q=0, *', false],
    ['identity', false],
  ])('for Accept-Encoding: %s: %s', (header, expected) => expect(takesGzip(header)).toBe(expected));
});
