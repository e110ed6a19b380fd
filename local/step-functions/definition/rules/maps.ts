import { isDistributed, type MapState, type StateMachineDefinition } from '../asl.ts';
import { type Diagnostic, schemaFault } from '../diagnostic.ts';
import { statesOf } from '../walk.ts';

/** What only a Distributed Map may have, and what this interpreter reads and writes. */
export function* maps(definition: StateMachineDefinition): Generator<Diagnostic> {
  const labels = new Map<string, string>();
  for (const { state, location } of statesOf(definition)) {
    if (state.Type !== 'Map') continue;
    if (!isDistributed(state)) yield* distributedFields(state, location);
    yield* reader(state, location);
    yield* batcherAndWriter(state, location);
    const { Label } = state;
    if (Label === undefined) continue;
    if (FORBIDDEN_IN_LABELS.test(Label))
      yield schemaFault(`${location}/Label`, `'${Label}' has a character that a label can't have`);
    const first = labels.get(Label);
    if (first) yield schemaFault(`${location}/Label`, `The label '${Label}' is used at ${first} already`);
    labels.set(Label, location);
  }
}

const FORBIDDEN_IN_LABELS = /[\s<>{}[\]?*"#%\\^|~`$&,;:/]/;

const DISTRIBUTED_FIELDS = [
  'ItemReader',
  'ItemBatcher',
  'ResultWriter',
  'ToleratedFailureCount',
  'ToleratedFailurePercentage',
  'Label',
] as const;

function* distributedFields(state: MapState, location: string): Generator<Diagnostic> {
  for (const field of DISTRIBUTED_FIELDS) {
    if (state[field] === undefined) continue;
    yield schemaFault(`${location}/${field}`, `${field} needs "ProcessorConfig": {"Mode": "DISTRIBUTED", …}`);
  }
}

const LIST_OBJECTS = 'arn:aws:states:::s3:listObjectsV2';
const GET_OBJECT = 'arn:aws:states:::s3:getObject';
const INPUT_TYPES = ['JSON', 'JSONL', 'CSV', 'MANIFEST'];

function* reader({ ItemReader, Items }: MapState, location: string): Generator<Diagnostic> {
  if (!ItemReader) return;
  const at = `${location}/ItemReader`;
  const { Resource, ReaderConfig: config = {} } = ItemReader;
  if (Items !== undefined)
    yield schemaFault(at, 'A Map state reads its items from ItemReader or from Items, not from both');
  if (Resource !== LIST_OBJECTS && Resource !== GET_OBJECT) {
    yield schemaFault(`${at}/Resource`, `ItemReader reads by ${LIST_OBJECTS} or ${GET_OBJECT}, not by ${Resource}`);
  }
  if ('Transformation' in config) {
    yield schemaFault(`${at}/ReaderConfig/Transformation`, 'Transformation is not supported on the laptop');
  }
  if (Resource !== GET_OBJECT) return;
  if (!INPUT_TYPES.includes(config.InputType ?? '')) {
    yield schemaFault(
      `${at}/ReaderConfig/InputType`,
      `InputType must be one of ${INPUT_TYPES.join(', ')} on the laptop, but is ${config.InputType ?? 'missing'}`,
    );
  }
  if (config.InputType === 'CSV') {
    const { CSVHeaderLocation, CSVHeaders } = config;
    if (CSVHeaderLocation === undefined) {
      yield schemaFault(`${at}/ReaderConfig`, 'CSV needs CSVHeaderLocation: FIRST_ROW or GIVEN');
    } else if ((CSVHeaderLocation === 'GIVEN') !== (CSVHeaders !== undefined)) {
      yield schemaFault(`${at}/ReaderConfig`, 'CSVHeaders belong to CSVHeaderLocation GIVEN, which needs them');
    }
  }
  if (config.ItemsPointer !== undefined && config.InputType !== 'JSON') {
    yield schemaFault(`${at}/ReaderConfig/ItemsPointer`, 'ItemsPointer needs InputType JSON');
  }
}

const PUT_OBJECT = 'arn:aws:states:::s3:putObject';

function* batcherAndWriter({ ItemBatcher, ResultWriter }: MapState, location: string): Generator<Diagnostic> {
  if (ItemBatcher && ItemBatcher.MaxItemsPerBatch === undefined && ItemBatcher.MaxInputBytesPerBatch === undefined) {
    yield schemaFault(`${location}/ItemBatcher`, 'ItemBatcher needs MaxItemsPerBatch or MaxInputBytesPerBatch');
  }
  if (!ResultWriter) return;
  const { Resource, Arguments, WriterConfig } = ResultWriter;
  const at = `${location}/ResultWriter`;
  if (Resource === undefined && WriterConfig === undefined) {
    yield schemaFault(at, `ResultWriter needs a Resource (${PUT_OBJECT}), a WriterConfig or both`);
  }
  if (Resource !== undefined && Resource !== PUT_OBJECT) {
    yield schemaFault(`${at}/Resource`, `ResultWriter writes by ${PUT_OBJECT}, not by ${Resource}`);
  }
  if ((Resource === undefined) !== (Arguments === undefined)) {
    yield schemaFault(at, 'Resource and Arguments of a ResultWriter go together');
  }
}
