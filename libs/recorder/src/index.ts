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
export { serveRecorder, type RecordingService } from './serve';
