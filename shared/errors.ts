/**
 * Every error that a step can end with. The class's name is what Step Functions sees as `Error`, so `ErrorEquals` in the
 * state machines and the pages of docs/errors.md use the same words. Names are literals: minified classes lose theirs.
 */
export abstract class PipelineError extends Error {
  abstract override readonly name: string;
}

/** A step's event, or an execution's input, is not what the step takes. Not retried. */
export class InvalidInputError extends PipelineError {
  override readonly name = 'InvalidInputError';
}

/** No folder under `pipelines/` has that name; the message offers the nearest ones. Not retried. */
export class UnknownPipelineError extends PipelineError {
  override readonly name = 'UnknownPipelineError';
}

/** There is no run of that id. Not retried. */
export class UnknownRunError extends PipelineError {
  override readonly name = 'UnknownRunError';
}

/** A run of that name was started before, with another input or to its end. Not retried. */
export class RunExistsError extends PipelineError {
  override readonly name = 'RunExistsError';
}

/** `pipeline.yml` has mistakes; the message lists all of them with their lines. Not retried. */
export class InvalidPipelineError extends PipelineError {
  override readonly name = 'InvalidPipelineError';
}

/** HANA refused or lost the connection, or rolled back for a passing reason. Retried by the state machine. */
export class WarehouseUnavailableError extends PipelineError {
  override readonly name = 'WarehouseUnavailableError';
}

/** HANA has no room for the statement now (616, 1038, 1034, 4). Retried by the state machine, more slowly. */
export class WarehouseOverloadedError extends PipelineError {
  override readonly name = 'WarehouseOverloadedError';
}

/** HANA doesn't accept the user (10, 414, 415, 416, 663). Not retried: more tries would lock the user. */
export class WarehouseLoginError extends PipelineError {
  override readonly name = 'WarehouseLoginError';
}

/** The user lacks a privilege (258); the message names the grant. Not retried. */
export class WarehousePrivilegeError extends PipelineError {
  override readonly name = 'WarehousePrivilegeError';
}

/** A view, table, schema or column that the pipeline names doesn't exist (259, 260, 321, 362). Not retried. */
export class UnknownWarehouseObjectError extends PipelineError {
  override readonly name = 'UnknownWarehouseObjectError';
}

/** HANA refused a statement for another reason; the message carries its code and text. Not retried. */
export class WarehouseStatementError extends PipelineError {
  override readonly name = 'WarehouseStatementError';
}

/** The view has no rows, or a split leaves training or test without any. Stops the run before money is spent. */
export class EmptyDatasetError extends PipelineError {
  override readonly name = 'EmptyDatasetError';
}

/** The view has far fewer rows than the last dataset (`maxShrink`). Stops the run before money is spent. */
export class DatasetShrunkError extends PipelineError {
  override readonly name = 'DatasetShrunkError';
}

/** A value can't be staged in the chosen form, such as a line break for a batch transform. Not retried. */
export class UnstageableValueError extends PipelineError {
  override readonly name = 'UnstageableValueError';
}

/** What was staged, read or written is not what was planned: counts or checksums differ. Not retried. */
export class DatasetMismatchError extends PipelineError {
  override readonly name = 'DatasetMismatchError';
}

/** Rows to predict don't have the features that the model was trained with; the message has the difference. Not retried. */
export class FeatureMismatchError extends PipelineError {
  override readonly name = 'FeatureMismatchError';
}

/** An object that an earlier step wrote is gone or was changed by somebody else. Not retried. */
export class ObjectMissingError extends PipelineError {
  override readonly name = 'ObjectMissingError';
}

/** S3 doesn't let the function read an object, of a bucket that isn't this project's for instance. Not retried. */
export class ObjectForbiddenError extends PipelineError {
  override readonly name = 'ObjectForbiddenError';
}

/** The bytes of an object broke off or stopped coming. Retried by the state machine. */
export class ObjectReadError extends PipelineError {
  override readonly name = 'ObjectReadError';
}

/** A conditional write found another version of the object. Retried by the state machine. */
export class ObjectChangedError extends PipelineError {
  override readonly name = 'ObjectChangedError';
}

/** The training job failed; the message ends with the script's own last words. Not retried. */
export class TrainingFailedError extends PipelineError {
  override readonly name = 'TrainingFailedError';
}

/** The training job was stopped by a person or a time limit. Not retried. */
export class TrainingStoppedError extends PipelineError {
  override readonly name = 'TrainingStoppedError';
}

/** The training script ended well and left no model in SM_MODEL_DIR. Not retried. */
export class ModelMissingError extends PipelineError {
  override readonly name = 'ModelMissingError';
}

/** A model's archive isn't the one that was evaluated: somebody overwrote or deleted it. Not retried. */
export class ModelChangedError extends PipelineError {
  override readonly name = 'ModelChangedError';
}

/** The model's metrics are below the gate of `pipeline.yml`. Nothing is deployed; the old endpoint keeps serving. */
export class GateNotPassedError extends PipelineError {
  override readonly name = 'GateNotPassedError';
}

/** A person rejected the model, or deleted its model package. Nothing is deployed; the old endpoint keeps serving. */
export class ModelRejectedError extends PipelineError {
  override readonly name = 'ModelRejectedError';
}

/** SageMaker has no free instance or quota now. Retried by the state machine after minutes. */
export class CapacityUnavailableError extends PipelineError {
  override readonly name = 'CapacityUnavailableError';
}

/** SageMaker throttled a call or failed inside. Retried by the state machine. */
export class SageMakerUnavailableError extends PipelineError {
  override readonly name = 'SageMakerUnavailableError';
}

