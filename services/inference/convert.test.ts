import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { VigilError } from '../../src/errors.ts';
import type { BundleManifest } from '../../src/registry/manifest.ts';
import { ModelInferRequestSchema } from '../gen/inference/grpc_service_pb.ts';
import { toInference, toInferResponse } from './convert.ts';

type Request = MessageInitShape<typeof ModelInferRequestSchema>;

const model = {
  channels: 2,
  steps: 3,
  channelNames: ['gaze', 'pulse'],
  classNames: ['alert', 'müde', 'asleep'],
} as unknown as BundleManifest;
const VALUES = [1, 2, 3, 4, 5, 6];

const input = { name: 'samples', datatype: 'FP32', shape: [1n, 2n, 3n] };
/** A good request, changed: one row of six values in raw bytes. */
const requestOf = (changes: Request = {}, inputChanges: object = {}) =>
  create(ModelInferRequestSchema, {
    inputs: [{ ...input, ...inputChanges }],
    rawInputContents: [new Uint8Array(Float32Array.from(VALUES).buffer)],
    ...changes,
  });
const answersOf = (request: Request, probabilities: number[]) => {
  const { rows, outputs } = toInference(requestOf(request), model, 64);
  const answers = {
    rows: probabilities.length / 3,
    classNames: model.classNames,
    probabilities: Float32Array.from(probabilities),
    logits: Float32Array.from(probabilities, Math.log),
  };
  expect(rows).toBe(1);
  return toInferResponse({ name: 'stable', version: '3', id: 'x' }, outputs, answers);
};

test('values are read in place where the bytes are aligned, and alike where they are not', () => {
  const raw = new Uint8Array(Float32Array.from([...VALUES, 0]).buffer);
  for (const offset of [0, 1, 2, 3, 4]) {
    const bytes = new Uint8Array(32).subarray(offset, offset + 24);
    bytes.set(raw.subarray(0, 24));
    const { rows, values } = toInference(requestOf({ rawInputContents: [bytes] }), model, 64);
    expect([rows, ...values]).toEqual([1, ...VALUES]);
    expect(values.buffer === bytes.buffer).toBe(offset % 4 === 0);
  }
});

test('typed contents are the same values', () => {
  const request = requestOf({ rawInputContents: [] }, { contents: { fp32Contents: VALUES } });
  expect([...toInference(request, model, 64).values]).toEqual(VALUES);
});

test('every output has its datatype, shape and bytes', () => {
  const outputs = [{ name: 'top_class_name' }, { name: 'top_class' }, { name: 'probabilities' }];
  const reply = answersOf({ outputs }, [0.25, 0.5, 0.25, 0.5, 0.25, 0.25]);
  expect(reply).toMatchObject({ modelName: 'stable', modelVersion: '3', id: 'x' });
  expect(reply.outputs).toEqual([
    { name: 'top_class_name', datatype: 'BYTES', shape: [2n, 1n] },
    { name: 'top_class', datatype: 'INT64', shape: [2n, 1n] },
    { name: 'probabilities', datatype: 'FP32', shape: [2n, 3n] },
  ]);
  const [names, indices, probabilities] = reply.rawOutputContents!.map((bytes) => Buffer.from(bytes));
  expect(names).toEqual(Buffer.from('\x05\0\0\0müde\x05\0\0\0alert'));
  expect([indices!.readBigInt64LE(0), indices!.readBigInt64LE(8), indices!.length]).toEqual([1n, 0n, 16]);
  expect(probabilities!.readFloatLE(4)).toBe(0.5);
});

test('classification gives the most probable classes, the first of equal ones first', () => {
  const parameterChoice = { case: 'int64Param', value: 2n } as const;
  const outputs = [{ name: 'probabilities', parameters: { classification: { parameterChoice } } }];
  const reply = answersOf({ outputs }, [0.25, 0.5, 0.25]);
  expect(reply.outputs).toEqual([{ name: 'probabilities', datatype: 'BYTES', shape: [1n, 2n] }]);
  const [first, second] = ['0.500000:1:müde', '0.250000:0:alert'].map((text) => Buffer.from(text));
  const parts = [
    Buffer.from([first!.length, 0, 0, 0]),
    first!,
    Buffer.from([second!.length, 0, 0, 0]),
    second!,
  ];
  expect(Buffer.from(reply.rawOutputContents![0]!)).toEqual(Buffer.concat(parts));
});

