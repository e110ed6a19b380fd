/** Deployed models, as callers see them. */
export interface ModelServer {
  /**
   * The model's answer to headerless CSV lines, as CSV.
   * Throws EndpointThrottledError when there is no capacity now, PayloadTooLargeError for too many lines,
   * ModelTimeoutError when they take the model too long, PredictionFailedError with the container's message and the end of its log.
   */
  predict(endpointName: string, csv: string): Promise<string>;
  /** Throws like `predict` when the model isn't well. Absent where the service itself sees to it. */
  ping?(endpointName: string): Promise<void>;
  /** The end of what the model has logged since then; empty where there is nothing. */
  lastWords?(endpointName: string, since: Date): Promise<string>;
}
