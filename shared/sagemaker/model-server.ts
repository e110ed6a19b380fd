/** Deployed models, as callers see them. */
export interface ModelServer {
  /**
   * The model's answer to headerless CSV lines, as CSV.
   * Throws EndpointThrottledError when there is no capacity now, PredictionFailedError with the container's message.
   */
  predict(endpointName: string, csv: string): Promise<string>;
}