describe('refuses', () => {
  const withNaN = new Uint8Array(Float32Array.from([1, 2, 3, 4, Number.NaN, 6]).buffer);
  const parameter = { parameterChoice: { case: 'int64Param', value: 9n } } as const;
  const text = { parameterChoice: { case: 'stringParam', value: 'here' } } as const;
  const output = (name: string, parameters = {}): Request => ({ outputs: [{ name, parameters }] });
  const cases: [string, Request, object, string, RegExp][] = [
    ['no input', { inputs: [] }, {}, 'inputs', /found none; allowed: one tensor, "samples"/],
    ['another input', {}, { name: 'x' }, 'inputs[0].name', /found "x"; allowed: "samples"/],
    ['two inputs', { inputs: [input, input] }, {}, 'inputs[1].name', /a second time/],
    ['FP64', {}, { datatype: 'FP64' }, 'inputs[0].datatype', /found "FP64"; allowed: "FP32"/],
    ['rank 2', {}, { shape: [2n, 3n] }, 'inputs[0].shape', /found \[2, 3\]; allowed: \[rows, 2, 3\]/],
    ['no rows', {}, { shape: [0n, 2n, 3n] }, 'inputs[0].shape', /rows of at least 1/],
    ['other steps', {}, { shape: [1n, 2n, 4n] }, 'inputs[0].shape', /found \[1, 2, 4\]/],
    ['more rows than bytes', {}, { shape: [2n, 2n, 3n] }, 'raw_input_contents[0]', /24 bytes; allowed: 48/],
    ['both forms', {}, { contents: {} }, 'inputs[0].contents', /beside raw_input_contents/],
    [
      'more bytes than inputs',
      { rawInputContents: [withNaN, withNaN] },
      {},
      'raw_input_contents',
      /found 2 elements/,
    ],
    ['neither form', { rawInputContents: [] }, {}, 'inputs[0].contents', /found none/],
    [
      'contents of another type',
      { rawInputContents: [] },
      { contents: { intContents: [1] } },
      'inputs[0].contents.int_contents',
      /FP32 is in fp32_contents/,
    ],
    [
      'too few values',
      { rawInputContents: [] },
      { contents: { fp32Contents: [1] } },
      'inputs[0].contents.fp32_contents',
      /found 1 values; allowed: 6/,
    ],
    [
      'NaN',
      { rawInputContents: [withNaN] },
      {},
      'raw_input_contents[0]',
      /NaN at row 0, channel 1 \(pulse\), step 1/,
    ],
    [
      'typed infinity',
      { rawInputContents: [] },
      { contents: { fp32Contents: [1, 2, 3, 4, 5, Number.POSITIVE_INFINITY] } },
      'inputs[0].contents.fp32_contents',
      /Infinity at row 0/,
    ],
    [
      'shared memory',
      {},
      { parameters: { shared_memory_region: text } },
      'inputs[0].parameters["shared_memory_region"]',
      /not offered/,
    ],
    [
      'an unknown output',
      output('logit'),
      {},
      'outputs[0].name',
      /"logit"; allowed: "probabilities", "logits", "top_class", "top_class_name"/,
    ],
    ["a name of every object's", output('toString'), {}, 'outputs[0].name', /found "toString"/],
    [
      'an output twice',
      { outputs: [{ name: 'top_class' }, { name: 'top_class' }] },
      {},
      'outputs[1].name',
      /a second time/,
    ],
    [
      'more classes than there are',
      output('probabilities', { classification: parameter }),
      {},
      'outputs[0].parameters["classification"]',
      /found 9; allowed: a whole number, 1 to 3/,
    ],
    [
      'classification that is no number',
      output('probabilities', { classification: text }),
      {},
      'outputs[0].parameters["classification"]',
      /found "here"/,
    ],
    [
      'classification of another output',
      output('top_class', { classification: parameter }),
      {},
      'outputs[0].parameters["classification"]',
      /none but for "probabilities"/,
    ],
  ];
  test.each(cases)('%s', (_, changes, inputChanges, field, message) => {
    const convert = (): unknown => toInference(requestOf(changes, inputChanges), model, 64);
    expect(convert).toThrow(VigilError);
    expect(convert).toThrow(message);
    expect(convert).toThrow(expect.objectContaining({ fields: [expect.objectContaining({ field })] }));
  });
});
