export { ReportListController } from './report-list.controller';
export { combinedPreviewController, withinProcess, type Asking } from './combined-preview';
export { ProjectionModule, type ProjectionOptions } from './projection.module';
export { serveProjection, type Sources } from './serve';
export { keptBytesOf, PROJECTION_SETTINGS } from './settings';
export { isTransient } from './runner';
export { inSchema } from './schema';
export { Progress } from './waiting';
