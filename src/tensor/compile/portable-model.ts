/** Programs as ONNX files for other people's runtimes. */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { Arrays, Program } from '../engine.ts';
import { compileProgram, DEFAULT_OPTIONS } from './compile.ts';
import { BATCHES, joinBatches } from './dynamic-batch.ts';
import { foldInitializers } from './fold-initializers.ts';
import {
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  StringStringEntryProtoSchema,
} from './gen/onnx/onnx_pb.ts';

/** Of onnxruntime 1.17 and newer, early 2024. */
const IR_VERSION = 9n;

/**
 * One self-contained ONNX model of the standard's own operators, with the state's values in it, that takes any batch.
 * `programOf` gives the program for a number of rows; its inputs and outputs keep their names, and their first dimension
 * is the rows. Errors: KERNEL_UNSUPPORTED when it computes something that is tied to one batch.
 */
export async function portableModel(
  name: string,
  programOf: (rows: number) => Program,
  values: Arrays,
  metadata: Readonly<Record<string, string>>,
): Promise<Uint8Array> {
  const lowered = await Promise.all(BATCHES.map((rows) => lower(programOf(rows), values)));
  const [first, second] = lowered as [ModelProto, ModelProto];
  const model = joinBatches(first, second);
  const graph = model.graph!;
  graph.name = name;
  foldInitializers(graph);
  unprefix(graph);
  model.irVersion = IR_VERSION;
  model.opsetImport = model.opsetImport.filter(({ domain }) => domain === '');
  const foreign = graph.node.find(({ domain }) => domain !== '');
  if (foreign) throw new Error(`${name} uses ${foreign.opType} of ${foreign.domain}`);
  model.metadataProps = Object.entries(metadata).map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value }),
  );
  return toBinary(ModelProtoSchema, model);
}

async function lower(program: Program, values: Arrays): Promise<ModelProto> {
  const options = { ...DEFAULT_OPTIONS, portable: true } as const;
  // Both must be of one name to be of one program.
  const named = { ...program, name: 'model', frozen: true };
  return fromBinary(ModelProtoSchema, (await compileProgram(named, options, values)).graph.model);
}

/** "in:samples" and "out:logits" as the program calls them. */
function unprefix(graph: GraphProto): void {
  const ports = [...graph.input, ...graph.output];
  const names = new Map(ports.map(({ name }) => [name, name.replace(/^(in|out):/, '')] as const));
  const renamed = (name: string): string => names.get(name) ?? name;
  for (const port of ports) port.name = renamed(port.name);
  for (const node of graph.node) {
    node.input = node.input.map(renamed);
    node.output = node.output.map(renamed);
  }
}