/** SageMaker refused a request for what it asks; the message carries its own. Not retried. */
export class SageMakerRefusedError extends PipelineError {
  override readonly name = 'SageMakerRefusedError';
}

/** The endpoint didn't reach InService with the new configuration. An older configuration keeps serving, if there was one. */
export class EndpointFailedError extends PipelineError {
  override readonly name = 'EndpointFailedError';
}

/** The endpoint is busy with another update. Retried by the state machine. */
export class EndpointBusyError extends PipelineError {
  override readonly name = 'EndpointBusyError';
}

/** The deployed model answered the smoke test with an error or with a wrong number of predictions. Not retried. */
export class SmokeTestFailedError extends PipelineError {
  override readonly name = 'SmokeTestFailedError';
}

/** The transform job failed or was stopped. Not retried. */
export class TransformFailedError extends PipelineError {
  override readonly name = 'TransformFailedError';
}

/** The model answered a request for predictions with an error. Not retried: the same rows fail again. */
export class PredictionFailedError extends PipelineError {
  override readonly name = 'PredictionFailedError';
}

/** A model takes no payload of that size (413). Asked again with fewer rows at a time. */
export class PayloadTooLargeError extends PipelineError {
  override readonly name = 'PayloadTooLargeError';
}

/** A model gave no answer in the time that its server allows, 60 seconds. Asked again with fewer rows at a time. */
export class ModelTimeoutError extends PipelineError {
  override readonly name = 'ModelTimeoutError';
}

/** A model is too slow to answer a part's rows in one try; what it answered is kept. Tried again, from there, by the state machine. */
export class PartUnfinishedError extends PipelineError {
  override readonly name = 'PartUnfinishedError';
}

/** The endpoint has no capacity for a request now (429, 503). Retried by the state machine. */
export class EndpointThrottledError extends PipelineError {
  override readonly name = 'EndpointThrottledError';
}

/** The event bus refused an event. Retried by the state machine. */
export class EventBusUnavailableError extends PipelineError {
  override readonly name = 'EventBusUnavailableError';
}

/** There is no model to score with: nothing was registered for the pipeline yet. Not retried. */
export class NoChampionError extends PipelineError {
  override readonly name = 'NoChampionError';
}

/** Predictions don't fit the target table: a column is missing, narrower, or the key isn't its primary key. Not retried. */
export class TargetTableError extends PipelineError {
  override readonly name = 'TargetTableError';
}

/** Another run is writing to the target table; the message names it. Retried by the state machine, more slowly. */
export class TargetTableBusyError extends PipelineError {
  override readonly name = 'TargetTableBusyError';
}

/** Another run has taken the target table over since this write was planned. Not retried: a new plan is needed. */
export class LeaseLostError extends PipelineError {
  override readonly name = 'LeaseLostError';
}

/** A row with the same primary key is in the table already (301). Not retried. */
export class DuplicateKeyError extends PipelineError {
  override readonly name = 'DuplicateKeyError';
}

/** A prediction, or its key, doesn't fit the type of its column; the message names part, line and column. Not retried. */
export class UnwritableValueError extends PipelineError {
  override readonly name = 'UnwritableValueError';
}

/** An object isn't CSV; the message names the line. Not retried. */
export class MalformedCsvError extends PipelineError {
  override readonly name = 'MalformedCsvError';
}

/** A model or source archive holds what must not be unpacked: a path out of its folder, a link, a device, a bomb. Not retried. */
export class UnsafeArchiveError extends PipelineError {
  override readonly name = 'UnsafeArchiveError';
}

/** A registry can't be reached, is busy (429) or failed inside (5xx). Retried by the state machine. */
export class RegistryUnavailableError extends PipelineError {
  override readonly name = 'RegistryUnavailableError';
}

/** A registry refused a request for what it asks: no such repository or image, no permission. Not retried. */
export class RegistryRefusedError extends PipelineError {
  override readonly name = 'RegistryRefusedError';
}

/** Bytes of an image don't have the digest or the size that they are called by. Nothing of them is used. Not retried. */
export class ImageMismatchError extends PipelineError {
  override readonly name = 'ImageMismatchError';
}

/** A base image can't take a model layer: another platform, an old format, layers outside the registry. Not retried. */
export class UnsupportedImageError extends PipelineError {
  override readonly name = 'UnsupportedImageError';
}

/** The kubeconfig is not one that a service may use; the message lists every reason and the way out. Not retried. */
export class InvalidKubeconfigError extends PipelineError {
  override readonly name = 'InvalidKubeconfigError';
}

/** A URL leads to a private, loopback or link-local address that isn't on the allow-list. Not retried. */
export class ForbiddenAddressError extends PipelineError {
  override readonly name = 'ForbiddenAddressError';
}

/** The cluster's API, or the issuer of tokens, gives no answer, or none now. Retried by the state machine. */
export class ClusterUnavailableError extends PipelineError {
  override readonly name = 'ClusterUnavailableError';
}

/** The cluster doesn't accept the credentials (401) or misses a right (403); the message names it. Not retried. */
export class ClusterAccessError extends PipelineError {
  override readonly name = 'ClusterAccessError';
}

/** The cluster refused an object: a schema, a quota or an admission rule; the message has the causes. Not retried. */
export class ClusterRefusedError extends PipelineError {
  override readonly name = 'ClusterRefusedError';
}

/** The new pods didn't become ready, or the host wasn't exposed; the message ends with the pod's last event and log. */
export class RolloutFailedError extends PipelineError {
  override readonly name = 'RolloutFailedError';
}
