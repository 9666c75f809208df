import { SharedQuestion, StoreTimeout, within } from './waiting';

describe('a shared question', () => {
  const asked = () => {
    const answers: ((answer: number) => void)[] = [];
    const question = new SharedQuestion(() => new Promise<number>((resolve) => answers.push(resolve)));
    return { answers, question };
  };

  it('gives whoever asks an answer that is not older than the question', async () => {
    const { answers, question } = asked();
    const first = question.ask();
    const later = [question.ask(), question.ask()];
    answers[0]?.(1);
    expect(await first).toBe(1);
    await new Promise(setImmediate);
    expect(answers).toHaveLength(2);
    answers[1]?.(2);
    expect(await Promise.all(later)).toEqual([2, 2]);
  });

  it('is asked again after a failure', async () => {
    let failing = true;
    const question = new SharedQuestion(() => (failing ? Promise.reject(new Error('away')) : Promise.resolve(3)));
    const first = question.ask();
    const second = question.ask();
    failing = false;
    await expect(first).rejects.toThrow('away');
    expect(await second).toBe(3);
  });
});

describe('a wait with an end', () => {
  it('gives what the work gives', async () => {
    expect(await within(1_000, 'it', Promise.resolve(1), () => undefined)).toBe(1);
  });

  it('gives up, and has the work abandoned', async () => {
    const abandon = jest.fn();
    await expect(within(1, 'it', new Promise(() => undefined), abandon)).rejects.toThrow(StoreTimeout);
    expect(abandon).toHaveBeenCalled();
  });
});
