import { Controller, Get } from '@nestjs/common';
import { z } from 'zod';
import { Operation } from './operation';
import { Problem } from './problem';
import { Readiness, type CheckResult } from './readiness';

const live = z.strictObject({ status: z.literal('live') }).meta({ id: 'Live' });

const ready = z
  .strictObject({
    status: z.literal('ready'),
    checks: z.array(
      z.strictObject({ name: z.string(), status: z.enum(['up', 'down']), detail: z.string().optional() }),
    ),
  })
  .meta({ id: 'Ready' });

@Controller('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  @Get('live')
  @Operation({ summary: 'Whether the process runs', responses: { 200: live } })
  live(): z.output<typeof live> {
    return { status: 'live' };
  }

  @Get('ready')
  @Operation({
    summary: 'Whether the process should be sent requests, check by check',
    responses: { 200: ready, problems: [503] },
  })
  async ready(): Promise<z.output<typeof ready>> {
    const checks = await this.readiness.results();
    if (checks.every(({ status }) => status === 'up')) return { status: 'ready', checks };
    throw notReady(checks);
  }
}

function notReady(checks: readonly CheckResult[]): Problem {
  const down = checks.filter(({ status }) => status === 'down');
  return new Problem({
    status: 503,
    code: 'NOT_READY',
    detail: `Not ready: ${down.map(({ name, detail }) => `${name} (${detail ?? 'down'})`).join(', ')}.`,
    members: { checks },
  });
}
