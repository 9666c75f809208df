import { CannotStart, lastWords } from './process';

describe('a process that cannot go on', () => {
  it('says a plain reason in one line', () => {
    expect(lastWords('deals', new CannotStart('port 3000 is taken'))).toBe('deals cannot go on: port 3000 is taken\n');
  });

  it('says of anything unexpected where it came from', () => {
    const words = lastWords('deals', new TypeError('x is not a function'));
    expect(words).toMatch(/^deals cannot go on: x is not a function\n.*process\.spec\.ts/s);
  });
});
