export * from './cloud-events.ts';
export {
  ContractMissingError,
  createEventCodec,
  eventTopics,
  isEventTopic,
  RegistryUnreachableError,
  UndecodableError,
  type EventCodec,
  type EventCodecOptions,
  type EventOf,
} from './codec.ts';
export { decodeOrSkip, handleEvents, type EventContext, type EventHandler, type EventHandlers } from './handle.ts';
export { openTaskLog, type TaskLog } from './open-task-log.ts';
export { createEventPublisher, type EventMetadata, type EventPublisher, type EventRecord } from './publish.ts';
export { ContractError } from './contract/contract-error.ts';
export { contractReport } from './contract/contract-report.ts';
export { wantedTopic, type TopicSettings } from './contract/wanted-topic.ts';
export { applyContract, type ContractChange, type ContractOptions } from './contract/apply-contract.ts';
export { EncodeError } from './registry/event-type.ts';
export { RegistryError, type RegistryErrorCode } from './registry/registry-error.ts';
