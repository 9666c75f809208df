import { pathOf, PROJECTIONS } from '@deal-ledger/reports';
import { Operation } from '@deal-ledger/service';
import { Controller, Get } from '@nestjs/common';
import { z } from 'zod';

const ReportList = z.strictObject({
  reports: z.array(
    z.strictObject({
      name: z.string(),
      summary: z.string(),
      address: z.string().describe('Path at which it is read.'),
    }),
  ),
});

/** The reports of all projections, for where all of them are behind one address. */
@Controller('v1/reports')
export class ReportListController {
  @Get()
  @Operation({ summary: 'Every report there is, and where it is read', responses: { 200: ReportList } })
  list(): z.output<typeof ReportList> {
    const reports = PROJECTIONS.flatMap((projection) => projection.reports);
    return {
      reports: reports.map((report) => ({ name: report.name, summary: report.summary, address: pathOf(report) })),
    };
  }
}
