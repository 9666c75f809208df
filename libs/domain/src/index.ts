export type { Action, Attribution, Confidence, Fact, LedgerEvent, Person, SourceReference } from './event';
export {
  idOf,
  kindNameOf,
  WHICH_STREAM,
  type DecisionContext,
  type EventClass,
  type EventOf,
  type EventType,
  type EventTypes,
  type KeyClaim,
  type StreamKind,
} from './kind';
export { refusal, REFUSALS, statusOf, type Refusal, type RefusalCode, type RefusalDetails } from './refusal';
export { COMMON_REFUSALS } from './common-refusals';
export { VOCABULARY, type ValueType } from './vocabulary';
export { parseEvent, postedSchema, type Parsed, type PostedEvent } from './posted';
export { catalogue } from './catalogue';
export { current, fold, kindOf, knows, refuse } from './rules';
export { correct, type Corrected, type Correcting } from './correction';
export { History, inForce, type Place } from './history';

export * from './breadth';
export * from './calendar';
export * from './claim';
export * from './currency';
export * from './decimal';
export * as keyed from './keyed';
export type { Keyed } from './keyed';
export { shown } from './shown';
export * from './schedule';
export * from './unit';

export * from './deal';
export * from './engagement';
export * from './forecast';
export * from './funding';
export * from './party';
export * from './pool';
export * from './reference';
export * from './report-run';
export * from './reservation';
export * from './site';
export * from './source';

export {
  cancellation,
  CONTROLLER,
  correction,
  given,
  Outcome,
  poster,
  Scenario,
  type Draft,
  type Envelope,
} from './testing';
