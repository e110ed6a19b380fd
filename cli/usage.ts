/** The command line is wrong: exit code 2, and the message says what to type instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Exit codes: 0 done, 1 the run failed, 2 the input was wrong. */
export const EXIT = { done: 0, runFailed: 1, wrongInput: 2 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Errors of what was asked for, which no second try can mend; every one has a message that says what to do. */
export const INPUT_ERRORS: readonly string[] = [
  'UsageError',
  'InvalidInputError',
  'FeatureMismatchError',
  'UnknownPipelineError',
  'UnknownRunError',
  'RunExistsError',
  'InvalidPipelineError',
  'NoChampionError',
  'UnknownWarehouseObjectError',
  'WarehousePrivilegeError',
  'WarehouseStatementError',
  'CloudInUseError',
  'PortInUseError',
  'StateDirError',
  'PythonNotFoundError',
  'InvalidSpaceError',
];
