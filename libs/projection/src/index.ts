export { combinedPreviewController } from './combined-preview';
export { ProjectionModule, type ProjectionOptions } from './projection.module';
export { serveProjection } from './serve';
