/** Deployed models, as callers see them. */
export interface ModelServer {
  /**
   * The model's answer to headerless CSV lines, as CSV.
   * Throws EndpointThrottledError when there is no capacity now, PayloadTooLargeError for too many lines,
   * PredictionFailedError with the container's message.
   */
  predict(endpointName: string, csv: string): Promise<string>;
  /** Throws like `predict` when the model isn't well. Absent where the service itself sees to it. */
  ping?(endpointName: string): Promise<void>;
}
