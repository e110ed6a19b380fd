/** Tells of runs that will do nothing any more, unless somebody redrives them. */
export interface RunEndings {
  /** False also for a run that nobody knows, and when there is no answer. */
  hasEnded(runId: string): Promise<boolean>;
}
