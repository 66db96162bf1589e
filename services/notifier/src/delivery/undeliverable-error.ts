import { DeadLetterError } from '@nask/kafka';

/** A webhook that its receiver does not get: no fault of the record's, nor of this service's. */
export class UndeliverableError extends DeadLetterError {}
