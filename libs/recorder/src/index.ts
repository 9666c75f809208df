export {
  contentHash,
  decide,
  latestDateOnEarth,
  type Decision,
  type PostRequest,
  type ProposedEvent,
} from './decision';
export * from './recorder';
export * from './recorder.module';
export type { Answer, PostResult, Reading, Unavailable } from './results';
export { serveRecorder, type RecordingService } from './serve';
