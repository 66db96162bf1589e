/**
 * Limits of the error of a task, as the schema's texts say. A module of its own, which reads no files: the executor's
 * threads load it at their start.
 */

/** Form of an error's code. What an error thrown by a handler has as its code is kept when it has this form. */
export const errorCodePattern = /^[A-Za-z0-9_.-]{1,64}$/;

/** Lengths in UTF-16 code units: a text within them is within JSON Schema's maxLength, too, which counts code points. */
export const errorLimits = {
  messageLength: 2_000,
  causes: 5,
  causeNameLength: 64,
  causeMessageLength: 500,
} as const;
