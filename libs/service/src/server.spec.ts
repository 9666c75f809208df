import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { Controller, Get, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino } from 'pino';
import { z } from 'zod';
import { CannotStart, createService, Operation, Readiness, settingsOf, startService } from './index';
import { stopOnSignals, type SignalHost } from './shutdown';

let slowStarted = new EventEmitter();
let finishSlow = (): void => undefined;
const closed: string[] = [];

@Controller()
class Slow implements OnApplicationShutdown {
  @Get('slow')
  @Operation({ summary: 'Slow', responses: { 200: z.strictObject({ done: z.boolean() }) } })
  async slow(): Promise<{ done: boolean }> {
    const finished = new Promise<void>((resolve) => (finishSlow = resolve));
    slowStarted.emit('started');
    await finished;
    return { done: true };
  }

  onApplicationShutdown(): void {
    closed.push('database');
  }
}

@Module({ controllers: [Slow] })
class SlowModule {}

const options = {
  name: 'slow',
  module: SlowModule,
  settings: settingsOf({ LOG_LEVEL: 'silent', PORT: '0' }),
  openApi: { title: 'Slow', description: 'For tests.' },
};

beforeEach(() => {
  slowStarted = new EventEmitter();
  closed.length = 0;
});

describe('on SIGTERM', () => {
  it('finishes what is in flight, then closes what it needed, then exits 0', async () => {
    const app = await createService(options);
    await app.listen(0, '127.0.0.1');
    const signals = new EventEmitter();
    const exited = new Promise<number>((resolve) => signals.once('exited', resolve));
    const host: SignalHost = {
      once: (signal, listener) => signals.once(signal, listener),
      off: (signal, listener) => signals.off(signal, listener),
      exit: (code) => void signals.emit('exited', code),
    };
    const readiness = app.get(Readiness);
    stopOnSignals(app, readiness, pino({ level: 'silent' }), host);

    const started = once(slowStarted, 'started');
    const answer = fetch(`${await app.getUrl()}/slow`);
    await started;
    signals.emit('SIGTERM', 'SIGTERM');
    const [process] = await readiness.results();
    expect([process?.status, closed]).toEqual(['down', []]);

    finishSlow();
    expect(await (await answer).json()).toEqual({ done: true });
    expect(await exited).toBe(0);
    expect(closed).toEqual(['database']);
  });
});

describe('a listening service', () => {
  let app: NestFastifyApplication;
  beforeAll(async () => {
    app = await startService(options);
  });
  afterAll(() => app.close());

  const send = async (text: string): Promise<string> => {
    const socket = connect(Number(new URL(await app.getUrl()).port), '127.0.0.1');
    socket.end(text);
    const parts: Buffer[] = [];
    for await (const part of socket) parts.push(part as Buffer);
    return Buffer.concat(parts).toString();
  };

  it.each([
    ['what is not HTTP', 'hello\r\n\r\n', '400 Bad Request', 'MALFORMED_REQUEST'],
    [
      'headers of 100 KB',
      `GET / HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`,
      '431 ',
      'HEADERS_TOO_LARGE',
    ],
  ])('answers %s with a problem', async (_, text, status, code) => {
    const answer = await send(text);
    expect(answer).toContain(`HTTP/1.1 ${status}`);
    expect(answer).toContain('content-type: application/problem+json');
    expect(answer).toContain(`"code":"${code}"`);
  });

  it('says which port is taken, and the way to another', async () => {
    const { port } = new URL(await app.getUrl());
    const settings = settingsOf({ LOG_LEVEL: 'silent', PORT: port });
    await expect(startService({ ...options, settings })).rejects.toThrow(
      new CannotStart(
        `port ${port} of 127.0.0.1 is taken, perhaps by a ledger that runs already. Stop it, or set another, such as PORT=${Number(port) + 1}`,
      ),
    );
    expect(closed).toEqual(['database']);
  });
});
