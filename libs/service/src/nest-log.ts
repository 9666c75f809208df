import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';

/** What Nest itself says while it starts is of interest only to who looks for a fault in the wiring. */
const WIRING = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']);

/** Nest's log, written by pino. `new Logger('Recorder')` of `@nestjs/common` ends up here. */
export class NestLog implements LoggerService {
  constructor(private readonly pino: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    const context = contextOf(rest);
    this.write(WIRING.has(context ?? '') ? 'debug' : 'info', message, context);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, contextOf(rest), rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    // Whoever starts the service is told of a taken port in words.
    const level = /\blisten EADDRINUSE\b/.test(String(message)) ? 'debug' : 'error';
    this.write(level, message, contextOf(rest), rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, contextOf(rest), rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, contextOf(rest), rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, contextOf(rest), rest);
  }

  private write(
    level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace',
    message: unknown,
    context: string | undefined,
    rest: readonly unknown[] = [],
  ): void {
    const err = [message, ...rest].find((part) => part instanceof Error);
    // Nest passes stack and context as trailing strings: `error(message, stack, context)`.
    const [stack] = rest.filter((part) => typeof part === 'string' && part !== context);
    const fields = {
      ...(context === undefined ? {} : { context }),
      ...(err === undefined ? {} : { err }),
      ...(stack === undefined ? {} : { stack }),
    };
    if (message instanceof Error) this.pino[level](fields, message.message);
    else if (typeof message === 'object' && message !== null) this.pino[level]({ ...fields, ...message });
    else this.pino[level](fields, String(message));
  }
}

function contextOf(rest: readonly unknown[]): string | undefined {
  const last = rest.at(-1);
  return typeof last === 'string' && !last.includes('\n') ? last : undefined;
}
