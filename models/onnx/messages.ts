import protobuf from 'protobufjs';

/** The part of ONNX's message definitions (onnx.proto, IR version 8) that an exported LSTM step needs. */
const definitions = {
  nested: {
    OperatorSet: { fields: { domain: { id: 1, type: 'string' }, version: { id: 2, type: 'int64' } } },
    Tensor: {
      fields: {
        dims: { id: 1, type: 'int64', rule: 'repeated' },
        dataType: { id: 2, type: 'int32' },
        name: { id: 8, type: 'string' },
        rawData: { id: 9, type: 'bytes' },
      },
    },
    Attribute: {
      fields: {
        name: { id: 1, type: 'string' },
        f: { id: 2, type: 'float' },
        i: { id: 3, type: 'int64' },
        ints: { id: 8, type: 'int64', rule: 'repeated' },
        type: { id: 20, type: 'int32' },
      },
    },
    Node: {
      fields: {
        input: { id: 1, type: 'string', rule: 'repeated' },
        output: { id: 2, type: 'string', rule: 'repeated' },
        name: { id: 3, type: 'string' },
        opType: { id: 4, type: 'string' },
        attribute: { id: 5, type: 'Attribute', rule: 'repeated' },
      },
    },
    Dimension: { fields: { value: { id: 1, type: 'int64' }, param: { id: 2, type: 'string' } } },
    Shape: { fields: { dim: { id: 1, type: 'Dimension', rule: 'repeated' } } },
    TensorType: { fields: { elemType: { id: 1, type: 'int32' }, shape: { id: 2, type: 'Shape' } } },
    Type: { fields: { tensorType: { id: 1, type: 'TensorType' } } },
    ValueInfo: { fields: { name: { id: 1, type: 'string' }, type: { id: 2, type: 'Type' } } },
    Graph: {
      fields: {
        node: { id: 1, type: 'Node', rule: 'repeated' },
        name: { id: 2, type: 'string' },
        initializer: { id: 5, type: 'Tensor', rule: 'repeated' },
        input: { id: 11, type: 'ValueInfo', rule: 'repeated' },
        output: { id: 12, type: 'ValueInfo', rule: 'repeated' },
      },
    },
    Model: {
      fields: {
        irVersion: { id: 1, type: 'int64' },
        producerName: { id: 2, type: 'string' },
        producerVersion: { id: 3, type: 'string' },
        graph: { id: 7, type: 'Graph' },
        opsetImport: { id: 8, type: 'OperatorSet', rule: 'repeated' },
      },
    },
  },
};

const modelType = protobuf.Root.fromJSON(definitions).lookupType('Model');

/** A weight as it stands in the graph: float32 or int64, row-major. */
export interface Initializer {
  readonly name: string;
  readonly dims: readonly number[];
  readonly values: Float32Array | BigInt64Array;
}

/** An operation: an integer attribute becomes INT, a float pair FLOAT, a list INTS. */
export interface GraphNode {
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
}

/** A graph over float32 tensors with the given operator set. */
export interface GraphDefinition {
  readonly name: string;
  readonly opset: number;
  readonly nodes: readonly GraphNode[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly { name: string; shape: readonly (number | string)[] }[];
  readonly outputs: readonly { name: string; shape: readonly (number | string)[] }[];
}

const irVersion = 8;
const float32 = 1;
const int64 = 7;
const attributeInt = 2;
const attributeInts = 7;

const attribute = ([name, value]: [string, number | readonly number[]]) =>
  typeof value === 'number' ? { name, i: value, type: attributeInt } : { name, ints: value, type: attributeInts };

const valueInfo = ({ name, shape }: { name: string; shape: readonly (number | string)[] }) => ({
  name,
  type: {
    tensorType: {
      elemType: float32,
      shape: { dim: shape.map((size) => (typeof size === 'number' ? { value: size } : { param: size })) },
    },
  },
});

/**
 * Serialise a graph as an ONNX model file.
 *
 * @returns the bytes of a `ModelProto`
 */
export const encodeModel = (graph: GraphDefinition): Uint8Array =>
  modelType
    .encode(
      modelType.fromObject({
        irVersion,
        producerName: 'ebbtide',
        opsetImport: [{ domain: '', version: graph.opset }],
        graph: {
          name: graph.name,
          node: graph.nodes.map(({ opType, inputs, outputs, attributes }, i) => ({
            name: `${opType}_${i}`,
            opType,
            input: inputs,
            output: outputs,
            attribute: Object.entries(attributes ?? {}).map(attribute),
          })),
          initializer: graph.initializers.map(({ name, dims, values }) => ({
            name,
            dims,
            dataType: values instanceof Float32Array ? float32 : int64,
            rawData: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
          })),
          input: graph.inputs.map(valueInfo),
          output: graph.outputs.map(valueInfo),
        },
      }),
    )
    .finish();

/** What is looked at in a model before it is run: its operator sets, its size, its float weights. */
export interface DecodedModel {
  readonly opsets: readonly { domain: string; version: number }[];
  readonly nodes: number;
  readonly initializers: readonly { name: string; values: Float32Array }[];
}

interface PlainModel {
  opsetImport?: { domain?: string; version?: number }[];
  graph?: { node?: unknown[]; initializer?: { name?: string; dataType?: number; rawData?: Uint8Array }[] };
}

/**
 * Read an ONNX model's outline.
 *
 * @throws Error when the bytes are no protocol buffer of that form
 */
export const decodeModel = (bytes: Uint8Array): DecodedModel => {
  const plain = modelType.toObject(modelType.decode(bytes), { longs: Number, defaults: true }) as PlainModel;
  return {
    opsets: (plain.opsetImport ?? []).map(({ domain = '', version = 0 }) => ({ domain, version })),
    nodes: plain.graph?.node?.length ?? 0,
    initializers: (plain.graph?.initializer ?? [])
      .filter(({ dataType }) => dataType === float32)
      .map(({ name = '', rawData = new Uint8Array() }) => ({
        name,
        values: new Float32Array(Uint8Array.from(rawData).buffer, 0, rawData.byteLength >> 2),
      })),
  };
};
