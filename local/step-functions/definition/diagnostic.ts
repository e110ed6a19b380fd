/** A fault of a definition, as ValidateStateMachineDefinition answers it. */
export interface Diagnostic {
  readonly severity: 'ERROR';
  /** Step Functions' own code: `SCHEMA_VALIDATION_FAILED`, `MISSING_TRANSITION_TARGET`, … */
  readonly code: string;
  readonly message: string;
  /** A JSON pointer: `/States/Train/Next`. */
  readonly location?: string;
}

/** One rule; it can rely on the shape that `schema.ts` checked. */
export type Rule = (definition: import('./asl.ts').StateMachineDefinition) => Iterable<Diagnostic>;

export const fault = (code: string, location: string, message: string): Diagnostic => ({
  severity: 'ERROR',
  code,
  message,
  location,
});

export const schemaFault = (location: string, message: string): Diagnostic =>
  fault('SCHEMA_VALIDATION_FAILED', location, message);
