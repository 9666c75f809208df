export { contentHash } from './content-hash';
export { decide, latestDateOnEarth, type Decision, type PostRequest, type ProposedEvent } from './decision';
export type { RecorderLimits, RecorderOptions, RecorderPorts } from './options';
export * from './recorder';
export * from './recorder.module';
export type { Answer, PostResult, Reading, Unavailable } from './results';
export { Sequence } from './sequence';
export { serveRecorder, type RecordingService } from './serve';
